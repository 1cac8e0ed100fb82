import { Flag, MAX_FRAME_BYTES, MAX_MESSAGE_BYTES, SLICE_BYTES } from './constants.js';
import { ClusterError } from './errors.js';
import { EMPTY, type Frame } from './frame.js';

/*
 * A message that does not fit one frame travels in slices: frames of the same type, kind and id, of which the
 * first has the connection part, each but the last has Flag.more, and whose application parts add up. Other
 * frames may come between them, so a long message holds up nobody.
 */

export function needsSlices(frame: Frame): boolean {
  return frame.connection.length + frame.application.length > MAX_FRAME_BYTES;
}

/** The slices of a frame that is too long for one, in order; made one at a time, uncopied. */
export function* slice(frame: Frame): Generator<Frame, void, void> {
  const { application } = frame;
  for (let start = 0; start < application.length; start += SLICE_BYTES) {
    const end = Math.min(start + SLICE_BYTES, application.length);
    yield {
      ...frame,
      flags: end < application.length ? frame.flags | Flag.more : frame.flags,
      connection: start === 0 ? frame.connection : EMPTY,
      application: application.subarray(start, end),
    };
  }
}

/** Puts slices together again. One for each link and direction. */
export class Assembler {
  /** May be changed at any time; holds from the next slice on. */
  maxMessageBytes: number;
  readonly #maxMessages: number;
  readonly #open = new Map<string, { first: Frame; parts: Buffer[]; length: number }>();

  /** @param options.maxMessages how many messages may be incomplete at once. Default 64. */
  constructor(options: { maxMessageBytes?: number; maxMessages?: number } = {}) {
    this.maxMessageBytes = options.maxMessageBytes ?? MAX_MESSAGE_BYTES;
    this.#maxMessages = options.maxMessages ?? 64;
  }

  /**
   * The frame itself where it is whole, the assembled frame with the last slice, `undefined` before.
   * @throws ClusterError ERR_CLUSTER_MESSAGE_TOO_LARGE, before the slice that goes over the limit is kept.
   */
  add(frame: Frame): Frame | undefined {
    const more = (frame.flags & Flag.more) !== 0;
    if (!more && this.#open.size === 0) return frame;
    const name = `${frame.type}/${frame.kind}/${frame.id}`;
    const open = this.#open.get(name);
    if (!open && !more) return frame;
    const length = (open?.length ?? 0) + frame.application.length;
    if (length > this.maxMessageBytes) {
      throw new ClusterError(
        'ERR_CLUSTER_MESSAGE_TOO_LARGE',
        `a message of more than ${this.maxMessageBytes} bytes (maxMessageBytes) arrived in slices`,
        { data: { limit: this.maxMessageBytes } },
      );
    }
    if (!open) {
      if (this.#open.size >= this.#maxMessages) {
        throw new ClusterError(
          'ERR_CLUSTER_MESSAGE_TOO_LARGE',
          `more than ${this.#maxMessages} messages arrive in slices`,
        );
      }
      this.#open.set(name, { first: frame, parts: [frame.application], length });
      return undefined;
    }
    // Empty slices add nothing to the length that is limited: keep nothing of them either.
    if (frame.application.length > 0) open.parts.push(frame.application);
    open.length = length;
    if (more) return undefined;
    this.#open.delete(name);
    return {
      ...open.first,
      flags: open.first.flags & ~Flag.more,
      application: Buffer.concat(open.parts, length),
    };
  }
}
