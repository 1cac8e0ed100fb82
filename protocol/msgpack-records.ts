import { keyTooLong, MAX_KEY_BYTES } from './limits.js';
import type { Ids } from './msgpack-ids.js';
import { afterArrayHeader, arrayLength, textAt, textLength, unexpected } from './msgpack-tokens.js';

const DEFINITION_ITEMS = 8;
const KEY_ITEMS = 4;
/** When it reads a definition's fourth record, msgpackr compiles a function for it: 50 µs, and 5 to 10 for each key. */
const COMPILED_READS = 4;
const COMPILED_ITEMS = 256;
const COMPILED_KEY_ITEMS = 32;

const PROTO = Buffer.from('__proto__');
const NONE: readonly number[] = [];

/**
 * The records of one payload: `d4 72`, an id from 40 to 7f and the keys define one, whose fields follow at once; from
 * then on its id and the fields are one more. msgpackr begins anew after 64 definitions, and would also know those of
 * earlier payloads, if a peer wrote them with `d5`.
 */
export class Records {
  /** What they cost, besides their fields. */
  items = 0;
  readonly #ids: Ids;
  /** By id: the payload that has defined it, how many fields, how often it was read. */
  readonly #definedBy = new Float64Array(64);
  readonly #fields = new Int32Array(64);
  readonly #reads = new Uint8Array(64);
  #payload = 0;
  #protoKeys: number[] | undefined;

  constructor(ids: Ids) {
    this.#ids = ids;
  }

  /** Where the keys `__proto__` are. */
  get protoKeys(): readonly number[] {
    return this.#protoKeys ?? NONE;
  }

  /** Before each payload. */
  reset(): void {
    this.#payload++;
    this.items = 0;
    this.#protoKeys = undefined;
  }

  /** @returns how many fields follow. @throws Error where the id is not defined */
  read(id: number, start: number): number {
    const slot = id & 0x3f;
    if (this.#definedBy[slot] !== this.#payload)
      throw new Error(`byte ${start}: a record that is not defined`);
    const fields = this.#fields[slot] as number;
    const reads = this.#reads[slot] as number;
    if (reads < COMPILED_READS) {
      this.#reads[slot] = reads + 1;
      if (reads + 1 === COMPILED_READS) this.items += COMPILED_ITEMS + COMPILED_KEY_ITEMS * fields;
    }
    return fields;
  }

  /** @returns where its first field begins */
  define(bytes: Buffer, id: number, start: number): number {
    if (id < 0x40 || id > 0x7f) throw unexpected(bytes, start - 3);
    let keys = start;
    let fields: number;
    let at: number;
    if (bytes[keys] === 0xd6 && bytes[keys + 1] === 0x70) {
      // msgpackr has had to define it again, and so has written its keys before.
      fields = this.#ids.checkKeysPointer(bytes, keys);
      at = keys + 6;
    } else {
      const hasId = bytes[keys] === 0xd6 && bytes[keys + 1] === 0x69;
      if (hasId) keys += 6;
      fields = arrayLength(bytes, keys);
      if (hasId) this.#ids.readKeys(bytes, keys - 6, fields);
      at = this.#skipKeys(bytes, afterArrayHeader(bytes, keys), fields);
    }
    const slot = id & 0x3f;
    this.#definedBy[slot] = this.#payload;
    this.#fields[slot] = fields;
    this.#reads[slot] = 0;
    this.items += DEFINITION_ITEMS + KEY_ITEMS * fields;
    return at;
  }

  #skipKeys(bytes: Buffer, start: number, count: number): number {
    let at = start;
    for (let n = 0; n < count; n++) {
      const text = textAt(bytes, at);
      const length = textLength(bytes, at);
      if (length > MAX_KEY_BYTES) throw keyTooLong(length);
      at = text + length;
      if (length === PROTO.length && bytes[text] === 0x5f && PROTO.equals(bytes.subarray(text, at))) {
        this.#protoKeys ??= [];
        this.#protoKeys.push(text);
      }
    }
    return at;
  }
}
