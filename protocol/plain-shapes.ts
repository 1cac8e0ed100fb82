import { keyTooLong, MAX_KEY_BYTES } from './limits.js';
import { cutShort, textAt, textLength } from './msgpack-tokens.js';
import { readName } from './texts.js';

/*
 * Objects of the same keys come again and again, within a payload and in many. So the keys are known by the bytes that
 * they travel as, and the objects are made by code for these keys alone: to give an object one property after the other,
 * by names that are not known beforehand, takes ten times as long.
 */

/** Where values come from, one after the other. */
export interface Values {
  value(depth: number): unknown;
}

type Maker = (values: Values, depth: number) => object;

const PROTO = '__proto__';
/** So many objects of a shape are made one property after the other, then it is worth while to make code for them. */
const OFTEN = 64;
const MAX_KEYS = 64;

/** Keys of objects, in order. */
export class Shape {
  readonly keys: readonly string[];
  /** So many bytes they travel as. */
  readonly byteLength: number;
  #made = 0;
  #make: Maker | undefined;

  constructor(keys: readonly string[], byteLength: number) {
    this.keys = keys;
    this.byteLength = byteLength;
  }

  /** @returns an object that has them, each with the next value. */
  read(values: Values, depth: number): object {
    if (this.#make) return this.#make(values, depth);
    this.#made += 1;
    if (this.#made === OFTEN) this.#make = makerOf(this.keys);
    const object: Record<string, unknown> = {};
    for (const key of this.keys) {
      const value = values.value(depth);
      if (key === PROTO) define(object, value);
      else object[key] = value;
    }
    return object;
  }
}

/**
 * Code is made of what a peer has sent: of keys as JSON alone, which are string literals and nothing else. Where Node is
 * forbidden to make code at run time, objects go on being made as before.
 */
function makerOf(keys: readonly string[]): Maker | undefined {
  // In a literal it would be the prototype.
  if (keys.length > MAX_KEYS || keys.includes(PROTO)) return undefined;
  const properties = keys.map((key) => `${JSON.stringify(key)}: values.value(depth)`);
  try {
    return new Function('values', 'depth', `return { ${properties.join(', ')} };`) as Maker;
  } catch {
    return undefined;
  }
}

/** As a property of its own: assigned, it would be the object's prototype. */
function define(object: object, value: unknown): void {
  Object.defineProperty(object, PROTO, { value, writable: true, enumerable: true, configurable: true });
}

const SLOTS = 256;
/** Keys that travel as more bytes are read anew each time. */
const MAX_BYTES = 1024;
/** So many bytes of them are looked at to find the slot. */
const SAMPLES = 16;

/** Those of late. */
const slots: ({ bytes: Buffer; shape: Shape } | undefined)[] = new Array(SLOTS).fill(undefined);
/** Of the last ones that came there: only those that come again are remembered. */
const hashes = new Int32Array(SLOTS);

/**
 * The shape of so many keys that begin at `start`.
 * @throws Error where there are other things, or they go beyond `limit`; RangeError where one is too long.
 */
export function shapeAt(bytes: Buffer, start: number, count: number, limit: number): Shape {
  const end = endOfKeys(bytes, start, count, limit);
  const length = end - start;
  if (length > MAX_BYTES) return new Shape(readKeys(bytes, start, count), length);
  const step = 1 + Math.floor(length / SAMPLES);
  let hash = length;
  for (let n = start; n < end; n += step) hash = (Math.imul(hash, 31) + (bytes[n] as number)) | 0;
  const at = (hash ^ (hash >>> 10)) & (SLOTS - 1);
  const isAgain = hashes[at] === hash;
  const slot = slots[at];
  if (isAgain && slot && isSame(slot.bytes, bytes, start, length)) return slot.shape;
  const shape = new Shape(readKeys(bytes, start, count), length);
  hashes[at] = hash;
  if (!isAgain) return shape;
  const known = Buffer.allocUnsafeSlow(length);
  bytes.copy(known, 0, start, end);
  slots[at] = { bytes: known, shape };
  return shape;
}

function isSame(known: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (known.length !== length) return false;
  for (let n = 0; n < length; n++) if (known[n] !== bytes[start + n]) return false;
  return true;
}

function endOfKeys(bytes: Buffer, start: number, count: number, limit: number): number {
  let at = start;
  for (let n = 0; n < count; n++) {
    const token = bytes[at] as number;
    if (token >= 0xa0 && token < 0xc0) {
      at += 1 + (token & 0x1f);
    } else {
      const text = textAt(bytes, at);
      const length = textLength(bytes, at);
      if (length > MAX_KEY_BYTES) throw keyTooLong(length);
      at = text + length;
    }
    if (at > limit) throw cutShort();
  }
  return at;
}

function readKeys(bytes: Buffer, start: number, count: number): string[] {
  const keys: string[] = [];
  let at = start;
  for (let n = 0; n < count; n++) {
    const text = textAt(bytes, at);
    at = text + textLength(bytes, at);
    keys.push(readName(bytes, text, at) ?? bytes.toString('utf8', text, at));
  }
  return keys;
}
