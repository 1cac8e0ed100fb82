/** Objects that have the same keys in the same order. */
export interface Kind {
  readonly keys: readonly string[];
  /** What the first of them in a payload begins with, once that was written twice: how many keys there are, and the keys. */
  head: Buffer | undefined;
  /** Number of the payload that it was met in last, 0 for none, and its own number there. */
  payload: number;
  number: number;
}

/** Objects with more keys are seldom of a kind. */
const MAX_KEYS = 1024;
/** The keys that are remembered have so many characters at most; then all are forgotten, and come back if still in use. */
const MAX_CHARACTERS = 64 * 1024;
/** Of kinds with the same first key so many are remembered, as each is looked at. */
const MAX_ALIKE = 16;

/** The kinds of the objects that a writer has met of late, whatever the payload: it keeps nothing of objects but keys. */
export class Kinds {
  /** By the first key. */
  readonly #known = new Map<string | undefined, Kind[]>();
  /** Of all keys that are known, and one for each kind. */
  #characters = 0;
  #last: Kind | undefined;

  /** @returns undefined: it has too many keys, or too long ones, or has inherited some, so that it goes by itself. */
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
    if (keys.length > MAX_KEYS) return undefined;
    const characters = keys.reduce((sum, key) => sum + key.length, 1);
    const kind: Kind = { keys, head: undefined, payload: 0, number: 0 };
    if (characters > MAX_CHARACTERS || !isOf(kind, values)) return undefined;
    this.#characters += characters;
    if (this.#characters > MAX_CHARACTERS) {
      this.#characters = characters;
      this.#known.clear();
    }
    const others = this.#known.get(keys[0]);
    if (!others) this.#known.set(keys[0], [kind]);
    else if (others.unshift(kind) > MAX_ALIKE) others.pop();
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
