/*
 * V8 keeps the entries of a Map or Set in chains, by a hash of the key. For strings it has a seed, objects get a random
 * one; the hash of a number or BigInt is the same in every process. So a peer can send numbers that all fall into one
 * chain, and each has to be compared with all before: a Set of 32,768 BigInts in 590 KB takes more than five seconds.
 *
 * Here the same hashes are taken before the Map is made. They are those of V8's `ComputeUnseededHash` and
 * `ComputeLongHash` (src/utils/utils.h, src/base/hashing.h), as Node 20 to 26 have them; the test has keys that these
 * functions find equal, and measures that V8 is slow with them. Should V8 change them, ordinary keys still spread.
 */

/** How many comparisons a key may take on average. By chance it is less than one. */
const MAX_COMPARISONS = 8;
/** What keys may be in one Map or Set whose hashes cannot be told. */
const MAX_UNKNOWN = 256;
/** So many hashes are kept room for from one value to the next. */
const KEPT = 4096;

/** The keys that a peer can choose the hashes of, by Map or Set; these may lie within each other. */
export class KeyLoad {
  #hashes = new Uint32Array(0);
  #length = 0;
  #unknown = 0;
  #opened: { from: number; unknownAround: number }[] = [];

  /** Forgets what was left open. */
  reset(): void {
    this.#opened = [];
    this.#unknown = 0;
    this.#cut(0);
  }

  /** The keys that follow, up to its `close`, are those of one Map or Set. */
  open(): void {
    this.#opened.push({ from: this.#length, unknownAround: this.#unknown });
    this.#unknown = 0;
  }

  add(hash: number): void {
    if (this.#length === this.#hashes.length) {
      const hashes = new Uint32Array(Math.max(256, 2 * this.#length));
      hashes.set(this.#hashes);
      this.#hashes = hashes;
    }
    this.#hashes[this.#length++] = hash;
  }

  /** @throws Error where there are too many of these */
  addUnknown(): void {
    if (++this.#unknown > MAX_UNKNOWN) throw slow(this.#unknown);
  }

  /** @throws Error where too many of the keys fall into one chain */
  close(): void {
    const opened = this.#opened.pop();
    if (!opened) return;
    this.#unknown = opened.unknownAround;
    const count = this.#length - opened.from;
    const comparisons = countComparisons(this.#hashes.subarray(opened.from, this.#length));
    this.#cut(opened.from);
    if (comparisons > MAX_COMPARISONS * count) throw slow(count);
  }

  #cut(length: number): void {
    this.#length = length;
    if (length === 0 && this.#hashes.length > KEPT) this.#hashes = new Uint32Array(0);
  }
}

function slow(count: number): Error {
  return new Error(`${count} keys of a Map or Set were chosen such that it would be slow`);
}

/** As V8 has them: one chain for two keys, twice as many when these are full. */
function countComparisons(hashes: Uint32Array): number {
  let comparisons = 0;
  let chains = new Uint32Array(2);
  for (let added = 0; added < hashes.length; added++) {
    if (added === 2 * chains.length) {
      chains = new Uint32Array(added);
      for (let n = 0; n < added; n++) (chains[(hashes[n] as number) & (added - 1)] as number)++;
    }
    const chain = (hashes[added] as number) & (chains.length - 1);
    comparisons += chains[chain] as number;
    (chains[chain] as number)++;
  }
  return comparisons;
}

export function hashNumber(value: number): number {
  return value === (value | 0) ? hashInteger(value) : hashDouble(value);
}

/** Of 32 bits, with a sign. */
function hashInteger(value: number): number {
  let hash = (~value + (value << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  hash ^= hash >>> 16;
  return hash & 0x3fff_ffff;
}

const double = new DataView(new ArrayBuffer(8));

function hashDouble(value: number): number {
  double.setFloat64(0, value);
  return hashLong(double.getUint32(0), double.getUint32(4));
}

/** Of 64 bits, in two words. V8 takes it of a double's bits, and of the lowest 64 bits of a BigInt without its sign. */
export function hashLong(highWord: number, lowWord: number): number {
  // key * (2^18 - 1) - 1, written as ~key + (key << 18)
  let sum = (~lowWord >>> 0) + ((lowWord << 18) >>> 0);
  let high = (~highWord + ((highWord << 18) | (lowWord >>> 14)) + (sum > 0xffff_ffff ? 1 : 0)) | 0;
  let low = sum | 0;
  // hash ^= hash >> 31; hash *= 21
  low ^= (high << 1) | (low >>> 31);
  high ^= high >>> 31;
  sum = (low >>> 0) * 21;
  high = (Math.imul(high, 21) + Math.floor(sum / 0x1_0000_0000)) | 0;
  low = sum | 0;
  // hash ^= hash >> 11; hash *= 65
  low ^= (high << 21) | (low >>> 11);
  high ^= high >>> 11;
  sum = (low >>> 0) * 65;
  high = (Math.imul(high, 65) + Math.floor(sum / 0x1_0000_0000)) | 0;
  low = sum | 0;
  // hash ^= hash >> 22, of which only the lowest 30 bits are used
  return (low ^ ((high << 10) | (low >>> 22))) & 0x3fff_ffff;
}
