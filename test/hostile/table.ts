// Prints how a leader takes every input of the catalogue, one row each. Arguments: parts of the names of inputs; none: all.
import { randomUUID } from 'node:crypto';
import { temporaryFolder } from '../helpers/folder.js';
import type { Input } from './input.js';
import { inputs } from './inputs.js';
import { Stage } from './stage.js';
import { type Bounds, GROWTH, isAlive, isOnlySlow, judge, type Row, tryOut } from './trial.js';

/** ms in which each call of the healthy follower is answered. */
const SLOWEST = 50;

/** Of the columns; negative: from the right. */
const WIDTHS = [-3, 7, 62, 34, 5, -8, -6, -6, -6, -6, 9];

const wanted = process.argv.slice(2);
const chosen = inputs.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
const group = { group: randomUUID(), runtimeDir: temporaryFolder() };
const start = performance.now();
let stage = await Stage.open(group);
let bounds: Bounds = { slowest: SLOWEST, heap: (await stage.warmHeap()) + GROWTH };
const failed: string[] = [];
const slowest: number[] = [];
let executed = 0;

print('', '', '', '', '', 'slowest', 'heap, MB', '', 'RSS, MB', '', '');
print(
  '',
  'phase',
  'input',
  'the peer is told',
  'alive',
  'call, ms',
  'before',
  'after',
  'before',
  'after',
  'executed',
);
for (const [index, input] of chosen.entries()) await enter(index + 1, input);
await stage.close();

console.log(
  `\n${chosen.length} inputs, ${failed.length} of them failed; slowest call of the healthy follower ` +
    `${Math.max(...slowest).toFixed(0)} ms, half of the inputs below ${median(slowest).toFixed(0)} ms; ` +
    `${executed} undelegated executions; at most ${bounds.heap.toFixed(0)} MB of heap allowed; ` +
    `${((performance.now() - start) / 1_000).toFixed(0)} s`,
);
for (const line of failed) console.log(line);
process.exit(failed.length > 0 ? 1 : 0);

async function enter(number: number, input: Input): Promise<void> {
  let row = await tryOut(stage, input, bounds);
  const isAgain = isOnlySlow(row, bounds);
  if (isAgain) row = await tryOut(stage, input, bounds);
  const reasons = judge(row, bounds);
  show(number, row, isAgain, reasons.length === 0);
  slowest.push(row.slowest);
  executed += row.executed.length;
  if (reasons.length > 0) failed.push(`${number} ${input.name}: ${reasons.join('; ')}`);
  if (isAlive(row)) return;
  await stage.close();
  stage = await Stage.open(group);
  bounds = { slowest: SLOWEST, heap: (await stage.warmHeap()) + GROWTH };
}

function show(number: number, row: Row, isAgain: boolean, isRight: boolean): void {
  const { input, told, before, after } = row;
  print(
    String(number),
    input.phase,
    input.name,
    told,
    isAlive(row) ? 'yes' : 'NO',
    row.slowest.toFixed(0),
    before.heap.toFixed(1),
    after?.heap.toFixed(1) ?? '',
    before.rss.toFixed(0),
    after?.rss.toFixed(0) ?? '',
    String(row.executed.length),
    [isAgain && '(2nd)', !isRight && 'FAILED'].filter(Boolean).join(' '),
  );
}

function print(...cells: string[]): void {
  const columns = cells.map((cell, index) => {
    const width = WIDTHS[index] ?? 0;
    return width < 0 ? cell.padStart(-width) : cell.padEnd(width);
  });
  console.log(columns.join('  ').trimEnd());
}

function median(numbers: number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
}
