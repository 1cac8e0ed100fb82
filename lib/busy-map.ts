/** After so many deletions the entries move to a new Map, if they are fewer than that. */
const DELETIONS = 4096;

/**
 * A Map for entries that come and go quickly. When a Map's table is full of what was deleted, V8 makes a new one, to
 * which the old one leads; once one of them has grown old, all that was ever in a later one is kept until the next full
 * collection: calls become ten times slower. A new Map now and then is always young.
 */
export class BusyMap<K, V> {
  #map = new Map<K, V>();
  #deletions = 0;

  get size(): number {
    return this.#map.size;
  }

  get(key: K): V | undefined {
    return this.#map.get(key);
  }

  has(key: K): boolean {
    return this.#map.has(key);
  }

  set(key: K, value: V): void {
    this.#map.set(key, value);
  }

  /** @returns whether it was there. */
  delete(key: K): boolean {
    const wasThere = this.#map.delete(key);
    this.#deletions += 1;
    if (this.#deletions >= DELETIONS) {
      this.#deletions = 0;
      if (this.#map.size < DELETIONS) this.#map = new Map(this.#map);
    }
    return wasThere;
  }

  /** In the order in which they were set. What is deleted meanwhile may still come. */
  values(): IterableIterator<V> {
    return this.#map.values();
  }

  clear(): void {
    this.#map = new Map();
  }
}
