import { type Kind, Kinds } from './plain-kinds.js';
import {
  APART,
  FIRST_KIND,
  MAX_APART,
  MAX_KINDS,
  MAX_SEGMENT_BYTES,
  SEGMENT,
  TEXTS,
} from './plain-tokens.js';

/*
 * Writes plain data, which is most of what travels: null, undefined, booleans, numbers, strings, and arrays and plain
 * objects of these, each at one place only unless it is small. The tokens are msgpack's, but for two things (plain-tokens.ts):
 *
 * - The first object of its kind has all its keys in front of its values, later ones have the values only.
 * - Where there are more than a few strings, they follow the structure, many in one piece: to write and to read one
 *   long text takes a fraction of the time that many short ones take.
 *
 * Several times as fast as msgpackr, which has to be prepared for everything: all here is functions of a value and a
 * position that return the next position, which is what V8 is good at.
 */

/** Bytes, and characters of strings apart; of larger objects it is known where they occur again. */
const SMALL_OBJECT = 64;
/** So many objects are told apart one by one; more are remembered in a set. */
const FEW_OBJECTS = 8;
const MAX_DEPTH = 128;
/** Shorter strings are written here, character by character. */
const SHORT = 40;
/** Of longer ones it is worth while to know how many bytes they take. */
const LONG = 4096;
/** Shorter strings are never apart, and of the others not the first few. */
const MIN_APART = 8;
const FEW_TEXTS = 8;
/** A number, or the head of anything else, takes no more. */
const HEADROOM = 16;
const ROOM = 16 * 1024;

/** In place of a position: the value is not plain. */
const NOT_PLAIN = -1;

/** One for each codec; keeps nothing of a value but names of properties. */
export class PlainWriter {
  #target = Buffer.allocUnsafeSlow(ROOM);
  /** Where the head of a value still fits. */
  #limit = ROOM - HEADROOM;
  #start = 0;
  /** The objects around the one that is being written, as many as it is deep. */
  readonly #path: (object | undefined)[] = new Array(MAX_DEPTH).fill(undefined);
  #depth = 0;
  #objects = 0;
  /** Those that are written, and hold others or are large. */
  readonly #few: (object | undefined)[] = new Array(FEW_OBJECTS).fill(undefined);
  #held = 0;
  #many: Set<object> | undefined;
  readonly #kinds = new Kinds();
  #payload = 0;
  /** Of kinds that were met in this payload. */
  #numbers = 0;
  /** Strings that might go apart, so far, and the characters of those that do. */
  #texts = 0;
  #characters = 0;
  /** Where it is to be written where the texts begin, counted from the start; 0: nowhere. */
  #textsAt = 0;
  #segments: string[] = [];
  #segment = '';
  #isWriting = false;
  /** All objects have inherited keys. */
  #isPolluted = false;

