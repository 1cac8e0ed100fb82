// What a run leaves in benchmarks/results/: a picture for each question, and all tables.
import { mkdirSync, writeFileSync } from 'node:fs';
import { barTable, MIN_ROUNDS } from './bars.js';
import { draw } from './chart.js';
import { machine } from './machine.js';
import { LEGEND, tables } from './table.js';

const FOLDER = new URL('../results/', import.meta.url);

/**
 * @param results `[{ question, samples, bars, note }]`
 * @param options `rounds`, the most that a question had; `limits`, contenders that are no peers; `isWhole`: all
 *   questions were asked, so that the tables replace those of the last time.
 */
export function publishResults(results, { rounds, limits, isWhole }) {
  mkdirSync(FOLDER, { recursive: true });
  for (const { question, samples } of results) {
    const svg = draw(question, samples, { limits, footer: machine() });
    if (svg) writeFileSync(new URL(`${question.name}.svg`, FOLDER), svg);
  }
  if (isWhole) writeFileSync(new URL('README.md', FOLDER), text(results, rounds));
}

function text(results, rounds) {
  const bars = results.flatMap((result) => result.bars);
  const parts = [
    '# What `npm run bench -- --svg` measured',
    `${machine()}. ${rounds} rounds at most.`,
    LEGEND,
    '## Bars',
    rounds < MIN_ROUNDS ? `Fewer than ${MIN_ROUNDS} rounds: no verdict.` : '',
    barTable(bars),
  ];
  for (const { question, samples, note } of results) {
    parts.push(`## ${question.title}`, note ?? '');
    if (Object.keys(samples).length > 0) parts.push(`![${question.title}](${question.name}.svg)`);
    parts.push(...tables(question, samples));
  }
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`;
}
