import { limitError } from './errors.js';
import { compareRanks, type Rank } from './publications.js';

/** How long replays of several publishers are collected before they are applied, in order. ms */
const WINDOW = 50;

export interface ReplaysOptions {
  epoch: number;
  /** Calls the real client, at once; resolves when it is done. */
  apply(reg: unknown): Promise<void>;
  /** An application that nobody waits for has failed. */
  onError(error: unknown): void;
}

interface Entry {
  readonly reg: unknown;
  readonly rank: Rank;
  /** Who waits for it to be applied the first time. */
  wait: { resolve(): void; reject(error: unknown): void } | undefined;
}

/**
 * The publications of one leader's publishers, in the order of their ranks, which is that of the acknowledgements
 * by this and earlier leaders.
 *
 * After a change of leader the publishers replay what they have published, each at its own time. So replays are
 * collected for a while, then applied by rank; and whatever of a higher rank was applied before is applied again
 * after them, once: the end is as if all had come in order. Publishing must therefore be idempotent.
 */
export class Replays {
  readonly #options: ReplaysOptions;
  /** By publisher, then by key. A publisher that has gone takes its own with it. */
  readonly #entries = new Map<object, Map<string, Entry>>();
  #sequence = 0;
  /** Lowest rank of what is being collected. */
  #from: Rank | undefined;
  #window: NodeJS.Timeout | undefined;

  constructor(options: ReplaysOptions) {
    this.#options = options;
  }

  /**
   * @param rank epoch 0, or that of an earlier acknowledgement.
   * @param maxKeys how many distinct ones the publisher may have.
   * @returns the rank to be acknowledged, once it is applied.
   * @throws (rejects with) what the real client fails with; ClusterError ERR_CLUSTER_LIMIT
   */
  async publish(publisher: object, key: string, reg: unknown, rank: Rank, maxKeys = Infinity): Promise<Rank> {
    const { epoch } = this.#options;
    const present = this.#entries.get(publisher);
    if (present && present.size >= maxKeys && !present.has(key))
      throw limitError('maxKeysPerLink', maxKeys, 'keys that one follower publishes');
    const isReplay = rank.epoch > 0;
    const entry: Entry = {
      reg,
      rank: isReplay ? rank : { epoch, sequence: ++this.#sequence },
      wait: undefined,
    };
    this.#put(publisher, key, entry);
    if (isReplay) this.#collect(rank);
    try {
      if (this.#from === undefined) {
        await this.#options.apply(reg);
      } else {
        await new Promise<void>((resolve, reject) => {
          entry.wait = { resolve, reject };
        });
      }
    } catch (error) {
      this.#drop(publisher, key, entry);
      throw error;
    }
    return entry.rank;
  }

  forget(publisher: object): void {
    for (const entry of this.#entries.get(publisher)?.values() ?? []) entry.wait?.resolve();
    this.#entries.delete(publisher);
  }

  close(): void {
    clearTimeout(this.#window);
    this.#from = undefined;
    for (const publisher of this.#entries.keys()) this.forget(publisher);
  }

  /** An equal publication of the same publisher is replaced: it has been published anew since. */
  #put(publisher: object, key: string, entry: Entry): void {
    let entries = this.#entries.get(publisher);
    if (!entries) {
      entries = new Map();
      this.#entries.set(publisher, entries);
    }
    entries.get(key)?.wait?.resolve();
    entries.set(key, entry);
  }

  /** It was refused: so it is not applied again either. */
  #drop(publisher: object, key: string, entry: Entry): void {
    const entries = this.#entries.get(publisher);
    if (entries?.get(key) === entry) entries.delete(key);
  }

  #collect(rank: Rank): void {
    if (this.#from === undefined) this.#window = setTimeout(() => this.#flush(this.#from as Rank), WINDOW);
    if (this.#from === undefined || compareRanks(rank, this.#from) < 0) this.#from = rank;
  }

  /** In one go: the real client is called in this order, however long each call takes. */
  #flush(from: Rank): void {
    this.#from = undefined;
    const due = [...this.#entries.values()]
      .flatMap((entries) => [...entries.values()])
      .filter(({ rank }) => compareRanks(rank, from) >= 0)
      .sort((a, b) => compareRanks(a.rank, b.rank));
    for (const entry of due) {
      const { wait } = entry;
      entry.wait = undefined;
      this.#options.apply(entry.reg).then(wait?.resolve, wait?.reject ?? this.#options.onError);
    }
  }
}
