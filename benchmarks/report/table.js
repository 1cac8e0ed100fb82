// Tables in Markdown whose columns also line up in a terminal.
import { ratio, summary } from '../harness/statistics.js';
import { short, spread } from './numbers.js';

/** What the last number of a cell is. */
export const LEGEND =
  'Median of the rounds, ± half the width of their middle half; then how often the figure of this line goes into that of the first, round by round.';

/** @param rows arrays of text, the first one the head. */
export function markdown(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column]))).join(' | ')} |`;
  const rule = `| ${widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}

/** One table for each case of a question, contenders below each other. */
export function tables(question, samples) {
  return Object.entries(samples).map(([test, entrants]) => {
    const names = Object.keys(entrants);
    const reference = names.includes(question.reference) ? question.reference : undefined;
    const ordered = reference ? [reference, ...names.filter((name) => name !== reference)] : names;
    const figures = Object.keys(question.figures).filter((key) => names.some((name) => entrants[name][key]));
    const head = [
      test,
      ...figures.map((key) => `${question.figures[key].text}, ${question.figures[key].unit}`),
    ];
    const rows = ordered.map((name) => [
      name,
      ...figures.map((key) => cell(entrants[name][key], reference !== name && entrants[reference]?.[key])),
    ]);
    return markdown([head, ...rows]);
  });
}

function cell(numbers, reference) {
  if (!numbers) return '';
  const text = spread(summary(numbers));
  return reference ? `${text} ${short(ratio(reference, numbers).median)} ×` : text;
}
