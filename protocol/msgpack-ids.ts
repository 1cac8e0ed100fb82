import { tooManyItems } from './limits.js';
import { cutShort, lengthAt } from './msgpack-tokens.js';

/** More than one id is on a value only where a `toJSON` has returned an object that occurs elsewhere as well. */
const MAX_IDS_OF_A_VALUE = 3;

const OBJECT = -2;
/** Of what a `toJSON` has returned. */
const PRIMITIVE = -1;

/** Of what a pointer leads to, for one item: about the memory of one. */
const ITEM_BYTES = 64;

interface Target {
  /** From 0 on, the keys of a record, and how many. */
  readonly kind: number;
  /** What each pointer to it counts for. While it is open a pointer to it closes a circle, and no walk goes on there. */
  items: number;
}

/** A container with an id whose values are not all there yet. */
interface Open {
  readonly target: Target;
  readonly depth: number;
  readonly start: number;
  readonly itemsBefore: number;
}

/**
 * The ids of one payload: `d6 69` and four bytes before a value, `d6 70` and the same four where it occurs again.
 * msgpackr would also follow pointers to nothing, and copies a circular value once for each of its ids.
 *
 * A pointer is one more way to its target, and counts for all that it leads to: to whoever walks a value as a tree, 500
 * bytes could else be 2^40 numbers. So a payload stands for as many items as such a walk meets.
 */
export class Ids {
  /** What pointers count for, besides the one item that each is by itself. Never much above `maxItems`. */
  items = 0;
  readonly #maxItems: number;
  #targets: Map<number, Target> | undefined;
  #highest = 0;
  /** That of the value that `read` was asked for last. */
  #target: Target | undefined;
  #open: Open[] = [];

  constructor(maxItems: number) {
    this.#maxItems = maxItems;
  }

  /** Of the innermost container with an id whose values are not all there yet, -1 if there is none. */
  get depth(): number {
    return this.#open.at(-1)?.depth ?? -1;
  }

  get size(): number {
    return this.#targets?.size ?? 0;
  }

  /** Before each payload. */
  reset(): void {
    if (this.#targets === undefined) return;
    this.#targets = undefined;
    this.#highest = 0;
    this.#open = [];
    this.items = 0;
  }

  /** @returns where the value begins that has the ids which begin at `start` */
  read(bytes: Buffer, start: number): number {
    let at = start;
    while (bytes[at] === 0xd6 && bytes[at + 1] === 0x69) at += 6;
    if (at - start > MAX_IDS_OF_A_VALUE * 6) throw new Error(`byte ${start}: too many ids of one value`);
    const target = this.#targetAt(bytes, at);
    for (let id = start; id < at; id += 6) this.#add(bytes, id, target);
    this.#target = target;
    return at;
  }

  /** The value that `read` was asked for last is a container, whose values follow. */
  enter(depth: number, start: number, itemsBefore: number): void {
    if (this.#target === undefined) return;
    this.#open.push({ target: this.#target, depth, start, itemsBefore: itemsBefore + this.items });
  }

  /** The innermost one is complete. */
  leave(items: number, end: number): void {
    const open = this.#open.pop();
    if (open === undefined) return;
    const bytes = Math.floor((end - open.start) / ITEM_BYTES);
    open.target.items = items + this.items - open.itemsBefore + bytes;
  }

  /** The id at `start` is one of the `count` keys that follow it. */
  readKeys(bytes: Buffer, start: number, count: number): void {
    this.#add(bytes, start, { kind: count, items: 1 });
  }

  /** @throws Error where the pointer leads to no value that has begun before it; RangeError beyond `maxItems` */
  followPointer(bytes: Buffer, start: number): void {
    const target = this.#targets?.get(idAt(bytes, start));
    if (target === undefined || target.kind >= 0) throw new Error(`byte ${start}: a pointer to nothing`);
    this.items += target.items - 1;
    if (this.items > this.#maxItems) throw tooManyItems(this.#maxItems);
  }

  /** How many keys the pointer leads to. @throws Error where it leads to anything else */
  checkKeysPointer(bytes: Buffer, start: number): number {
    const kind = this.#targets?.get(idAt(bytes, start))?.kind ?? OBJECT;
    if (kind < 0) throw new Error(`byte ${start}: a pointer to no keys`);
    return kind;
  }

  leadsToPrimitive(bytes: Buffer, start: number): boolean {
    return this.#targets?.get(idAt(bytes, start))?.kind === PRIMITIVE;
  }

  /** msgpackr numbers them. Others could be chosen to be slow in its Map; so could they here, but for the bound above. */
  finish(): void {
    if (this.size !== this.#highest) throw new Error('the ids are not numbered from 1 on');
  }

  #add(bytes: Buffer, at: number, target: Target): void {
    this.#targets ??= new Map();
    const id = idAt(bytes, at);
    // Each takes six bytes.
    if (id === 0 || id > bytes.length / 6 || this.#targets.has(id)) {
      throw new Error(`byte ${at}: ${id} cannot be an id here`);
    }
    this.#targets.set(id, target);
    if (id > this.#highest) this.#highest = id;
  }

  /** Not all bytes of the value need to be there. Of a pointer: what it leads to. */
  #targetAt(bytes: Buffer, at: number): Target {
    const known = isPointer(bytes, at) ? this.#targets?.get(idAt(bytes, at)) : undefined;
    if (known !== undefined) return known;
    const kind = this.#isPrimitive(bytes, at) ? PRIMITIVE : OBJECT;
    return { kind, items: 1 + Math.floor(lengthOfBytes(bytes, at) / ITEM_BYTES) };
  }

  /** Whether it is a number, a BigInt or a longer string. */
  #isPrimitive(bytes: Buffer, at: number): boolean {
    const token = bytes[at] as number;
    if (token >= 0xc7 && token <= 0xc9) return bytes[at + 1 + (1 << (token - 0xc7))] === 0x42;
    return token < 0x40 || token >= 0xe0 || (token >= 0xca && token <= 0xdb && token !== 0xd4);
  }
}

function isPointer(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xd6 && bytes[at + 1] === 0x70;
}

/** Of what is told by its length in bytes: a Buffer, an extension, a longer string. */
function lengthOfBytes(bytes: Buffer, at: number): number {
  const token = bytes[at] as number;
  if (token >= 0xc4 && token <= 0xc9) return lengthAt(bytes, at + 1, 1 << ((token - 0xc4) % 3));
  return token >= 0xd9 && token <= 0xdb ? lengthAt(bytes, at + 1, 1 << (token - 0xd9)) : 0;
}

function idAt(bytes: Buffer, at: number): number {
  if (bytes.length - at < 6) throw cutShort();
  return bytes.readUInt32BE(at + 2);
}
