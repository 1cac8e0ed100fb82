import { type Limits, tooDeep, tooManyItems } from './limits.js';
import { Ids } from './msgpack-ids.js';
import { CONTAINER, FEW_KEYS, WatchedKeys } from './msgpack-keys.js';
import { Records } from './msgpack-records.js';
import { RESTORED_CLASSES } from './msgpack-restore.js';
import {
  afterArrayHeader,
  arrayLength,
  cutShort,
  lengthAt,
  textAt,
  textLength,
  unexpected,
} from './msgpack-tokens.js';
import { patternItems } from './pattern-items.js';

/*
 * What msgpackr reads is walked here first, token by token, by the rules of what it writes with `structuredClone` and
 * records. Left to itself, msgpackr takes far more than that from a peer: see test/protocol/msgpack-guard*.test.ts.
 *
 *   00..3f e0..ff            integer                     c0 c2 c3             nil, false, true
 *   40..7f                   record, as defined before   c4..c6               Buffer
 *   80..8f de df             Map                         cb cc..ce d0..d2     double, integers
 *   90..9f dc dd             array                       cf d3                BigInt of 64 bits
 *   a0..bf d9..db            string
 *   d4 72 id, keys           definition of a record, then its fields. Keys: an array of strings. Where a definition is
 *                            written again, after 64 others, the keys are an id at first, and a pointer to it from then on
 *   d4 65 00 93              Error: name, message, cause          d4 78 00 92          RegExp: source, flags
 *   d4 73 00, array          Set                                  d4 00 00             undefined
 *   d4 ff ff, d6 ff, d7 ff, c7 0c ff                              Date: invalid, in 32, 64, 96 bits
 *   d6 69 id, value          a value that pointers lead to        d6 70 id             such a pointer
 *   d8 42, c7..c9 42         BigInt of more than 64 bits
 *   c7..c9 74, type          typed array, ArrayBuffer or DataView
 */

// What a value costs beside a number or a string, which take about 0.1 µs and 64 bytes: measured, rounded up.
const MAP_ITEMS = 4;
const BINARY_ITEMS = 4;
const TYPED_ARRAY_ITEMS = 8;
const DATE_ITEMS = 2;
const ID_ITEMS = 8;
const COPIED_ITEMS = 8;
/** A stack trace is taken for it. */
const ERROR_ITEMS = 128;
/** Of a BigInt, for one item. */
const BIGINT_ITEM_BYTES = 4;

/** 0.5 million bits: whoever prints it has to divide it. */
const MAX_BIGINT_BYTES = 65_536;
const MAX_PATTERN_BYTES = 65_536;
const MAX_FLAGS = 8;

/** Element sizes by msgpackr's type codes, Int8Array to BigUint64Array. */
const ELEMENT_BYTES = [1, 1, 1, 2, 2, 4, 4, 4, 8, 8, 8];
const ARRAY_BUFFER = 16;
const DATA_VIEW = 17;

/** The only names that an error has on the wire: msgpackr looks others up in an object and calls what it finds. */
const ERROR_NAMES = ['Error', ...RESTORED_CLASSES].map((name) => Buffer.from(name));

/** The bytes that follow each token which is a value by itself, of a length that the token says. */
const SIZES = new Uint8Array(256);
const OTHER = 0xff;
SIZES.fill(OTHER, 0x40, 0xe0);
for (let length = 0; length < 0x20; length++) SIZES[0xa0 + length] = length;
for (const token of [0xc0, 0xc2, 0xc3]) SIZES[token] = 0;
for (const token of [0xcc, 0xd0]) SIZES[token] = 1;
for (const token of [0xcd, 0xd1]) SIZES[token] = 2;
for (const token of [0xce, 0xd2]) SIZES[token] = 4;
for (const token of [0xcb, 0xcf, 0xd3]) SIZES[token] = 8;

/** In place of the number of values in a container: this is none. */
const SINGLE = -1;
/** The value that has the id follows. */
const ID = -2;

/** Walks a msgpack payload before msgpackr does. One for each codec; keeps nothing from one payload to the next. */
export class MsgpackGuard {
  readonly #maxDepth: number;
  readonly #maxItems: number;
  /** For each container around the innermost one: how many values it lacks. */
  readonly #lefts: Int32Array;

  /** What extensions cost, besides what is counted while walking. */
  #extraItems = 0;
  readonly #ids: Ids;
  readonly #records: Records;
  readonly #watchedKeys: WatchedKeys;

  /** What `#begins` tells besides what it returns: where to go on, and whether the values there are keys to watch. */
  #at = 0;
  #isWatched = false;

  constructor({ maxDepth, maxItems }: Limits) {
    this.#maxDepth = maxDepth;
    this.#maxItems = maxItems;
    this.#lefts = new Int32Array(maxDepth);
    this.#ids = new Ids(maxItems);
    this.#records = new Records(this.#ids);
    this.#watchedKeys = new WatchedKeys(this.#ids);
  }

