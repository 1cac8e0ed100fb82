// From the samples of the rounds to the table. A sample is a number; Infinity: it never came to that.
import { LIMIT } from './group.js';

/** @param contenders `{ samples: { key: number[] }, failure }` of ours, then theirs; undefined: it did not take part. */
export function rowsOf({ name, rows }, [ours, theirs]) {
  return rows.map(({ key, text, bar, counted }) => {
    const [our, their] = [ours, theirs].map((contender) => summary(contender?.samples[key]));
    const show = counted ? counts : (which, numbers) => time(numbers?.[which]);
    return {
      case: `${name}: ${text}`,
      '4.x': ours?.failure ?? show('median', our),
      worst: counted ? '' : show('worst', our),
      '3.7.0': theirs?.failure ?? show('median', their),
      'its worst': counted ? '' : show('worst', their),
      rounds: `${our?.rounds ?? 0} / ${their?.rounds ?? 0}`,
      bar: bar?.text ?? '',
      met: bar && ours ? (our && !ours.failure && bar.met(our, their) ? 'yes' : 'NO') : '',
    };
  });
}

function summary(samples) {
  if (!samples?.length) return undefined;
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: sorted[Math.floor(sorted.length / 2)],
    worst: sorted.at(-1),
    sum: sorted.reduce((sum, sample) => sum + sample, 0),
    rounds: sorted.length,
  };
}

const counts = (_, numbers) => (numbers ? `${numbers.sum} of ${numbers.rounds}` : '');

function time(ms) {
  if (ms === undefined) return '';
  if (ms === Infinity) return `never (${LIMIT / 1_000} s)`;
  return Math.abs(ms) < 100 ? ms.toFixed(1) : ms.toFixed(0);
}
