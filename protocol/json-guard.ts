import { keyTooLong, type Limits, MAX_KEY_BYTES, tooDeep, tooManyItems } from './limits.js';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Looks over the bytes of a JSON text before JSON.parse makes a value of them, and allocates nothing. Whether they
 * are JSON is left to JSON.parse: what counts here counts the same in a text that is not.
 *
 * @throws RangeError where it is nested deeper than `maxDepth`, has more than `maxItems` values (an empty array or
 *   object counts as two) or a key longer than {@link MAX_KEY_BYTES}.
 */
export function checkJson(bytes: Buffer, { maxDepth, maxItems }: Limits): void {
  const end = bytes.length;
  // A level takes a byte, and so does a value.
  if (end < maxDepth && end < maxItems) return;
  let depth = 0;
  let items = 1;
  for (let at = 0; at < end; at++) {
    switch (bytes[at]) {
      case QUOTE: {
        const start = at + 1;
        at = endOfString(bytes, start);
        if (at - start > MAX_KEY_BYTES && isFollowedByColon(bytes, at + 1)) {
          throw keyTooLong(at - start);
        }
        break;
      }
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > maxDepth) throw tooDeep(maxDepth);
        items++;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case 0x2c: // ,
        if (++items > maxItems) throw tooManyItems(maxItems);
        break;
    }
  }
  if (items > maxItems) throw tooManyItems(maxItems);
}

/** Where the closing quote is; the end of the bytes, or beyond, where there is none. */
function endOfString(bytes: Buffer, start: number): number {
  const end = bytes.length;
  let at = start;
  while (at < end && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

function isFollowedByColon(bytes: Buffer, start: number): boolean {
  let at = start;
  while (bytes[at] === 0x20 || bytes[at] === 0x0a || bytes[at] === 0x0d || bytes[at] === 0x09) at++;
  return bytes[at] === COLON;
}
