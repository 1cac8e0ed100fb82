// What the library has to reach. A bar is
//   { text, case, figure, entrant, against, atMost | atLeast, unit }
// `entrant` is ours where nothing is said. `against` names a contender, or several: then the one that comes nearest to
// the bar, or furthest beyond it, counts. It may name a figure and a case of its own: `{ entrant, case, figure }`.
// Without `against` the figure itself is compared.
import { ratio, summary } from '../harness/statistics.js';
import { spread } from './numbers.js';
import { markdown } from './table.js';

/** Fewer say nothing about a bar. */
export const MIN_ROUNDS = 5;

/** @returns `[{ text, bound, measured, verdict }]`, verdict `pass`, `short` or `not measured`. */
export function judge(question, samples) {
  return (question.bars ?? []).map((bar) => {
    const bound = bar.atMost ?? bar.atLeast;
    const sign = bar.atMost === undefined ? '>=' : '<=';
    const told = { text: bar.text, bound: `${sign} ${bound} ${bar.unit ?? against(bar)}` };
    const measured = compare(question, bar, samples);
    if (!measured) return { ...told, measured: '', verdict: 'not measured' };
    const { summary: numbers, name } = measured;
    const isMet = bar.atMost === undefined ? numbers.median >= bound : numbers.median <= bound;
    return {
      ...told,
      measured: `${spread(numbers)}${name ? `, ${name}` : ''}`,
      ratio: numbers,
      verdict: isMet ? 'pass' : 'short',
    };
  });
}

export function barTable(bars) {
  return markdown([
    ['bar', 'wanted', 'measured', ''],
    ...bars.map(({ text, bound, measured, verdict }) => [text, bound, measured, verdict]),
  ]);
}

function against(bar) {
  const names = [bar.against].flat().map((other) => other.entrant ?? other);
  return `× ${names.length > 1 ? 'any peer' : names[0]}`;
}

function compare(question, bar, samples) {
  const ours = samples[bar.case]?.[bar.entrant ?? question.reference]?.[bar.figure];
  if (!ours) return undefined;
  if (!bar.against) return { summary: summary(ours) };
  const others = [bar.against].flat().flatMap((other) => {
    const {
      entrant,
      case: test = bar.case,
      figure = bar.figure,
    } = other.entrant ? other : { entrant: other };
    const theirs = samples[test]?.[entrant]?.[figure];
    return theirs ? [{ name: entrant, summary: ratio(ours, theirs) }] : [];
  });
  const worstFirst = bar.atMost === undefined ? 1 : -1;
  others.sort((a, b) => worstFirst * (a.summary.median - b.summary.median));
  if (others.length === 0) return undefined;
  return Array.isArray(bar.against) ? others[0] : { summary: others[0].summary };
}
