/** What the listeners of one member hear: per key, under one epoch, never an older value after a newer one. */
export class Values {
  readonly #last = new Map<string, { n: number; epoch: number | undefined }>();
  readonly #violation: (text: string) => void;
  #count = 0;

  constructor(violation: (text: string) => void) {
    this.#violation = violation;
  }

  heard(key: string, n: number, epoch: number | undefined): void {
    const last = this.#last.get(key);
    if (last && last.epoch === epoch && n < last.n) {
      this.#violation(`key ${key} went back from ${last.n} to ${n} under epoch ${epoch}`);
    }
    this.#last.set(key, { n, epoch });
    this.#count += 1;
  }

  /** The last one of each key. */
  get newest(): Record<string, number> {
    return Object.fromEntries([...this.#last].map(([key, { n }]) => [key, n]));
  }

  /** How many came since the last time. */
  takeCount(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }
}
