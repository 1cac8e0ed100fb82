/*
 * Writes plain data, which is most of what travels: null, undefined, booleans, numbers, strings, and arrays and plain
 * objects of these, each at one place only. As msgpackr writes it, but for one thing: the first object of its kind is a
 * map, so that small values need no definition of a record; the second defines one, of which the others are.
 *
 * Several times as fast as msgpackr, which has to be prepared for everything: all here is functions of a value and a
 * position that return the next position, which is what V8 is good at.
 */

const FIRST_RECORD = 0x40;
/** Kinds of objects that are remembered, 64 at most: one of another kind is always a map. */
const MAX_KINDS = 32;
/** So many objects are told apart one by one; more are remembered in a set. */
const FEW_OBJECTS = 8;
const MAX_DEPTH = 128;
/** Shorter strings are written here, character by character. */
const SHORT = 40;
/** Of longer ones it is worth while to know how many bytes they take. */
const LONG = 4096;
/** A number, or the head of anything else, takes no more. */
const HEADROOM = 16;
const ROOM = 16 * 1024;

/** In place of a position: the value is not plain. */
const NOT_PLAIN = -1;

/** Objects that have the same keys in the same order. */
interface Kind {
  readonly keys: readonly string[];
  /** Id of the record; 0: one of them has been met so far. */
  record: number;
}

/** One for each codec; keeps nothing of a value. */
export class PlainWriter {
  #target = Buffer.allocUnsafeSlow(ROOM);
  /** Where the head of a value still fits. */
  #limit = ROOM - HEADROOM;
  #start = 0;
  #depth = 0;
  #few: object[] = [];
  #many: Set<object> | undefined;
  #kinds: Kind[] = [];
  #last: Kind | undefined;
  #records = 0;
  #isWriting = false;

  /**
   * @returns the prefix and the value, in bytes that are the caller's; undefined: it is not plain.
   * @throws what a getter in it throws.
   */
  write(value: unknown, prefix: number): Buffer | undefined {
    // A getter in a value encodes another.
    if (this.#isWriting) return new PlainWriter().write(value, prefix);
    this.#isWriting = true;
    try {
      if (this.#start > this.#limit) this.#renew(ROOM);
      this.#target[this.#start] = prefix;
      const end = this.#value(value, this.#start + 1);
      if (end === NOT_PLAIN) return undefined;
      const bytes = this.#target.subarray(this.#start, end);
      this.#start = end;
      return bytes;
    } finally {
      this.#reset();
    }
  }

  #reset(): void {
    this.#isWriting = false;
    if (this.#depth > 0) this.#depth = 0;
    if (this.#few.length > 0) this.#few = [];
    if (this.#kinds.length > 0) this.#kinds = [];
    this.#many = undefined;
    this.#last = undefined;
    this.#records = 0;
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

  #object(object: object, at: number): number {
    if (this.#depth === MAX_DEPTH || this.#isKnown(object)) return NOT_PLAIN;
    this.#depth += 1;
    const end = Array.isArray(object) ? this.#array(object, at) : this.#plainObject(object, at);
    this.#depth -= 1;
    return end;
  }

  #isKnown(object: object): boolean {
    if (this.#many) {
      const { size } = this.#many;
      return this.#many.add(object).size === size;
    }
    if (this.#few.includes(object)) return true;
    this.#few.push(object);
    if (this.#few.length > FEW_OBJECTS) this.#many = new Set(this.#few);
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
    const kind = this.#kindOf(values);
    let at = start;
    if (!kind) return this.#map(values, at);
    if (kind.record === 0) {
      kind.record = FIRST_RECORD + this.#records++;
      this.#target[at++] = 0xd4;
      this.#target[at++] = 0x72;
      this.#target[at++] = kind.record;
      at = this.#array(kind.keys, at);
    } else {
      this.#target[at++] = kind.record;
    }
    let left = kind.keys.length;
    for (const key in values) {
      at = this.#value(values[key], at);
      if (at === NOT_PLAIN) return at;
      left -= 1;
    }
    // A getter may have taken properties away.
    return left === 0 ? at : NOT_PLAIN;
  }

  #map(values: Record<string, unknown>, start: number): number {
    const keys = Object.keys(values);
    const { length } = keys;
    let at = start;
    if (length < 16) this.#target[at++] = 0x80 | length;
    else at = writeLength(this.#target, length, 0xde, at);
    if (this.#kinds.length < MAX_KINDS) this.#kinds.push({ keys, record: 0 });
    for (let n = 0; n < length && at !== NOT_PLAIN; n++) {
      const key = keys[n] as string;
      if (at > this.#limit) at = this.#grow(at, HEADROOM);
      at = this.#value(values[key], this.#string(key, at));
    }
    return at;
  }

  /** @returns the kind that the object is of, if it is of one that may be a record. */
  #kindOf(values: Record<string, unknown>): Kind | undefined {
    const last = this.#last;
    if (last && isOf(last, values)) return last;
    for (const kind of this.#kinds) {
      if (kind === last || !isOf(kind, values)) continue;
      if (kind.record === 0 && hasInheritedKeys()) return undefined;
      this.#last = kind;
      return kind;
    }
    return undefined;
  }

  #string(text: string, start: number): number {
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

function isOf({ keys }: Kind, values: Record<string, unknown>): boolean {
  let n = 0;
  for (const key in values) if (keys[n++] !== key) return false;
  return n === keys.length;
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
  if (value >= -0x20 && value < FIRST_RECORD) {
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
