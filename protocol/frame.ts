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

/** Writes the header of a frame into the first 24 bytes of `target`. */
export function writeHeader(
  target: Buffer,
  frame: Omit<Frame, 'connection' | 'application'>,
  connectionLength: number,
  applicationLength: number,
): void {
  target[0] = frame.version;
  target[1] = frame.kind;
  target[2] = frame.type;
  target[3] = frame.flags;
  target.writeUInt32BE(Math.floor(frame.id / TWO_32), 4);
  target.writeUInt32BE(frame.id % TWO_32, 8);
  target.writeUInt32BE(frame.timeout, 12);
  target.writeUInt32BE(connectionLength, 16);
  target.writeUInt32BE(applicationLength, 20);
}

/** Header and connection part in one new buffer; the application part is to be written behind it, uncopied. */
export function encodeHead(frame: Frame): Buffer {
  const head = Buffer.allocUnsafe(HEADER_LENGTH + frame.connection.length);
  writeHeader(head, frame, frame.connection.length, frame.application.length);
  frame.connection.copy(head, HEADER_LENGTH);
  return head;
}

/** The whole frame in one new buffer: for small frames, and where one buffer is needed, as for a MAC. */
export function encodeFrame(frame: Frame): Buffer {
  return Buffer.concat([encodeHead(frame), frame.application]);
}