  /**
   * @returns the prefix and the value, in bytes that are the caller's; undefined: it is not plain.
   * @throws what a getter in it throws.
   */
  write(value: unknown, prefix: number): Buffer | undefined {
    // A getter in a value encodes another.
    if (this.#isWriting) return new PlainWriter().write(value, prefix);
    this.#isWriting = true;
    this.#payload += 1;
    this.#isPolluted = hasInheritedKeys();
    try {
      if (this.#start > this.#limit) this.#renew(ROOM);
      this.#target[this.#start] = prefix;
      let end = this.#value(value, this.#start + 1);
      if (end === NOT_PLAIN) return undefined;
      if (this.#textsAt > 0) end = this.#writeTexts(end);
      const bytes = this.#target.subarray(this.#start, end);
      this.#start = end;
      return bytes;
    } finally {
      this.#reset();
    }
  }

  #reset(): void {
    this.#isWriting = false;
    while (this.#depth > 0) this.#path[--this.#depth] = undefined;
    this.#objects = 0;
    while (this.#held > 0) this.#few[--this.#held] = undefined;
    this.#many = undefined;
    this.#numbers = 0;
    this.#texts = 0;
    this.#characters = 0;
    if (this.#textsAt > 0) {
      this.#textsAt = 0;
      this.#segments = [];
      this.#segment = '';
    }
    if (this.#target.length > ROOM) this.#renew(ROOM);
  }

  #renew(length: number): void {
    this.#target = Buffer.allocUnsafeSlow(length);
    this.#limit = length - HEADROOM;
    this.#start = 0;
  }

  /** @returns `at`, where it is after what has been written was moved to where there is room for so many bytes more. */
  #grow(at: number, bytes: number): number {
    const written = this.#target.subarray(this.#start, at);
    this.#renew(Math.max(ROOM, 2 * written.length + bytes + 2 * HEADROOM));
    this.#target.set(written);
    return written.length;
  }

  #value(value: unknown, start: number): number {
    const at = start > this.#limit ? this.#grow(start, HEADROOM) : start;
    const target = this.#target;
    switch (typeof value) {
      case 'string':
        return this.#string(value, at);
      case 'number':
        return number(target, value, at);
      case 'boolean':
        target[at] = value ? 0xc3 : 0xc2;
        return at + 1;
      case 'object':
        if (value !== null) return this.#object(value, at);
        target[at] = 0xc0;
        return at + 1;
      case 'undefined':
        target[at] = 0xd4;
        target[at + 1] = 0;
        target[at + 2] = 0;
        return at + 3;
      default:
        return NOT_PLAIN;
    }
  }

  #object(object: object, start: number): number {
    if (this.#depth === MAX_DEPTH || this.#isAround(object)) return NOT_PLAIN;
    const before = start - this.#start + this.#characters;
    const first = ++this.#objects;
    this.#path[this.#depth++] = object;
    const end = Array.isArray(object) ? this.#array(object, start) : this.#plainObject(object, start);
    this.#path[--this.#depth] = undefined;
    // What is small and holds no other need not be told from one that is the same: it leads nowhere, and costs little.
    const size = end - this.#start + this.#characters - before;
    const isSmall = this.#objects === first && size <= SMALL_OBJECT;
    return !isSmall && this.#isKnown(object) ? NOT_PLAIN : end;
  }

  /** At once, so that what a circle holds is not written once for each level. */
  #isAround(object: object): boolean {
    for (let n = 0; n < this.#depth; n++) if (this.#path[n] === object) return true;
    return false;
  }

  #isKnown(object: object): boolean {
    if (this.#many) {
      const { size } = this.#many;
      return this.#many.add(object).size === size;
    }
    for (let n = 0; n < this.#held; n++) if (this.#few[n] === object) return true;
    if (this.#held < FEW_OBJECTS) this.#few[this.#held++] = object;
    else this.#many = new Set([...this.#few, object] as object[]);
    return false;
  }

  #array(array: readonly unknown[], start: number): number {
    const { length } = array;
    let at = start;
    if (length < 16) this.#target[at++] = 0x90 | length;
    else at = writeLength(this.#target, length, 0xdc, at);
    for (let n = 0; n < length && at !== NOT_PLAIN; n++) at = this.#value(array[n], at);
    return at;
  }

  #plainObject(object: object, start: number): number {
    const prototype: unknown = Object.getPrototypeOf(object);
    if (prototype !== Object.prototype && prototype !== null) return NOT_PLAIN;
    const values = object as Record<string, unknown>;
    const kind = this.#isPolluted ? undefined : this.#kinds.of(values);
    if (!kind) return this.#oddObject(values, start);
    let at = start;
    if (kind.payload === this.#payload && kind.number < MAX_KINDS)
      this.#target[at++] = FIRST_KIND + kind.number;
    else at = this.#firstOf(kind, at);
    let left = kind.keys.length;
    for (const key in values) {
      at = this.#value(values[key], at);
      if (at === NOT_PLAIN) return at;
      left -= 1;
    }
    // A getter may have taken properties away.
    return left === 0 ? at : NOT_PLAIN;
  }

  /** What the first object of its kind in this payload begins with; remembered where it was in an earlier one too. */
  #firstOf(kind: Kind, start: number): number {
    const { head } = kind;
    const isAgain = kind.payload > 0;
    kind.payload = this.#payload;
    kind.number = this.#numbers++;
    if (!head) {
      const before = start - this.#start;
      const end = this.#head(kind.keys, start);
      if (!isAgain) return end;
      kind.head = Buffer.allocUnsafeSlow(end - this.#start - before);
      this.#target.copy(kind.head, 0, this.#start + before, end);
      return end;
    }
    const at = start + head.length > this.#limit ? this.#grow(start, head.length) : start;
    const target = this.#target;
    for (let n = 0; n < head.length; n++) target[at + n] = head[n] as number;
    return at + head.length;
  }

  /** One that is of no kind. */
  #oddObject(values: Record<string, unknown>, start: number): number {
    const keys = Object.keys(values);
    this.#numbers += 1;
    let at = this.#head(keys, start);
    for (let n = 0; n < keys.length && at !== NOT_PLAIN; n++) at = this.#value(values[keys[n] as string], at);
    return at;
  }

  #head(keys: readonly string[], start: number): number {
    const { length } = keys;
    let at = start;
    if (length < 16) this.#target[at++] = 0x80 | length;
    else at = writeLength(this.#target, length, 0xde, at);
    for (const key of keys) {
      if (at > this.#limit) at = this.#grow(at, HEADROOM);
      at = this.#inlineString(key, at);
    }
    return at;
  }

  #string(text: string, at: number): number {
    const { length } = text;
    if (length < MIN_APART || length > MAX_APART) return this.#inlineString(text, at);
    this.#texts += 1;
    return this.#texts > FEW_TEXTS ? this.#textApart(text, at) : this.#inlineString(text, at);
  }

  #textApart(text: string, start: number): number {
    const target = this.#target;
    let at = start;
    if (this.#textsAt === 0) {
      target[at] = TEXTS;
      this.#textsAt = at + 1 - this.#start;
      at += 5;
    }
    target[at] = APART;
    target[at + 1] = text.length;
    this.#characters += text.length;
    this.#segment += text;
    if (this.#segment.length >= SEGMENT) this.#endSegment();
    return at + 2;
  }

  #endSegment(): void {
    this.#segments.push(this.#segment);
    this.#segment = '';
  }

  #writeTexts(end: number): number {
    if (this.#segment.length > 0) this.#endSegment();
    // Where it begins is counted from behind the prefix.
    this.#target.writeUInt32BE(end - this.#start - 1, this.#start + this.#textsAt);
    let at = end;
    for (const segment of this.#segments) {
      const room = segment.length < SEGMENT ? 3 * segment.length : MAX_SEGMENT_BYTES;
      if (at + room > this.#limit) at = this.#grow(at, room);
      const length = this.#target.write(segment, at + 2);
      this.#target.writeUInt16BE(length, at);
      at += 2 + length;
    }
    return at;
  }

  #inlineString(text: string, start: number): number {
    const { length } = text;
    const most = length < LONG ? 3 * length : Buffer.byteLength(text);
    const at = start + most > this.#limit ? this.#grow(start, most) : start;
    if (length >= SHORT) return this.#longString(text, at);
    const target = this.#target;
    let end = at + (length < 32 ? 1 : 2);
    for (let n = 0; n < length; n++) {
      const code = text.charCodeAt(n);
      if (code >= 0x80) return this.#longString(text, at);
      target[end++] = code;
    }
    if (length < 32) {
      target[at] = 0xa0 | length;
    } else {
      target[at] = 0xd9;
      target[at + 1] = length;
    }
    return end;
  }

  /** How many bytes its length takes is known for sure once it is written. */
  #longString(text: string, at: number): number {
    const target = this.#target;
    const guess = headOf(text.length);
    const length = target.write(text, at + guess);
    const head = headOf(length);
    if (head !== guess) target.copyWithin(at + head, at + guess, at + guess + length);
    if (head === 1) {
      target[at] = 0xa0 | length;
    } else if (head === 2) {
      target[at] = 0xd9;
      target[at + 1] = length;
    } else {
      writeLength(target, length, 0xda, at);
    }
    return at + head + length;
  }
}

