import { EMPTY } from './frame.js';
import { type Limits, tooDeep, tooManyItems } from './limits.js';
import { afterArrayHeader, arrayLength, cutShort, lengthAt, textAt, textLength } from './msgpack-tokens.js';
import { type Shape, shapeAt, type Values } from './plain-shapes.js';
import { APART, FIRST_KIND, MAX_KINDS, MAX_SEGMENT_BYTES, TEXTS } from './plain-tokens.js';
import { readText } from './texts.js';

/*
 * Reads what PlainWriter writes, and nothing else, of bytes that any peer may have sent: what is not as it should be is
 * an error before anything is made of it.
 *
 *   00..3f e0..ff cc..ce d0..d2   integer         c0 c2 c3, d4 00 00   null, false, true, undefined
 *   cb                            double          a0..bf d9..db, c5    string, string apart
 *   90..9f dc dd                  array           80..8f de df         object: its keys, then its values
 *   c6                            where the texts of strings apart are  40..5f: the values of one more of a kind
 */

/** What a key that is written out counts for. */
const KEY_ITEMS = 4;

/** One for each codec; keeps nothing from one payload to the next but names of properties. */
export class PlainReader implements Values {
  readonly #maxDepth: number;
  readonly #maxItems: number;
  #bytes: Buffer = EMPTY;
  #start = 0;
  #at = 0;
  /** Of the structure; behind it are the texts of strings apart. */
  #end = 0;
  #items = 0;
  /** Of the kinds that have been there, in this payload so many. */
  readonly #shapes: Shape[] = [];
  #kinds = 0;
  /** Of the texts, the segment that is being read, what of it has been taken, and where the next one begins. */
  #segment = '';
  #taken = 0;
  #nextSegment = 0;

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
    this.#start = start;
    this.#at = start;
    this.#end = bytes.length;
    this.#items = 1;
    try {
      const value = this.value(0);
      if (this.#at < this.#end) throw new Error(`${this.#end - this.#at} bytes follow the value`);
      if (this.#end < bytes.length) this.#endTexts();
      return value;
    } finally {
      this.#bytes = EMPTY;
      this.#kinds = 0;
      this.#segment = '';
      this.#taken = 0;
    }
  }

  /** The next one. For those that make objects. */
  value(depth: number): unknown {
    const bytes = this.#bytes;
    const start = this.#at;
    if (start >= this.#end) throw cutShort();
    const token = bytes[start] as number;
    this.#at = start + 1;
    if (token < 0x40) return token;
    if (token < 0x60) return this.#oneMore(token - FIRST_KIND, depth);
    if (token >= 0x80 && token < 0x90) return this.#newKind(token & 0x0f, depth);
    if (token >= 0x90 && token < 0xa0) return this.#array(token & 0x0f, depth);
    if (token >= 0xa0 && token < 0xc0) return this.#string(start + 1, token & 0x1f);
    if (token >= 0xe0) return token - 0x100;
    switch (token) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case APART:
        return this.#textApart(bytes[this.#take(1)] as number);
      case TEXTS:
        return this.#firstTextApart();
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
        if (bytes.readUInt16BE(this.#take(2)) === 0) return undefined;
        throw unexpected(token, start);
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
        return this.#newKind(lengthAt(bytes, this.#take(size), size), depth);
      }
      default:
        throw unexpected(token, start);
    }
  }

  /** @returns where the bytes are that were taken. */
  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) throw cutShort();
    this.#at = at + length;
    return at;
  }

  /** So many values follow, in a container at this depth; they, and the container, count for so many items. */
  #enter(count: number, items: number, depth: number): void {
    if (count > this.#end - this.#at) throw cutShort();
    if (depth === this.#maxDepth) throw tooDeep(depth);
    this.#items += items;
    if (this.#items > this.#maxItems) throw tooManyItems(this.#maxItems);
  }

  #array(length: number, depth: number): unknown[] {
    this.#enter(length, length, depth);
    const inner = depth + 1;
    // Of just its length: one that is pushed to has room for 16 from the first push on, later for half as much more.
    const array = new Array<unknown>(length);
    for (let n = 0; n < length; n++) array[n] = this.value(inner);
    return array;
  }

  #newKind(length: number, depth: number): object {
    this.#enter(length, KEY_ITEMS * length, depth);
    const shape = shapeAt(this.#bytes, this.#at, length, this.#end);
    this.#at += shape.byteLength;
    if (this.#kinds < MAX_KINDS) this.#shapes[this.#kinds++] = shape;
    return this.#object(shape, depth);
  }

  #oneMore(kind: number, depth: number): object {
    if (kind >= this.#kinds) throw new Error(`byte ${this.#at - 1}: no object was of this kind yet`);
    return this.#object(this.#shapes[kind] as Shape, depth);
  }

  #object(shape: Shape, depth: number): object {
    const { length } = shape.keys;
    this.#enter(length, length, depth);
    return shape.read(this, depth + 1);
  }

  #firstTextApart(): string {
    const at = this.#take(4);
    if (this.#end < this.#bytes.length) throw unexpected(TEXTS, at - 1);
    const textsAt = this.#start + lengthAt(this.#bytes, at, 4);
    if (textsAt >= this.#bytes.length) throw cutShort();
    this.#end = textsAt;
    this.#nextSegment = textsAt;
    const token = this.#bytes[this.#take(1)] as number;
    if (token !== APART) throw unexpected(token, this.#at - 1);
    return this.#textApart(this.#bytes[this.#take(1)] as number);
  }

  #textApart(length: number): string {
    if (this.#taken === this.#segment.length) this.#readSegment();
    const start = this.#taken;
    const end = start + length;
    if (end > this.#segment.length) throw cutShort();
    this.#taken = end;
    return this.#segment.substring(start, end);
  }

  #readSegment(): void {
    const bytes = this.#bytes;
    const at = this.#nextSegment;
    const start = at + 2;
    const end = start + lengthAt(bytes, at, 2);
    if (end > bytes.length || this.#end === bytes.length) throw cutShort();
    if (end - start > MAX_SEGMENT_BYTES) throw new Error(`byte ${at}: a segment of ${end - start} bytes`);
    this.#segment = bytes.toString('utf8', start, end);
    this.#taken = 0;
    this.#nextSegment = end;
  }

  #endTexts(): void {
    const left = this.#segment.length - this.#taken + this.#bytes.length - this.#nextSegment;
    if (left > 0) throw new Error(`${left} bytes or characters of texts follow the last string`);
  }

  #string(at: number, length: number): string {
    const end = at + length;
    if (end > this.#end) throw cutShort();
    this.#at = end;
    return readText(this.#bytes, at, end);
  }
}

function unexpected(token: number, at: number): Error {
  return new Error(`byte ${at}: ${token.toString(16)} is nothing that msgpack() writes into plain data`);
}
