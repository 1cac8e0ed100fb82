// Asks questions one after the other, and tells what came out.
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { LIMITS } from '../questions/contenders.js';
import { barTable, judge, MIN_ROUNDS } from '../report/bars.js';
import { machine } from '../report/machine.js';
import { publishResults } from '../report/results.js';
import { LEGEND, tables } from '../report/table.js';
import { ask } from './ask.js';
import { readOptions } from './options.js';

/** Runs a question if its file is what Node was started with. */
export async function alone(url, question) {
  if (process.argv[1] && url === pathToFileURL(process.argv[1]).href) await run([question], readOptions());
}

/** @param isWhole these are all questions that there are. */
export async function run(questions, options, isWhole = false) {
  const results = [];
  for (const question of questions) {
    const rounds = Math.min(options.rounds, question.maxRounds ?? Infinity);
    const { samples, failures, note } = question.isAbsent?.()
      ? { samples: {}, failures: [], note: question.isAbsent() }
      : await ask(question, { ...options, rounds });
    results.push({ question, samples, failures, note, bars: judge(question, samples) });
  }
  console.log(`${machine()}\n${LEGEND}\n`);
  for (const { question, samples, failures, note } of results) {
    console.log(`## ${question.title}\n`);
    for (const table of tables(question, samples)) console.log(`${table}\n`);
    for (const failure of failures) console.log(`failed: ${failure}\n`);
    if (note) console.log(`${note}\n`);
    if (failures.length > 0) process.exitCode = 1;
  }
  const bars = results.flatMap((result) => result.bars);
  if (bars.length > 0) {
    console.log(barTable(bars));
    if (options.rounds < MIN_ROUNDS)
      console.log(`\n${options.rounds} rounds: a bar is judged by ${MIN_ROUNDS} or more.`);
  }
  if (options.json) {
    const figures = results.map(({ question: { name, figures }, samples, bars }) => ({
      name,
      figures,
      samples,
      bars,
    }));
    writeFileSync(options.json, `${JSON.stringify({ machine: machine(), options, figures }, null, 2)}\n`);
  }
  if (options.svg) publishResults(results, { rounds: options.rounds, limits: LIMITS, isWhole });
}
