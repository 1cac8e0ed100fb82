import type { Ledger, Progress } from './messages.js';
import type { ChaosEvent } from './schedule.js';

/** What a run consisted of. */
export class Tally {
  readonly #events = new Map<string, number>();
  readonly #skipped = new Map<string, number>();
  readonly #calls = new Map<string, number>();
  values = 0;
  #memory = 0;

  get answers(): number {
    return this.#calls.get('value') ?? 0;
  }

  /** @param isDone false: the victim was in no state for it. */
  event({ kind }: ChaosEvent, isDone: boolean): void {
    add(isDone ? this.#events : this.#skipped, kind, 1);
  }

  progress({ calls, values, memory }: Progress): void {
    for (const [outcome, count] of Object.entries(calls)) add(this.#calls, outcome, count);
    this.values += values;
    this.#memory = Math.max(this.#memory, memory);
  }

  summary({ epochs, accepted, refused, publications }: Ledger): string {
    return [
      `events: ${list(this.#events)} (skipped: ${list(this.#skipped)})`,
      `calls: ${list(this.#calls)}`,
      `${epochs.length - 1} leader changes`,
      `${publications} publications`,
      `${this.values} values`,
      `${accepted} acts accepted, ${refused.length} refused`,
      `${this.#memory} MB at most`,
    ].join('; ');
  }
}

function add(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}

function list(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${count} ${name}`).join(', ') || 'none';
}