  /**
   * Returns if msgpackr may read the bytes: they are one value, whole, with nothing behind it, as msgpackr writes it.
   *
   * @returns where the keys `__proto__` of records are, which msgpackr would rename.
   * @throws Error where they are anything else; RangeError where they go beyond `maxDepth` or `maxItems`.
   */
  check(bytes: Buffer): readonly number[] {
    this.#begin();
    const end = bytes.length;
    const lefts = this.#lefts;
    let items = 1;
    let at = 0;
    let depth = 0;
    /** How many values the innermost container lacks; the payload as a whole lacks one. */
    let left = 1;
    /**
     * The depth of the innermost container that has an id, or whose keys are watched. One of the latter counts itself;
     * `left` is 1 in it.
     */
    let marked = -1;
    /** The last value with an id, and how often it would be copied, were it circular, for having more than one. */
    let copied = -1;
    let copies = 0;
    for (;;) {
      let start: number;
      let token: number;
      let size: number;
      // Values that are one token each: nothing is called in this loop, so it is fast.
      do {
        if (at >= end) throw cutShort();
        start = at;
        token = bytes[at++] as number;
        size = SIZES[token] as number;
        if (size === OTHER) break;
        at += size;
      } while (--left > 0);
      if (size === OTHER) {
        let count = SINGLE;
        if (token === 0xd9) {
          if (at >= end) throw cutShort();
          at += 1 + (bytes[at] as number);
        } else if (token < 0x80) {
          count = this.#records.read(token, start);
        } else if (token < 0x90) {
          count = (token & 0x0f) * 2;
          items += MAP_ITEMS;
        } else if (token < 0xa0) {
          count = token & 0x0f;
        } else {
          count = this.#begins(bytes, token, start);
          at = this.#at;
          if (count === ID) {
            copied = at;
            copies = (at - start) / 6 - 1;
            continue;
          }
        }
        if (count !== SINGLE) {
          if (count > end - at) throw cutShort();
          if (depth === this.#maxDepth) throw tooDeep(depth);
          items += count;
          if (copied === start) {
            if (count > 0) {
              marked = depth + 1;
              this.#ids.enter(marked, start, items - count - 1);
            }
            items += copies * count * COPIED_ITEMS;
          }
          if (items > this.#maxItems) throw tooManyItems(this.#maxItems);
          if (count > 0) {
            lefts[depth++] = left;
            left = count;
            if (this.#isWatched) {
              this.#watchedKeys.enter(depth, token !== 0xd4, count);
              this.#isWatched = false;
              marked = depth;
              left = 1;
            }
            continue;
          }
        }
        if (--left > 0) continue;
      }
      if (at > end) throw cutShort();
      // The value may complete those around it, of which it is the last one.
      let key = start;
      while (left === 0) {
        if (depth === marked) {
          if (depth === this.#watchedKeys.depth && this.#watchedKeys.add(bytes, key)) {
            left = 1;
            break;
          }
          marked = this.#leave(depth, items, at);
        }
        if (depth === 0) return this.#finish(end - at, items);
        left = (lefts[--depth] as number) - 1;
        key = CONTAINER;
      }
    }
  }

  #begin(): void {
    this.#extraItems = 0;
    this.#ids.reset();
    this.#records.reset();
    this.#watchedKeys.reset();
    this.#isWatched = false;
  }

  /** The marked container at `depth` is complete. @returns the depth of the one around it, -1 if there is none */
  #leave(depth: number, items: number, end: number): number {
    if (depth === this.#watchedKeys.depth) this.#watchedKeys.leave();
    if (depth === this.#ids.depth) this.#ids.leave(items, end);
    return Math.max(this.#watchedKeys.depth, this.#ids.depth);
  }

  #finish(trailing: number, items: number): readonly number[] {
    if (trailing > 0) throw new Error(`${trailing} bytes follow the value`);
    const extraItems = this.#extraItems + this.#records.items + this.#ids.items;
    if (items + extraItems > this.#maxItems) throw tooManyItems(this.#maxItems);
    this.#ids.finish();
    return this.#records.protoKeys;
  }

  /** @returns how many values are in the container that begins at `start`; SINGLE or ID where none does */
  #begins(bytes: Buffer, token: number, start: number): number {
    const at = start + 1;
    switch (token) {
      case 0xc4:
      case 0xc5:
      case 0xc6:
        this.#extraItems += BINARY_ITEMS;
        return this.#skip(bytes, at, 1 << (token - 0xc4));
      case 0xda:
      case 0xdb:
        return this.#skip(bytes, at, token === 0xda ? 2 : 4);
      case 0xdc:
      case 0xdd:
        this.#at = afterArrayHeader(bytes, start);
        return arrayLength(bytes, start);
      case 0xde:
      case 0xdf: {
        const size = token === 0xde ? 2 : 4;
        const entries = lengthAt(bytes, at, size);
        this.#at = at + size;
        this.#isWatched = entries > FEW_KEYS;
        this.#extraItems += MAP_ITEMS;
        return entries * 2;
      }
      case 0xd4:
        if (bytes.length - at < 2) throw cutShort();
        return this.#smallExtension(bytes, start);
      case 0xd6:
        if (bytes[at] === 0x69) {
          this.#at = this.#ids.read(bytes, start);
          this.#extraItems += ((this.#at - start) / 6) * ID_ITEMS;
          return ID;
        }
        if (bytes[at] === 0x70) this.#ids.followPointer(bytes, start);
        else if (bytes[at] === 0xff) this.#extraItems += DATE_ITEMS;
        else throw unexpected(bytes, start);
        this.#at = at + 5;
        return SINGLE;
      case 0xd7:
        this.#at = this.#extension(bytes, start, at, 8);
        return SINGLE;
      case 0xd8:
        this.#at = this.#extension(bytes, start, at, 16);
        return SINGLE;
      case 0xc7:
      case 0xc8:
      case 0xc9: {
        const size = 1 << (token - 0xc7);
        this.#at = this.#extension(bytes, start, at + size, lengthAt(bytes, at, size));
        return SINGLE;
      }
      default:
        throw unexpected(bytes, start);
    }
  }

  /** Over bytes that have their length, in `size` bytes, before them. */
  #skip(bytes: Buffer, at: number, size: number): number {
    this.#at = at + size + lengthAt(bytes, at, size);
    return SINGLE;
  }

  /** What has one byte beside its type. */
  #smallExtension(bytes: Buffer, start: number): number {
    const body = bytes[start + 2] as number;
    switch (bytes[start + 1]) {
      case 0x72:
        this.#at = this.#records.define(bytes, body, start + 3);
        return this.#records.read(body, start);
      case 0x73: {
        if (body !== 0) break;
        const count = arrayLength(bytes, start + 3);
        this.#at = afterArrayHeader(bytes, start + 3);
        this.#isWatched = count > FEW_KEYS;
        this.#extraItems += MAP_ITEMS;
        return count;
      }
      case 0x65:
        if (body !== 0 || bytes[start + 3] !== 0x93) break;
        this.#at = this.#error(bytes, start + 4);
        // The last one of its array of three.
        return 1;
      case 0x78:
        if (body !== 0 || bytes[start + 3] !== 0x92) break;
        this.#at = this.#regExp(bytes, start + 4);
        return SINGLE;
      case 0xff:
        if (body !== 0xff) break;
        this.#extraItems += DATE_ITEMS;
        this.#at = start + 3;
        return SINGLE;
      case 0:
        if (body !== 0) break;
        this.#at = start + 3;
        return SINGLE;
    }
    throw unexpected(bytes, start);
  }

