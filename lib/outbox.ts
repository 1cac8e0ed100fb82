import { HEADER_LENGTH, MAX_OPEN_MESSAGES } from '../protocol/constants.js';
import { type Frame, joinFrames } from '../protocol/frame.js';
import { slice } from '../protocol/slices.js';
import type { Link } from './transport.js';

/** What is sent within one tick beyond this has to wait for the next: 1 MiB. */
const MAX_BATCH_BYTES = 1024 * 1024;

/**
 * Of long messages so much is under way before the peer is asked how far it has got, and twice that at most. The system
 * would take many MiB, behind which whatever is sent next would have to wait.
 */
const STRETCH_BYTES = 512 * 1024;
/** The same where other messages pass too, as long as the last of them is not so many stretches ago. */
const SHORT_STRETCH_BYTES = 128 * 1024;
const SHORT_STRETCHES = 16;
const MAX_STRETCHES = 2;

/** What is left of a message that does not fit one frame, and those of its type that must not overtake it. */
interface LongMessage {
  type: string;
  frames: Frame[];
  /** Of the message as a whole. */
  bytes: number;
}

export interface Outgoing {
  /** Type of its message. */
  type: string;
  /** It must not overtake a long message of its type. */
  isOrdered: boolean;
  /** It does not fit one frame, and travels in slices. */
  isLong: boolean;
}

export interface OutboxEvents {
  /** What could not be taken at once has been taken. */
  drained(): void;
  /** @returns what the peer answers once it has come to it. */
  mark(mark: number): Frame;
}

/**
 * What leaves on a link: all of one tick in one write, and of long messages a slice whenever the link has room, so that
 * they hold up nothing else.
 */
export class Outbox {
  /** The most that the peer puts together at a time. */
  maxMessageBytes: number;
  readonly #link: Link;
  /** Frames of this tick, to be handed to the link in one write. */
  #out: Frame[] = [];
  #outBytes = 0;
  #isFlushScheduled = false;
  #isBackedUp = false;
  /** This tick's buffers are enough for now. */
  #isFull = false;
  #isStopped = false;
  /** Those of which a slice is written in turn. */
  readonly #long: LongMessage[] = [];
  #longBytes = 0;
  readonly #events: OutboxEvents;
  /** Bytes since the last mark. */
  #stretch = 0;
  /** So many stretches are short. */
  #short = 0;
  #marks = 0;
  /** The last one that the peer has come to. */
  #reached = 0;
  #isUnmarked = false;

  constructor(link: Link, maxMessageBytes: number, events: OutboxEvents) {
    this.#link = link;
    this.maxMessageBytes = maxMessageBytes;
    this.#events = events;
  }

  /** False: what is added now waits in memory; `drained` follows. */
  get writable(): boolean {
    const isLate = this.#isBackedUp || this.#isFull || this.#longBytes > this.maxMessageBytes;
    return !this.#isStopped && !isLate;
  }

  /** Nothing is read of the peer, so it cannot tell how far it has got: it is sent as much as the system takes. */
  set isUnmarked(isUnmarked: boolean) {
    this.#isUnmarked = isUnmarked;
    if (isUnmarked) this.#schedule();
  }

  /** The peer has come to that mark. */
  reached(mark: number): void {
    if (mark <= this.#reached || mark > this.#marks) return;
    this.#reached = mark;
    const wasWritable = this.writable;
    this.flush();
    if (!wasWritable && this.writable) this.#events.drained();
  }

  get #mayGoOn(): boolean {
    return !this.#isBackedUp && (this.#isUnmarked || this.#marks - this.#reached < MAX_STRETCHES);
  }

  /** Bytes that wait here for the link, and in the link for the system. */
  get queuedBytes(): number {
    return this.#link.queuedBytes + this.#outBytes + this.#longBytes;
  }

  add(frame: Frame, { type, isOrdered, isLong }: Outgoing): void {
    if (this.#isStopped) return;
    if (isLong || (isOrdered && this.#long.length > 0)) this.#addInTurn(frame, type, isOrdered, isLong);
    else this.#write(frame);
    if (!isLong && type !== 'heartbeat') this.#short = SHORT_STRETCHES;
    this.#schedule();
  }

  #addInTurn(frame: Frame, type: string, isOrdered: boolean, isLong: boolean): void {
    // Of the messages that have no id, only one of a type may be under way in slices.
    const isBehind = isOrdered || frame.id === 0;
    const ahead = isBehind ? this.#long.find((message) => message.type === type) : undefined;
    const frames = isLong ? [...slice(frame)] : [frame];
    if (ahead) {
      ahead.frames.push(...frames);
      ahead.bytes = Math.max(ahead.bytes, frame.application.length);
    } else if (isLong) this.#long.push({ type, frames, bytes: frame.application.length });
    else this.#write(frame);
    if (ahead || isLong) this.#longBytes += frame.application.length;
  }

  /** Writes what was added in this tick, where that is better than to wait for its end. */
  flush(): void {
    while (!this.#isStopped && (this.#out.length > 0 || (this.#long.length > 0 && this.#mayGoOn))) {
      if (this.#out.length === 0) this.#writeSlice();
      const out = this.#out;
      this.#out = [];
      this.#outBytes = 0;
      if (!this.#link.write(joinFrames(out))) this.#isBackedUp = true;
    }
    if (this.#isFull && !this.#isBackedUp) this.goOn();
  }

  /** The link has room again. */
  goOn(): void {
    this.#isBackedUp = false;
    this.#isFull = false;
    this.flush();
    if (this.writable) this.#events.drained();
  }

  /** What has not left is dropped, and what is still added. */
  stop(): void {
    this.#isStopped = true;
    this.#out = [];
    this.#outBytes = 0;
    this.#long.length = 0;
    this.#longBytes = 0;
  }

  #write(frame: Frame): void {
    this.#out.push(frame);
    this.#outBytes += HEADER_LENGTH + frame.connection.length + frame.application.length;
    if (this.#outBytes > MAX_BATCH_BYTES) this.#isFull = true;
  }

  #schedule(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    process.nextTick(() => {
      this.#isFlushScheduled = false;
      this.flush();
    });
  }

  /** One slice of the long message whose turn it is. */
  #writeSlice(): void {
    const message = this.#long.shift();
    const frame = message?.frames.shift();
    if (!message || !frame) return;
    this.#longBytes -= frame.application.length;
    this.#write(frame);
    this.#stretch += frame.application.length;
    if (this.#stretch >= (this.#short > 0 ? SHORT_STRETCH_BYTES : STRETCH_BYTES)) {
      this.#stretch = 0;
      if (this.#short > 0) this.#short -= 1;
      this.#marks += 1;
      this.#write(this.#events.mark(this.#marks));
    }
    if (message.frames.length > 0) this.#long.splice(this.#besides(message), 0, message);
  }

  /** How many long messages take turns with this one: the peer puts together only so many at a time, and so much. */
  #besides(message: LongMessage): number {
    let bytes = message.bytes;
    const first = this.#long.findIndex((other, index) => {
      bytes += other.bytes;
      return bytes > this.maxMessageBytes || index + 1 >= MAX_OPEN_MESSAGES;
    });
    return first < 0 ? this.#long.length : first;
  }
}
