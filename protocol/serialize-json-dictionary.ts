import { type Limits, tooManyItems } from './limits.js';
import { BAR, CARET, MINUS, unescapeText } from './serialize-json-format.js';

/** What the items of one value may be, of a dictionary: each value of an object has a key as well. */
const STRINGS_AN_ITEM = 2;
/** How many bytes of a Buffer count for one item: each of them may be an entry. */
export const BYTES_AN_ITEM = 4;

/** Of what is below 2^53 in any case. */
const EXACT_DIGITS = 10;
/** The largest double has 199. */
const MAX_DIGITS = 200;
/** Of what `String` makes of any number; so a peer cannot send a longer one. */
const MAX_FLOAT_LENGTH = 32;
const FLOAT = /^(?:NaN|-?(?:Infinity|\d+(?:\.\d+)?(?:e[+-]\d+)?))$/;

/** The first four parts of one value. */
export class Dictionary {
  /** Where the fifth one begins. */
  readonly end: number;
  readonly size: number;
  readonly #strings: string[] = [];
  readonly #numbers: Float64Array;
  readonly #times: Float64Array;

  /** @throws Error where bytes are none; RangeError where there are more than a value of `maxItems` can have */
  constructor(bytes: Buffer, { maxItems }: Limits) {
    const ends: number[] = [];
    for (let start = 0; ends.length < 4; start = (ends.at(-1) as number) + 1) {
      const end = bytes.indexOf(CARET, start);
      if (end < 0) throw new Error(`${ends.length + 1} of the five parts are there`);
      ends.push(end);
    }
    const [strings, integers, floats, dates] = ends as [number, number, number, number];
    const counts = [
      count(bytes, 0, strings),
      count(bytes, strings + 1, integers),
      count(bytes, integers + 1, floats),
      count(bytes, floats + 1, dates),
    ] as const;
    const isTooMany =
      counts[0] > STRINGS_AN_ITEM * maxItems ||
      counts[1] > BYTES_AN_ITEM * maxItems ||
      counts[2] > maxItems ||
      counts[3] > maxItems;
    if (isTooMany) throw tooManyItems(maxItems);

    for (let at = 0; this.#strings.length < counts[0]; ) {
      const end = endOfEntry(bytes, at);
      if (end === at) throw new Error(`byte ${at}: an empty string in the dictionary`);
      // Not a part of a longer string, which would stay in memory for as long as the shorter one.
      this.#strings.push(unescapeText(bytes.toString('utf8', at, end)));
      at = end + 1;
    }
    this.#numbers = new Float64Array(counts[1] + counts[2]);
    readAll(bytes, strings + 1, this.#numbers.subarray(0, counts[1]), integerAt);
    readAll(bytes, integers + 1, this.#numbers.subarray(counts[1]), floatAt);
    this.#times = new Float64Array(counts[3]);
    readAll(bytes, floats + 1, this.#times, integerAt);
    this.size = counts[0] + counts[1] + counts[2] + counts[3];
    this.end = dates + 1;
  }

  /** A time is a new Date each time, since whoever has it can change it. */
  get(index: number): string | number | Date {
    const number = index - this.#strings.length;
    if (number < 0) return this.#strings[index] as string;
    const time = number - this.#numbers.length;
    return time < 0 ? (this.#numbers[number] as number) : new Date(this.#times[time] as number);
  }

  /** Undefined where the entry is none. */
  byteAt(index: number): number | undefined {
    const number = this.#numbers[index - this.#strings.length];
    return number !== undefined && (number & 0xff) === number ? number : undefined;
  }
}

function count(bytes: Buffer, start: number, end: number): number {
  if (start === end) return 0;
  let entries = 1;
  for (let at = start; at < end; at++) if (bytes[at] === BAR) entries++;
  return entries;
}

function endOfEntry(bytes: Buffer, start: number): number {
  let at = start;
  while (bytes[at] !== BAR && bytes[at] !== CARET) at++;
  return at;
}

function readAll(
  bytes: Buffer,
  start: number,
  into: Float64Array,
  read: (bytes: Buffer, start: number, end: number) => number,
): void {
  let at = start;
  for (let index = 0; index < into.length; index++) {
    const end = endOfEntry(bytes, at);
    into[index] = read(bytes, at, end);
    at = end + 1;
  }
}

function integerAt(bytes: Buffer, start: number, end: number): number {
  const isNegative = bytes[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  if (first === end || end - first > MAX_DIGITS) throw new Error(`byte ${start}: not an integer`);
  let amount = 0;
  for (let at = first; at < end; at++) {
    const digit = digitOf(bytes[at] as number);
    if (digit < 0) throw new Error(`byte ${at}: not a digit`);
    amount = amount * 36 + digit;
  }
  // Of longer ones serialize-json makes what parseInt does: nearly the number that they stand for.
  if (end - first > EXACT_DIGITS) amount = Number.parseInt(bytes.toString('latin1', first, end), 36);
  return isNegative ? -amount : amount;
}

function floatAt(bytes: Buffer, start: number, end: number): number {
  const text = end - start > MAX_FLOAT_LENGTH ? '' : bytes.toString('latin1', start, end);
  if (!FLOAT.test(text)) throw new Error(`byte ${start}: not a number`);
  return Number(text);
}

/** -1 where it is none of base 36. */
export function digitOf(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  return character >= 0x41 && character <= 0x5a ? character - 0x37 : -1;
}