  /** @returns where its cause begins */
  #error(bytes: Buffer, start: number): number {
    const name = textAt(bytes, start);
    const message = name + textLength(bytes, start);
    if (!ERROR_NAMES.some((known) => known.equals(bytes.subarray(name, message)))) {
      throw new Error(`byte ${name}: not the name of an error`);
    }
    this.#extraItems += ERROR_ITEMS;
    return textAt(bytes, message) + textLength(bytes, message);
  }

  /** @returns where it ends */
  #regExp(bytes: Buffer, start: number): number {
    const source = textAt(bytes, start);
    const sourceLength = textLength(bytes, start);
    const flags = textAt(bytes, source + sourceLength);
    const end = flags + textLength(bytes, source + sourceLength);
    if (end > bytes.length) throw cutShort();
    if (sourceLength > MAX_PATTERN_BYTES || end - flags > MAX_FLAGS) {
      throw new Error(
        `byte ${start}: a RegExp of ${sourceLength} bytes, at most ${MAX_PATTERN_BYTES} are taken`,
      );
    }
    this.#extraItems += 1 + patternItems(bytes, source, source + sourceLength, flags, end);
    return end;
  }

  /**
   * @param at where its type is; `length` bytes follow.
   * @returns where it ends
   */
  #extension(bytes: Buffer, start: number, at: number, length: number): number {
    const body = at + 1;
    if (length > bytes.length - body) throw cutShort();
    const token = bytes[start] as number;
    const hasLength = token < 0xd0;
    switch (bytes[at]) {
      case 0x74: {
        const code = bytes[body] as number;
        const isKnown = code < ELEMENT_BYTES.length || code === ARRAY_BUFFER || code === DATA_VIEW;
        if (!hasLength || length === 0 || !isKnown) break;
        if ((length - 1) % (ELEMENT_BYTES[code] ?? 1) !== 0) break;
        this.#extraItems += TYPED_ARRAY_ITEMS;
        return body + length;
      }
      case 0x42:
        if (length <= 8) break;
        if (length > MAX_BIGINT_BYTES) {
          throw new Error(
            `byte ${start}: a BigInt of ${length} bytes, at most ${MAX_BIGINT_BYTES} are taken`,
          );
        }
        this.#extraItems += Math.ceil(length / BIGINT_ITEM_BYTES);
        return body + length;
      case 0xff:
        if (token !== 0xd7 && !(token === 0xc7 && length === 12)) break;
        this.#extraItems += DATE_ITEMS;
        return body + length;
    }
    throw unexpected(bytes, start);
  }
}
