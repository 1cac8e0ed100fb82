import { parseArgs } from 'node:util';

const HELP = `
  --quick        fewer and shorter rounds, and without what takes long: an idea, no verdict
  --rounds N     of each question
  --only a,b     only these contenders
  --json file    every sample, beside the tables
  --svg          draws the charts and writes the tables, to benchmarks/results/
`;

/** @returns `{ names, isQuick, rounds, scale, only, json, svg }`, of the command line. */
export function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      json: { type: 'string' },
      svg: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit();
  }
  return {
    names: positionals,
    isQuick: values.quick,
    rounds: Number(values.rounds ?? (values.quick ? 2 : 5)),
    scale: values.quick ? 0.1 : 1,
    only: values.only?.split(','),
    json: values.json,
    svg: values.svg,
  };
}
