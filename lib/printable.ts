/** What moves the cursor, ends a line, reorders or hides text: controls, formats, halves of pairs, separators. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/**
 * Text that a stranger may have chosen, fit for a message or a log.
 * @param length in characters (code points); what is longer ends with `…`.
 * @param bytes of UTF-8, at most.
 */
export function printable(text: string, length: number, bytes = 4 * length): string {
  // A character takes two units at most, so the text may be long without its end being looked at.
  const clean = text.slice(0, 2 * length + 2).replace(UNPRINTABLE, '?');
  const characters = [...clean];
  if (characters.length <= length && Buffer.byteLength(clean) <= bytes) return clean;
  let cut: string;
  let kept = length;
  do {
    kept -= 1;
    cut = `${characters.slice(0, kept).join('')}…`;
  } while (kept > 0 && Buffer.byteLength(cut) > bytes);
  return cut;
}
