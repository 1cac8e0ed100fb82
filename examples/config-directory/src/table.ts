type Cell = string | number | undefined;

/** Columns as wide as need be, those with numbers to the right. The first row's keys are the headings. */
export function table(rows: readonly Record<string, Cell>[]): string {
  const columns = Object.keys(rows[0] ?? {}).map((heading) => {
    const cells = rows.map((row) => row[heading]);
    const texts = [heading, ...cells.map((cell) => String(cell ?? '-'))];
    const width = Math.max(...texts.map((text) => text.length));
    const isNumeric = cells.some((cell) => typeof cell === 'number');
    return texts.map((text) => (isNumeric ? text.padStart(width) : text.padEnd(width)));
  });
  return ['', ...rows].map((_, line) => columns.map((column) => column[line]).join('   ')).join('\n');
}
