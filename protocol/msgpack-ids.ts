import { cutShort } from './msgpack-tokens.js';

/** More than one id is on a value only where a `toJSON` has returned an object that occurs elsewhere as well. */
const MAX_IDS_OF_A_VALUE = 3;

const OBJECT = -2;
/** Of what a `toJSON` has returned. */
const PRIMITIVE = -1;

/**
 * The ids of one payload: `d6 69` and four bytes before a value, `d6 70` and the same four where it occurs again.
 * msgpackr would also follow pointers to nothing, and copies a circular value once for each of its ids.
 */
export class Ids {
  /** What each stands for; from 0 on, the keys of a record, and how many. */
  #kinds: Map<number, number> | undefined;
  #highest = 0;

  get size(): number {
    return this.#kinds?.size ?? 0;
  }

  /** Before each payload. */
  reset(): void {
    if (this.#kinds === undefined) return;
    this.#kinds = undefined;
    this.#highest = 0;
  }

  /** @returns where the value begins that has the ids which begin at `start` */
  read(bytes: Buffer, start: number): number {
    let at = start;
    while (bytes[at] === 0xd6 && bytes[at + 1] === 0x69) at += 6;
    if (at - start > MAX_IDS_OF_A_VALUE * 6) throw new Error(`byte ${start}: too many ids of one value`);
    const kind = this.#isPrimitive(bytes, at) ? PRIMITIVE : OBJECT;
    for (let id = start; id < at; id += 6) this.#add(bytes, id, kind);
    return at;
  }

  /** The id at `start` is one of the `count` keys that follow it. */
  readKeys(bytes: Buffer, start: number, count: number): void {
    this.#add(bytes, start, count);
  }

  /** @throws Error where the pointer leads to no value that has begun before it */
  checkPointer(bytes: Buffer, start: number): void {
    const kind = this.#kinds?.get(idAt(bytes, start));
    if (kind === undefined || kind >= 0) throw new Error(`byte ${start}: a pointer to nothing`);
  }

  /** How many keys the pointer leads to. @throws Error where it leads to anything else */
  checkKeysPointer(bytes: Buffer, start: number): number {
    const kind = this.#kinds?.get(idAt(bytes, start)) ?? OBJECT;
    if (kind < 0) throw new Error(`byte ${start}: a pointer to no keys`);
    return kind;
  }

  leadsToPrimitive(bytes: Buffer, start: number): boolean {
    return this.#kinds?.get(idAt(bytes, start)) === PRIMITIVE;
  }

  /** msgpackr numbers them. Others could be chosen to be slow in its Map; so could they here, but for the bound above. */
  finish(): void {
    if (this.size !== this.#highest) throw new Error('the ids are not numbered from 1 on');
  }

  #add(bytes: Buffer, at: number, kind: number): void {
    this.#kinds ??= new Map();
    const id = idAt(bytes, at);
    // Each takes six bytes.
    if (id === 0 || id > bytes.length / 6 || this.#kinds.has(id)) {
      throw new Error(`byte ${at}: ${id} cannot be an id here`);
    }
    this.#kinds.set(id, kind);
    if (id > this.#highest) this.#highest = id;
  }

  /** Whether it is a number, a BigInt or a longer string, or leads to one. Not all its bytes need to be there. */
  #isPrimitive(bytes: Buffer, at: number): boolean {
    const token = bytes[at] as number;
    if (token === 0xd6) return bytes[at + 1] === 0x70 && this.leadsToPrimitive(bytes, at);
    if (token >= 0xc7 && token <= 0xc9) return bytes[at + 1 + (1 << (token - 0xc7))] === 0x42;
    return token < 0x40 || token >= 0xe0 || (token >= 0xca && token <= 0xdb && token !== 0xd4);
  }
}

function idAt(bytes: Buffer, at: number): number {
  if (bytes.length - at < 6) throw cutShort();
  return bytes.readUInt32BE(at + 2);
}
