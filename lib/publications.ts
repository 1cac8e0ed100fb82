/**
 * Where a publication stands in the order of all: given with its first acknowledgement, by the leader of that epoch,
 * and kept for good. Epoch 0: not acknowledged yet.
 */
export interface Rank {
  readonly epoch: number;
  readonly sequence: number;
}

export const UNRANKED: Rank = { epoch: 0, sequence: 0 };

export function compareRanks(a: Rank, b: Rank): number {
  const epoch = ({ epoch }: Rank) => epoch || Infinity;
  return epoch(a) === epoch(b) ? a.sequence - b.sequence : epoch(a) - epoch(b);
}

/** One `publish` that has to hold, also under the next leader. */
export class Publication {
  readonly key: string;
  readonly reg: unknown;
  rank = UNRANKED;
  /** The present leader has not answered yet. */
  isPending = true;

  constructor(key: string, reg: unknown) {
    this.key = key;
    this.reg = reg;
  }

  acknowledged(rank: Rank): void {
    this.rank = rank;
    this.isPending = false;
  }

  /** The present leader's real client refused it; the next leader is asked again. */
  failed(): void {
    this.isPending = false;
  }
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

  /** How many the present leader has not answered. */
  get pending(): number {
    return [...this.#publications.values()].filter(({ isPending }) => isPending).length;
  }

  add(key: string, reg: unknown): Publication {
    const publication = new Publication(key, reg);
    // Deleted first, so that it comes after what was published since the last time.
    this.#publications.delete(key);
    this.#publications.set(key, publication);
    return publication;
  }

  /** For a new leader. In the order in which they were acknowledged, then those that were not, as published. */
  again(): Publication[] {
    const all = [...this.#publications.values()].sort((a, b) => compareRanks(a.rank, b.rank));
    for (const publication of all) publication.isPending = true;
    return all;
  }

  clear(): void {
    this.#publications.clear();
  }
}
