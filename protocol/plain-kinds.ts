/** Objects that have the same keys in the same order. */
export interface Kind {
  readonly keys: readonly string[];
  /** What the first of them in a payload begins with, once it was written: how many keys there are, and the keys. */
  head: Buffer | undefined;
  /** Of the payload that it was met in last, and its number there. */
  payload: number;
  number: number;
}

/** So many are remembered; then all are forgotten, and those that are still in use come back. */
const MAX_KNOWN = 256;
/** Objects with more keys are seldom of a kind. */
const MAX_KEYS = 64;

/** The kinds of the objects that a writer has met of late, whatever the payload: it keeps nothing of objects but keys. */
export class Kinds {
  /** By the first key. */
  readonly #known = new Map<string | undefined, Kind[]>();
  #size = 0;
  #last: Kind | undefined;

  /** @returns undefined: it has too many keys, or has inherited some, so that it goes by itself. */
  of(values: Record<string, unknown>): Kind | undefined {
    const last = this.#last;
    if (last && isOf(last, values)) return last;
    const kind =
      this.#known.get(firstKey(values))?.find((one) => isOf(one, values)) ?? this.#remember(values);
    this.#last = kind;
    return kind;
  }

  #remember(values: Record<string, unknown>): Kind | undefined {
    const keys = Object.keys(values);
    if (keys.length > MAX_KEYS || keys[0] !== firstKey(values)) return undefined;
    const kind: Kind = { keys, head: undefined, payload: 0, number: 0 };
    if (!isOf(kind, values)) return undefined;
    if (this.#size === MAX_KNOWN) {
      this.#size = 0;
      this.#known.clear();
    }
    this.#size += 1;
    const others = this.#known.get(keys[0]);
    if (others) others.push(kind);
    else this.#known.set(keys[0], [kind]);
    return kind;
  }
}

function firstKey(values: Record<string, unknown>): string | undefined {
  for (const key in values) return key;
  return undefined;
}

function isOf({ keys }: Kind, values: Record<string, unknown>): boolean {
  let n = 0;
  for (const key in values) if (keys[n++] !== key) return false;
  return n === keys.length;
}
