/** ms of the system's steady clock, which is the same for all processes. */
export function now(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** ms */
const TICK = 20;

/**
 * How long this process has been away: stopped, or busy. After a stop, timers and sockets race for the first turn,
 * so what depends on it has to wait until the meter has had its own.
 */
export class LagMeter {
  readonly #timer = setInterval(() => this.#tick(), TICK);
  #waiting: (() => void)[] = [];
  #tickedAt = now();
  /** ms, summed since the beginning. */
  total = 0;

  #tick(): void {
    const at = now();
    this.total += Math.max(0, at - this.#tickedAt - TICK);
    this.#tickedAt = at;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  /** Resolves when all that has been missed so far is in the total. */
  upToDate(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
