import { EMPTY } from './frame.js';
import { keyTooLong, type Limits, MAX_KEY_BYTES, tooDeep, tooManyItems } from './limits.js';
import { afterArrayHeader, arrayLength, cutShort, lengthAt, textAt, textLength } from './msgpack-tokens.js';
import { readName, readText } from './texts.js';

/*
 * Reads what PlainWriter writes, and nothing else, of bytes that any peer may have sent: what is not as it should be is
 * an error before anything is made of it.
 *
 *   00..3f e0..ff cc..ce d0..d2   integer         c0 c2 c3, d4 00 00   null, false, true, undefined
 *   cb                            double          a0..bf d9..db        string
 *   90..9f dc dd                  array           80..8f de df         object: strings, each with a value
 *   d4 72 id, keys                defines a record, the values of the first one follow; 40..7f: the values of one more
 */

/** What a key that is written out counts for, and the definition of a record besides. As in those of msgpackr. */
const KEY_ITEMS = 4;
const DEFINITION_ITEMS = 8;
const PROTO = '__proto__';

/** One for each codec; keeps nothing from one payload to the next. */
export class PlainReader {
  readonly #maxDepth: number;
  readonly #maxItems: number;
  #bytes: Buffer = EMPTY;
  #at = 0;
  #items = 0;
  /** By id, the keys of those that were defined. */
  #records: (readonly string[] | undefined)[] = [];

  constructor({ maxDepth, maxItems }: Limits) {
    this.#maxDepth = maxDepth;
    this.#maxItems = maxItems;
  }

  /**
   * @returns the one value that begins at `start` and ends where the bytes do.
   * @throws Error where that is anything else; RangeError where it goes beyond `maxDepth` or `maxItems`.
   */
  read(bytes: Buffer, start: number): unknown {
    this.#bytes = bytes;
    this.#at = start;
    this.#items = 1;
    if (this.#records.length > 0) this.#records = [];
    try {
      const value = this.#value(0);
      if (this.#at < bytes.length) throw new Error(`${bytes.length - this.#at} bytes follow the value`);
      return value;
    } finally {
      this.#bytes = EMPTY;
    }
  }

  #value(depth: number): unknown {
    const bytes = this.#bytes;
    const start = this.#at;
    if (start >= bytes.length) throw cutShort();
    const token = bytes[start] as number;
    this.#at = start + 1;
    if (token < 0x40) return token;
    if (token < 0x80) return this.#record(token, depth);
    if (token < 0x90) return this.#object(token & 0x0f, depth);
    if (token < 0xa0) return this.#array(token & 0x0f, depth);
    if (token < 0xc0) return this.#string(start + 1, token & 0x1f);
    if (token >= 0xe0) return token - 0x100;
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xcb:
        return bytes.readDoubleBE(this.#take(8));
      case 0xcc:
        return bytes[this.#take(1)];
      case 0xcd:
        return bytes.readUInt16BE(this.#take(2));
      case 0xce:
        return bytes.readUInt32BE(this.#take(4));
      case 0xd0:
        return bytes.readInt8(this.#take(1));
      case 0xd1:
        return bytes.readInt16BE(this.#take(2));
      case 0xd2:
        return bytes.readInt32BE(this.#take(4));
      case 0xd4:
        return this.#extension(start, depth);
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#string(textAt(bytes, start), textLength(bytes, start));
      case 0xdc:
      case 0xdd: {
        const length = arrayLength(bytes, start);
        this.#at = afterArrayHeader(bytes, start);
        return this.#array(length, depth);
      }
      case 0xde:
      case 0xdf: {
        const size = token === 0xde ? 2 : 4;
        return this.#object(lengthAt(bytes, this.#take(size), size), depth);
      }
      default:
        throw unexpected(token, start);
    }
  }

  /** @returns where the bytes are that were taken. */
  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) throw cutShort();
    this.#at = at + length;
    return at;
  }

  /** So many values follow, in a container at this depth; they, and the container, count for so many items. */
  #enter(count: number, items: number, depth: number): void {
    if (count > this.#bytes.length - this.#at) throw cutShort();
    if (depth === this.#maxDepth) throw tooDeep(depth);
    this.#items += items;
    if (this.#items > this.#maxItems) throw tooManyItems(this.#maxItems);
  }

  #array(length: number, depth: number): unknown[] {
    this.#enter(length, length, depth);
    const array: unknown[] = [];
    for (let n = 0; n < length; n++) array.push(this.#value(depth + 1));
    return array;
  }

  #object(length: number, depth: number): object {
    this.#enter(length, length + KEY_ITEMS * length, depth);
    const object: Record<string, unknown> = {};
    for (let n = 0; n < length; n++) {
      const key = this.#key();
      const value = this.#value(depth + 1);
      if (key === PROTO) define(object, value);
      else object[key] = value;
    }
    return object;
  }

  #record(id: number, depth: number): object {
    const keys = this.#records[id & 0x3f];
    if (!keys) throw new Error(`byte ${this.#at - 1}: a record that is not defined`);
    const { length } = keys;
    this.#enter(length, length, depth);
    const object: Record<string, unknown> = {};
    for (let n = 0; n < length; n++) {
      const key = keys[n] as string;
      const value = this.#value(depth + 1);
      if (key === PROTO) define(object, value);
      else object[key] = value;
    }
    return object;
  }

  #extension(start: number, depth: number): unknown {
    const type = this.#bytes[this.#take(1)] as number;
    const body = this.#bytes[this.#take(1)] as number;
    if (type === 0 && body === 0) return undefined;
    if (type !== 0x72 || body < 0x40 || body > 0x7f) throw unexpected(0xd4, start);
    const length = arrayLength(this.#bytes, this.#at);
    this.#at = afterArrayHeader(this.#bytes, this.#at);
    this.#enter(length, DEFINITION_ITEMS + KEY_ITEMS * length, depth);
    const keys: string[] = [];
    for (let n = 0; n < length; n++) keys.push(this.#key());
    this.#records[body & 0x3f] = keys;
    return this.#record(body, depth);
  }

  #key(): string {
    const at = this.#at;
    const text = textAt(this.#bytes, at);
    const length = textLength(this.#bytes, at);
    const end = text + length;
    if (length > MAX_KEY_BYTES) throw keyTooLong(length);
    if (end > this.#bytes.length) throw cutShort();
    this.#at = end;
    return readName(this.#bytes, text, end) ?? this.#bytes.toString('utf8', text, end);
  }

  #string(at: number, length: number): string {
    const end = at + length;
    const bytes = this.#bytes;
    if (end > bytes.length) throw cutShort();
    this.#at = end;
    return readText(bytes, at, end);
  }
}

/** As a property of its own: assigned, it would be the object's prototype. */
function define(object: object, value: unknown): void {
  Object.defineProperty(object, PROTO, { value, writable: true, enumerable: true, configurable: true });
}

function unexpected(token: number, at: number): Error {
  return new Error(`byte ${at}: ${token.toString(16)} is nothing that msgpack() writes into plain data`);
}
