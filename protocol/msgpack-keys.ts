import { hashLong, hashNumber, KeyLoad } from './key-load.js';
import { MAX_KEY_BYTES } from './limits.js';
import type { Ids } from './msgpack-ids.js';
import { lengthAt, textLength } from './msgpack-tokens.js';

/** So few keys cannot be slow, wherever they fall. */
export const FEW_KEYS = 64;

/** In place of where a key begins. */
export const CONTAINER = -1;

interface Watched {
  depth: number;
  isMap: boolean;
  /** Values that it lacks; of a Map, keys and values. */
  left: number;
}

const NOWHERE: Watched = { depth: -1, isMap: false, left: 0 };

/** The keys of those Maps and the values of those Sets of one payload that have many; see {@link KeyLoad}. */
export class WatchedKeys {
  readonly #ids: Ids;
  readonly #load = new KeyLoad();
  /** Those around the innermost one. */
  #around: Watched[] = [];
  #innermost = NOWHERE;

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  /** Of the innermost one, -1 if there is none. */
  get depth(): number {
    return this.#innermost.depth;
  }

  /** Before each payload: of the last one some may have been left open. */
  reset(): void {
    if (this.#innermost === NOWHERE) return;
    this.#innermost = NOWHERE;
    this.#around = [];
    this.#load.reset();
  }

  /** @param count how many values follow; of a Map, keys and values. */
  enter(depth: number, isMap: boolean, count: number): void {
    this.#around.push(this.#innermost);
    this.#innermost = { depth, isMap, left: count };
    this.#load.open();
  }

  /**
   * The value that begins at `start` is complete, and all its bytes are there.
   * @returns whether one more follows in the same Map or Set
   */
  add(bytes: Buffer, start: number): boolean {
    const innermost = this.#innermost;
    if (start !== CONTAINER && (!innermost.isMap || (innermost.left & 1) === 0)) this.#hash(bytes, start);
    return --innermost.left > 0;
  }

  /** The innermost one is complete. @throws Error where its keys are slow */
  leave(): void {
    this.#load.close();
    this.#innermost = this.#around.pop() ?? NOWHERE;
  }

  /** Only of what a peer can choose: the hashes of shorter strings and of objects are random. */
  #hash(bytes: Buffer, start: number): void {
    const token = bytes[start] as number;
    const at = start + 1;
    if (token >= 0x40 && token < 0xc7) return;
    if (token < 0x40 || token >= 0xe0 || (token >= 0xcb && token <= 0xd2 && token !== 0xcf)) {
      this.#load.add(hashNumber(numberAt(bytes, token, at)));
    } else if (token === 0xcf) {
      this.#addLong(bytes, at, false);
    } else if (token === 0xd3) {
      this.#addLong(bytes, at, bytes.readInt8(at) < 0);
    } else if (token === 0xd8) {
      this.#addLong(bytes, at + 9, bytes.readInt8(at + 1) < 0);
    } else if (token >= 0xc7 && token <= 0xc9) {
      const size = 1 << (token - 0xc7);
      const body = at + size + 1;
      if (bytes[body - 1] !== 0x42) return;
      this.#addLong(bytes, body + lengthAt(bytes, at, size) - 8, bytes.readInt8(body) < 0);
    } else if (token === 0xda || token === 0xdb) {
      // The hash of a long string is its length, which others may have as well.
      if (textLength(bytes, start) > MAX_KEY_BYTES) this.#load.addUnknown();
    } else if (token === 0xd6 && bytes[at] === 0x70) {
      if (this.#ids.leadsToPrimitive(bytes, start)) this.#load.addUnknown();
    }
  }

  /** The lowest 64 bits of a BigInt; those of a negative one are turned into those of its amount. */
  #addLong(bytes: Buffer, at: number, isNegative: boolean): void {
    const high = bytes.readInt32BE(at);
    const low = bytes.readInt32BE(at + 4);
    this.#load.add(isNegative ? hashLong(~high + (low === 0 ? 1 : 0), -low) : hashLong(high, low));
  }
}

/** An integer of up to 32 bits, or a double. */
function numberAt(bytes: Buffer, token: number, at: number): number {
  switch (token) {
    case 0xcb:
      return bytes.readDoubleBE(at);
    case 0xcc:
      return bytes.readUInt8(at);
    case 0xcd:
      return bytes.readUInt16BE(at);
    case 0xce:
      return bytes.readUInt32BE(at);
    case 0xd0:
      return bytes.readInt8(at);
    case 0xd1:
      return bytes.readInt16BE(at);
    case 0xd2:
      return bytes.readInt32BE(at);
    default:
      return token < 0x40 ? token : token - 0x100;
  }
}
