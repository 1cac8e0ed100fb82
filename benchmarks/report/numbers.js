// Three digits are as many as such figures can bear.

export function short(number) {
  if (!Number.isFinite(number)) return '–';
  const size = Math.abs(number);
  if (size >= 10_000) return Math.round(Number(number.toPrecision(3))).toLocaleString('en-US');
  if (size >= 100) return number.toFixed(0);
  if (size >= 10) return number.toFixed(1);
  return number.toFixed(2);
}

/** @param summary of `summary()` in statistics.js. @returns the median, and half of the middle half's width in per cent. */
export function spread({ median, low, high }) {
  const percent = Math.round((50 * (high - low)) / Math.abs(median));
  return Number.isFinite(percent) ? `${short(median)} ±${percent} %` : short(median);
}
