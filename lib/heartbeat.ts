/**
 * Is the peer alive? Any frame is a sign of life. This end says something at least once per interval, so that
 * the other end can ask the same question; a peer that was silent for `misses` intervals is dead.
 *
 * A tick that comes late means that this process, not the peer, was away: the time is not held against the peer,
 * whose frames may wait in a socket that we have not read yet. Knows no socket and no timer of its own.
 */
export interface HeartbeatOptions {
  /** ms between two ticks. */
  interval: number;
  /** Silent intervals until the peer is dead. Default 3. */
  misses?: number | undefined;
  /** Says something to the peer. */
  beat(): void;
  /** The peer was silent for so many ms, in which a tick of our own was late by so many at most. Called once. */
  dead(silentFor: number, worstLag: number): void;
}

export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #heardAt: number;
  #tickedAt: number;
  /** Of the ticks since the peer was heard. ms */
  #worstLag = 0;
  #dead = false;

  constructor(options: HeartbeatOptions, now: number) {
    this.#options = options;
    this.#heardAt = now;
    this.#tickedAt = now;
  }

  /** A frame has come. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#worstLag = 0;
  }

  /** Whether the peer has missed a beat: it may be stuck. */
  isLate(now: number): boolean {
    return now - this.#heardAt > 1.5 * this.#options.interval;
  }

  /** To be called every interval. */
  tick(now: number): void {
    if (this.#dead) return;
    const { interval, misses = 3, beat, dead } = this.#options;
    const late = now - this.#tickedAt - interval;
    this.#tickedAt = now;
    this.#worstLag = Math.max(this.#worstLag, late);
    if (late > interval / 2) this.#heardAt = Math.min(now, this.#heardAt + late);
    // Half an interval of tolerance: ticks and beats have the same period and would race at the very limit.
    if (now - this.#heardAt > (misses + 0.5) * interval) {
      this.#dead = true;
      dead(Math.round(now - this.#heardAt), Math.round(this.#worstLag));
      return;
    }
    beat();
  }
}
