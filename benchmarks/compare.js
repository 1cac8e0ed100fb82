// Is this branch faster or slower than another revision? `npm run bench:compare -- REV`
//
//   --rounds N     of each question and start, 5 if not given
//   --quick        fewer and shorter rounds
//   --json file    every sample
//
// The base runs twice beside the branch, as two contenders: how far it is from itself is the noise. All are started
// afresh a few times, as two starts of the same code differ more than two rounds do.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ask } from './harness/ask.js';
import { checkOut } from './harness/revision.js';
import { compareSamples, comparisonTable } from './report/comparison.js';
import { machine } from './report/machine.js';

const OURS = 'cluster-client';
const QUESTIONS = ['calls', 'fan-out', 'first-load', 'buffers'];
const STARTS = 3;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
});
if (positionals.length !== 1) throw new Error('npm run bench:compare -- REV');
const [revision] = positionals;
const rounds = Number(options.rounds ?? (options.quick ? 2 : 5));
const scale = options.quick ? 0.1 : 0.5;

const base = checkOut(revision);
const rows = [];
const samples = {};
try {
  for (const name of QUESTIONS) {
    const { question } = await import(`./questions/${name}.js`);
    const mine = {
      ...question,
      scenes: question.scenes.map((scene) => ({ ...scene, entrants: entrants() })),
    };
    const starts = [];
    for (let start = 0; start < STARTS; start += 1) {
      const asked = await ask(mine, { rounds, scale, isQuick: options.quick });
      if (asked.failures.length > 0) throw new Error(asked.failures.join('\n'));
      starts.push(asked.samples);
    }
    samples[name] = starts;
    rows.push(...compareSamples(mine, starts));
  }
} finally {
  base.remove();
}
console.log(`${machine()}\nBase is ${revision}. ${STARTS} starts with ${rounds} rounds each.\n`);
console.log(comparisonTable(rows));
if (options.json)
  writeFileSync(options.json, `${JSON.stringify({ machine: machine(), revision, samples }, null, 2)}\n`);

function entrants() {
  return [
    { name: 'base', contender: OURS, from: base.folder },
    { name: 'branch', contender: OURS },
    { name: 'base again', contender: OURS, from: base.folder },
  ];
}
