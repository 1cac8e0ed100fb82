import type { Act, EpochRecord, Ledger, Publication, RefusedAct, Request } from './messages.js';

/**
 * The upstream's memory. It fences: once an epoch has acted, no older one may. What was published under an epoch
 * ends with it, as in a registry that forgets a client whose connection is lost.
 */
export class Bookkeeper {
  readonly #refused: RefusedAct[] = [];
  readonly #epochs: EpochRecord[] = [];
  readonly #calls = new Set<string>();
  readonly #repeated: string[] = [];
  readonly #slots = new Map<string, Publication>();
  #accepted = 0;
  #publications = 0;

  /** @param at when it arrived. @returns whether it is accepted. */
  act(request: Request, at: number): boolean {
    const { stamp, kind } = request;
    const newest = this.#epochs.at(-1);
    if (newest && stamp.epoch < newest.epoch) {
      this.#refused.push({ ...stamp, kind, newest: newest.epoch, at });
      return false;
    }
    if (newest?.epoch !== stamp.epoch) {
      this.#epochs.push({ epoch: stamp.epoch, pids: [stamp.pid], since: at });
      this.#slots.clear();
    } else if (!newest.pids.includes(stamp.pid)) {
      newest.pids.push(stamp.pid);
    }
    this.#accepted += 1;
    this.#note(request);
    return true;
  }

  ledger(values: Record<string, number>): Ledger {
    return {
      accepted: this.#accepted,
      publications: this.#publications,
      refused: this.#refused,
      epochs: this.#epochs,
      repeated: this.#repeated,
      slots: Object.fromEntries(this.#slots),
      values,
    };
  }

  #note(act: Act): void {
    if (act.kind === 'publish') {
      this.#publications += 1;
      this.#slots.set(act.publication.slot, act.publication);
    } else if (act.kind === 'call' && act.once) {
      if (this.#calls.has(act.call)) this.#repeated.push(act.call);
      this.#calls.add(act.call);
    }
  }
}
