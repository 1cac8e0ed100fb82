import { HEADER_LENGTH, type Kind } from './constants.js';

/**
 * One frame, in both dialects. Numbers are big-endian.
 *
 *      0        1        2        3        4                                 12
 *     +--------+--------+--------+--------+-----------------------------------+
 *     |version | kind   | type   | flags  | id                                |
 *     +--------+--------+--------+--------+-----------------+-----------------+
 *     | timeout, ms                       | connection part | application part|
 *     +-----------------------------------+-----------------+-----------------+
 *    12                                  16                20                24
 *
 * The connection part follows the header, then the application part. The two parts of a decoded frame are
 * views of memory that nobody writes to any more; they stay valid for as long as they are held.
 */
export interface Frame {
  version: number;
  kind: Kind;
  type: number;
  flags: number;
  /** 0 to 2^53 - 1. A response carries the id of its request. */
  id: number;
  /** How long the sender waits, in ms; 0 for no limit. */
  timeout: number;
  connection: Buffer;
  application: Buffer;
}

export const EMPTY: Buffer = Buffer.alloc(0);

const TWO_32 = 0x1_0000_0000;

/** Writes the header of a frame into the 24 bytes of `target` from `at` on. */
function writeHeader(target: Buffer, at: number, frame: Frame): void {
  target[at] = frame.version;
  target[at + 1] = frame.kind;
  target[at + 2] = frame.type;
  target[at + 3] = frame.flags;
  writeUInt32(target, at + 4, Math.floor(frame.id / TWO_32));
  writeUInt32(target, at + 8, frame.id % TWO_32);
  writeUInt32(target, at + 12, frame.timeout);
  writeUInt32(target, at + 16, frame.connection.length);
  writeUInt32(target, at + 20, frame.application.length);
}

/** Without the checks of Buffer's own: a frame has what fits. */
function writeUInt32(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** Longer application parts are handed on uncopied. */
const MAX_COPIED = 16 * 1024;

/** The frames one after the other, in one buffer, or in a few where application parts are long. */
export function joinFrames(frames: readonly Frame[]): Buffer[] {
  let length = 0;
  for (const { connection, application } of frames) {
    length += HEADER_LENGTH + connection.length;
    if (application.length <= MAX_COPIED) length += application.length;
  }
  const joined: Buffer[] = [];
  const target = Buffer.allocUnsafe(length);
  let from = 0;
  let at = 0;
  for (const frame of frames) {
    const { connection, application } = frame;
    writeHeader(target, at, frame);
    at += HEADER_LENGTH;
    if (connection.length > 0) target.set(connection, at);
    at += connection.length;
    if (application.length > MAX_COPIED) {
      joined.push(target.subarray(from, at), application);
      from = at;
    } else if (application.length > 0) {
      target.set(application, at);
      at += application.length;
    }
  }
  if (at > from) joined.push(from === 0 && at === length ? target : target.subarray(from, at));
  return joined;
}

/** Header and connection part in one new buffer; the application part is to be written behind it, uncopied. */
export function encodeHead(frame: Frame): Buffer {
  const head = Buffer.allocUnsafe(HEADER_LENGTH + frame.connection.length);
  writeHeader(head, 0, frame);
  frame.connection.copy(head, HEADER_LENGTH);
  return head;
}

/** The whole frame in one new buffer: for small frames, and where one buffer is needed, as for a MAC. */
export function encodeFrame(frame: Frame): Buffer {
  return Buffer.concat([encodeHead(frame), frame.application]);
}
