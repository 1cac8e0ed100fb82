import type { Decoder } from '../protocol/decoder.js';
import { EMPTY } from '../protocol/frame.js';
import type { Link } from './transport.js';

/** How long one link is served in a row; then the others have their turn. ms */
const TURN = 5;
/** Frames between two looks at the clock. What their promises lead to has then been done, and counts as well. */
const FRAMES_A_LOOK = 32;

/**
 * Takes what comes on a link, a turn at a time, so that whoever sends much holds up nobody else. Meanwhile the link is
 * not read: what waits here is no more than it hands out at once.
 */
export class Intake {
  readonly #link: Link;
  readonly #decoder: Decoder;
  readonly #failed: (error: Error) => void;
  /** What has come and has not been taken. */
  #rest: Buffer = EMPTY;
  /** Since the last look. */
  #frames = 0;
  #lookedAt = 0;
  /** ms of this turn. */
  #left = TURN;
  /** The turn is over; this begins the next. */
  #next: NodeJS.Immediate | undefined;
  #isPaused = false;
  #isLinkPaused = false;
  #done: (() => void) | undefined;

  /** @param failed what has come cannot be taken. */
  constructor(link: Link, decoder: Decoder, failed: (error: Error) => void) {
    this.#link = link;
    this.#decoder = decoder;
    this.#failed = failed;
  }

  add(chunk: Buffer): void {
    this.#rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    this.#begin();
  }

  /** To be called with each frame, by whoever the decoder hands it to. */
  count(): void {
    this.#frames += 1;
    if (this.#frames >= FRAMES_A_LOOK) this.#decoder.pause();
  }

  /** Nothing more is taken until `resume`, not what has come already either. */
  pause(): void {
    // What came before the end is taken: nobody would resume it.
    if (this.#done) return;
    this.#isPaused = true;
    this.#decoder.pause();
    this.#pauseLink();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#rest.length > 0) queueMicrotask(() => this.#begin());
    else this.#taken();
  }

  /** Nothing more will come. @param done all that came has been taken. */
  end(done: () => void): void {
    this.#done = done;
    this.#isPaused = false;
    this.#begin();
  }

  /** What has not been taken is dropped, and what still comes. */
  stop(): void {
    this.#decoder.stop();
    this.#rest = EMPTY;
    clearImmediate(this.#next);
    this.#next = undefined;
  }

  get #isHeld(): boolean {
    return this.#isPaused || this.#next !== undefined;
  }

  #begin(): void {
    this.#lookedAt = performance.now();
    this.#take();
  }

  #take(): void {
    if (this.#isHeld) return;
    this.#frames = 0;
    try {
      this.#rest = this.#rest.subarray(this.#decoder.push(this.#rest));
    } catch (error) {
      this.#rest = EMPTY;
      this.#failed(error as Error);
    }
    this.#look();
    if (this.#rest.length === 0) this.#taken();
    else queueMicrotask(() => this.#take());
  }

  /** Is the turn over? */
  #look(): void {
    const now = performance.now();
    this.#left -= now - this.#lookedAt;
    this.#lookedAt = now;
    if (this.#left > 0) return;
    this.#pauseLink();
    this.#next = setImmediate(() => {
      this.#next = undefined;
      this.#left = TURN;
      this.#begin();
    });
  }

  #taken(): void {
    if (this.#done) {
      this.#done();
    } else if (this.#isLinkPaused && !this.#isHeld) {
      this.#isLinkPaused = false;
      this.#link.resume();
    }
  }

  #pauseLink(): void {
    if (!this.#isLinkPaused) this.#link.pause();
    this.#isLinkPaused = true;
  }
}
