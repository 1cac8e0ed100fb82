import { Flag, MAX_MESSAGE_BYTES, MAX_OPEN_MESSAGES, MAX_WHOLE_BYTES, SLICE_BYTES } from './constants.js';
import { ClusterError, protocolError } from './errors.js';
import { changed, EMPTY, type Frame } from './frame.js';

/*
 * A message that does not fit one frame travels in slices: frames of the same type, kind and id, of which the first has
 * the connection part and the timeout, the others the length of the whole in the timeout's place; each but the last has
 * Flag.more, and their application parts add up. Other frames may come between them, so a long message holds up nobody.
 */

export function needsSlices(frame: Frame): boolean {
  return frame.connection.length + frame.application.length > MAX_WHOLE_BYTES;
}

/** The slices of a frame that is too long for one, in order; made one at a time, uncopied. */
export function* slice(frame: Frame): Generator<Frame, void, void> {
  const { application } = frame;
  for (let start = 0; start < application.length; start += SLICE_BYTES) {
    const end = Math.min(start + SLICE_BYTES, application.length);
    yield changed(frame, {
      flags: end < application.length ? frame.flags | Flag.more : frame.flags,
      // Who knows how long it will be has one buffer for it, and copies nothing twice.
      timeout: start === 0 ? frame.timeout : application.length,
      connection: start === 0 ? frame.connection : EMPTY,
      application: application.subarray(start, end),
    });
  }
}

/** So many slices of a message may be as small as they like; what is kept for each of them adds up. */
const SMALL_SLICES = 64;
/** The others have so many bytes on average, or more. */
const MIN_SLICE_BYTES = 4096;

interface OpenMessage {
  readonly first: Frame;
  slices: number;
  /** Bytes of it that have come. */
  length: number;
  /** Of the length that the second slice says. */
  whole: Buffer;
}

/** Puts slices together again. One for each link and direction. */
export class Assembler {
  /** The most that all that is incomplete may add up to. May be changed at any time; holds from the next slice on. */
  maxMessageBytes: number;
  readonly #maxMessages: number;
  readonly #open = new Map<string, OpenMessage>();
  #held = 0;

  /** @param options.maxMessages how many messages may be incomplete at once. Default 64. */
  constructor(options: { maxMessageBytes?: number; maxMessages?: number } = {}) {
    this.maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
    this.#maxMessages = options.maxMessages ?? MAX_OPEN_MESSAGES;
  }

  /**
   * The frame itself where it is whole, the assembled frame with the last slice, `undefined` before.
   * @throws ClusterError ERR_CLUSTER_MESSAGE_TOO_LARGE, before anything that goes over the limit is kept;
   *   ERR_CLUSTER_PROTOCOL where the slices are not as long as they say.
   */
  add(frame: Frame): Frame | undefined {
    const more = (frame.flags & Flag.more) !== 0;
    if (!more && this.#open.size === 0) return frame;
    const name = `${frame.type}/${frame.kind}/${frame.id}`;
    const open = this.#open.get(name);
    if (!open && !more) return frame;
    const { application } = frame;
    if (!open) {
      if (this.#open.size >= this.#maxMessages) {
        throw new ClusterError(
          'ERR_CLUSTER_MESSAGE_TOO_LARGE',
          `more than ${this.#maxMessages} messages arrive in slices`,
        );
      }
      this.#hold(application.length);
      this.#open.set(name, { first: frame, slices: 1, length: application.length, whole: EMPTY });
      return undefined;
    }
    const { first } = open;
    const said = frame.timeout;
    const start = open.length;
    const length = start + application.length;
    const isOther = open.slices > 1 && said !== open.whole.length;
    if (isOther || length > said || (!more && length < said))
      throw protocolError(`slices of ${length} bytes${more ? ' and more' : ''}, of a message of ${said}`);
    if (open.slices + 1 > SMALL_SLICES + length / MIN_SLICE_BYTES)
      throw protocolError(`a message of ${said} bytes came in more than ${open.slices} slices`);
    if (open.slices === 1) {
      this.#hold(said - start);
      open.whole = Buffer.allocUnsafeSlow(said);
      first.application.copy(open.whole);
    }
    const { whole } = open;
    application.copy(whole, start);
    open.length = length;
    open.slices += 1;
    if (more) return undefined;
    this.#open.delete(name);
    this.#held -= whole.length;
    return changed(first, { flags: first.flags & ~Flag.more, application: whole });
  }

  /** @throws ClusterError ERR_CLUSTER_MESSAGE_TOO_LARGE */
  #hold(bytes: number): void {
    if (this.#held + bytes > this.maxMessageBytes) {
      throw new ClusterError(
        'ERR_CLUSTER_MESSAGE_TOO_LARGE',
        `more than ${this.maxMessageBytes} bytes (maxMessageBytes) arrived in slices of messages that are not complete`,
        { data: { limit: this.maxMessageBytes } },
      );
    }
    this.#held += bytes;
  }
}
