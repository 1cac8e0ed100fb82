/** One `publish` that has to hold, also under the next leader. */
export interface Publication {
  readonly key: string;
  readonly reg: unknown;
  /** Of its acknowledgement; 0 before. */
  epoch: number;
  sequence: number;
}

/**
 * What one client has published, over all changes of leader: every distinct reg once, the latest of two equal
 * ones. Publishing must be idempotent, as each new leader is told all of it again.
 */
export class Publications {
  readonly #publications = new Map<string, Publication>();

  get size(): number {
    return this.#publications.size;
  }

  add(key: string, reg: unknown): Publication {
    const publication: Publication = { key, reg, epoch: 0, sequence: 0 };
    // Deleted first, so that it comes after what was published since the last time.
    this.#publications.delete(key);
    this.#publications.set(key, publication);
    return publication;
  }

  /** In the order in which they were acknowledged, then those that were not, in the order of publishing. */
  inOrder(): Publication[] {
    const rank = ({ epoch }: Publication) => epoch || Infinity;
    return [...this.#publications.values()].sort((a, b) =>
      rank(a) === rank(b) ? a.sequence - b.sequence : rank(a) - rank(b),
    );
  }

  clear(): void {
    this.#publications.clear();
  }
}