/** Whether somebody has given all objects a property, which `for in` takes for one of their own. */
function hasInheritedKeys(): boolean {
  for (const _ in Object.prototype) return true;
  return false;
}

function headOf(length: number): number {
  if (length < 0x20) return 1;
  if (length < 0x100) return 2;
  return length < 0x10000 ? 3 : 5;
}

/** With the token for 16 bits, or the one after it, for 32. */
function writeLength(target: Buffer, length: number, token: number, at: number): number {
  if (length < 0x10000) {
    target[at] = token;
    target[at + 1] = length >>> 8;
    target[at + 2] = length;
    return at + 3;
  }
  target[at] = token + 1;
  return target.writeUInt32BE(length, at + 1);
}

function number(target: Buffer, value: number, at: number): number {
  if (value >> 0 !== value) {
    target[at] = 0xcb;
    return target.writeDoubleBE(value, at + 1);
  }
  if (value >= -0x20 && value < FIRST_KIND) {
    target[at] = value;
    return at + 1;
  }
  if (value >= -0x80 && value < 0x100) {
    target[at] = value < 0 ? 0xd0 : 0xcc;
    target[at + 1] = value;
    return at + 2;
  }
  if (value >= -0x8000 && value < 0x10000) {
    target[at] = value < 0 ? 0xd1 : 0xcd;
    target[at + 1] = value >> 8;
    target[at + 2] = value;
    return at + 3;
  }
  target[at] = value < 0 ? 0xd2 : 0xce;
  return target.writeUInt32BE(value >>> 0, at + 1);
}
