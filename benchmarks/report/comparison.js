// Branch against base, and base against itself.
import { median, quantile } from '../harness/statistics.js';
import { short } from './numbers.js';
import { markdown } from './table.js';

/** Of ratios of the base to itself: those further off are the machine's doing. */
const NOISE = [0.05, 0.95];

/**
 * @param starts for each start of the processes, samples by case, entrant and figure.
 * @returns `[{ text, base, branch, ratio, noise: [low, high], verdict }]`
 */
export function compareSamples(question, starts) {
  const rows = [];
  for (const test of Object.keys(starts[0])) {
    for (const [figure, { text, unit }] of Object.entries(question.figures)) {
      const of = (name) => starts.map((samples) => samples[test][name][figure]);
      if (of('base').some((numbers) => !numbers)) continue;
      const [base, branch, again] = [of('base'), of('branch'), of('base again')];
      // Either run of the base is as good as the other.
      const changes = starts.flatMap((_, start) => [
        ...ratios(branch[start], base[start]),
        ...ratios(branch[start], again[start]),
      ]);
      const alike = starts.flatMap((_, start) => [
        ...ratios(again[start], base[start]),
        ...ratios(base[start], again[start]),
      ]);
      rows.push({
        text: `${question.name}, ${test}: ${text}, ${unit}`,
        base: median(base.flat()),
        branch: median(branch.flat()),
        ...verdict(changes, alike, question.figures[figure].isGain),
      });
    }
  }
  return rows;
}

function ratios(numbers, others) {
  return numbers.map((number, round) => number / others[round]);
}

function verdict(changes, alike, isGain = false) {
  const times = median(changes);
  const noise = NOISE.map((share) => quantile(alike, share));
  const isWithin = times >= noise[0] && times <= noise[1];
  const isBetter = times > 1 === isGain;
  return { ratio: times, noise, verdict: isWithin ? 'within the noise' : isBetter ? 'better' : 'worse' };
}

export function comparisonTable(rows) {
  return markdown([
    ['', 'base', 'branch', 'branch / base', 'noise: base / base', ''],
    ...rows.map(({ text, base, branch, ratio: times, noise, verdict }) => [
      text,
      short(base),
      short(branch),
      times.toFixed(2),
      noise.map((bound) => bound.toFixed(2)).join('–'),
      verdict,
    ]),
  ]);
}
