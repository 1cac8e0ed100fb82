import { isUtf8 } from 'node:buffer';

type TextMaker = (bytes: Buffer, at: number) => string;

/** Characters of the longest text that is put together here. */
const SHORT = 24;

/**
 * By length, what makes a text of so many characters: a function with as many arguments as there are characters takes a
 * third of the time of any other way. These are made at run time; where Node is forbidden that, Node reads all texts.
 */
const makers = Array.from({ length: SHORT + 1 }, (_, length): TextMaker | undefined => {
  const codes = Array.from({ length }, (_, n) => `bytes[at + ${n}]`);
  try {
    return new Function('bytes', 'at', `return String.fromCharCode(${codes.join(', ')})`) as TextMaker;
  } catch {
    return undefined;
  }
});

/** UTF-8; what is not comes as U+FFFD. */
export function readText(bytes: Buffer, start: number, end: number): string {
  return shortText(bytes, start, end) ?? bytes.toString('utf8', start, end);
}

/** @returns undefined: it is longer, or not ASCII. */
function shortText(bytes: Buffer, start: number, end: number): string | undefined {
  const make = makers[end - start];
  if (!make) return undefined;
  let all = 0;
  for (let n = start; n < end; n++) all |= bytes[n] as number;
  return all < 0x80 ? make(bytes, start) : undefined;
}

const SLOTS = 1024;
/** Longer names are read anew each time. */
const MAX_NAME_BYTES = 64;

/**
 * Names of methods, topics and properties come again and again. Those of late are remembered, in 64 KiB of bytes: to
 * compare bytes is faster than to read them, and of a string that was used before the hash is known.
 */
const names: (string | undefined)[] = new Array(SLOTS).fill(undefined);
const nameBytes = Buffer.alloc(SLOTS * MAX_NAME_BYTES);
const nameLengths = new Uint8Array(SLOTS);
/** Of the last one that came there: only one that comes again is remembered. */
const nameHashes = new Int32Array(SLOTS);

/** @returns undefined for what is not UTF-8: of two such names the same text must not come. */
export function readName(bytes: Buffer, start: number, end: number): string | undefined {
  const length = end - start;
  if (length === 0 || length > MAX_NAME_BYTES) return strictText(bytes, start, end);
  let hash = length;
  for (let n = start; n < end; n++) hash = (Math.imul(hash, 31) + (bytes[n] as number)) | 0;
  const slot = (hash ^ (hash >>> 10)) & (SLOTS - 1);
  const known = slot * MAX_NAME_BYTES;
  const isAgain = nameHashes[slot] === hash;
  if (isAgain && nameLengths[slot] === length && isSame(known, bytes, start, length)) return names[slot];
  const text = strictText(bytes, start, end);
  nameHashes[slot] = hash;
  if (!isAgain || text === undefined) return text;
  names[slot] = text;
  nameLengths[slot] = length;
  for (let n = 0; n < length; n++) nameBytes[known + n] = bytes[start + n] as number;
  return text;
}

function isSame(known: number, bytes: Buffer, start: number, length: number): boolean {
  for (let n = 0; n < length; n++) if (nameBytes[known + n] !== bytes[start + n]) return false;
  return true;
}

function strictText(bytes: Buffer, start: number, end: number): string | undefined {
  const short = shortText(bytes, start, end);
  if (short !== undefined) return short;
  const text = bytes.toString('utf8', start, end);
  return text.includes('\ufffd') && !isUtf8(bytes.subarray(start, end)) ? undefined : text;
}
