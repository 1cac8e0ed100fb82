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

const TWO_32 = 0x1_0000_0000;

export const EMPTY: Buffer = Buffer.alloc(0);

/** A frame that has come. Most are read where they lie: a part is a Buffer of its own once somebody asks for it. */
export class ReceivedFrame implements Frame {
  readonly version: number;
  readonly kind: Kind;
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly timeout: number;
  /** The connection part lies there from `start` to `split`, the application part from there to `end`. */
  bytes = EMPTY;
  start = 0;
  split = 0;
  end = 0;

  /** @param header has the 24 bytes from `at` on. */
  constructor(header: Buffer, at: number) {
    this.version = header[at] as number;
    // As in 3.x: whatever is not a response is a request.
    this.kind = header[at + 1] === 1 ? 1 : 0;
    this.type = header[at + 2] as number;
    this.flags = header[at + 3] as number;
    this.id = readUInt32(header, at + 4) * TWO_32 + readUInt32(header, at + 8);
    this.timeout = readUInt32(header, at + 12);
  }

  get connection(): Buffer {
    return this.bytes.subarray(this.start, this.split);
  }

  get application(): Buffer {
    return this.bytes.subarray(this.split, this.end);
  }
}

/** The same frame but for what is given. To spread a frame that has come would leave its parts behind. */
export function changed(frame: Frame, changes: Partial<Frame> = {}): Frame {
  const { version, kind, type, flags, id, timeout, connection, application } = frame;
  return { version, kind, type, flags, id, timeout, connection, application, ...changes };
}

/** Less is copied byte by byte: to make a view of it first takes longer. */
const FEW_BYTES = 128;

/** The application part, to be kept for long: not as a view of a whole chunk. */
export function keptApplication(frame: Frame): Buffer {
  if (!(frame instanceof ReceivedFrame)) return kept(frame.application);
  const { bytes, split, end } = frame;
  const length = end - split;
  if (length > FEW_BYTES) return kept(frame.application);
  const copy = Buffer.allocUnsafe(length);
  for (let n = 0; n < length; n++) copy[n] = bytes[split + n] as number;
  return copy;
}

/** As large a buffer may be kept for the sake of a small part of it, as Node's own of 8 KiB are: 16 KiB. */
const SMALL_POOL = 16 * 1024;

/** The same bytes, or a copy where they are a view of something large and more than twice their size. */
export function kept(bytes: Buffer): Buffer {
  const { byteLength } = bytes.buffer;
  return byteLength > SMALL_POOL && byteLength > 2 * bytes.length ? Buffer.from(bytes) : bytes;
}

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

/** Without the checks of Buffer's own, as `writeUInt32`: whoever calls them knows that the bytes are there. */
export function readUInt32(source: Buffer, at: number): number {
  const high = (source[at] as number) * 0x100_0000;
  return (
    high +
    (((source[at + 1] as number) << 16) | ((source[at + 2] as number) << 8) | (source[at + 3] as number))
  );
}

function writeUInt32(target: Buffer, at: number, value: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

/** Longer application parts are handed on uncopied. */
const MAX_COPIED = 16 * 1024;

/** Several links that are sent the same frames in a tick share their bytes, up to 64 KiB. */
const MAX_SHARED_BYTES = 64 * 1024;
let shared: readonly Buffer[] = [];
/** Of which these are the bytes; a frame may be a view of something large. */
let sharedFrames: WeakRef<readonly Frame[]> | undefined;

/**
 * The frames one after the other, in one buffer, or in a few where application parts are long. What it is given is not
 * to be changed any more, nor what it returns.
 */
export function joinFrames(frames: readonly Frame[]): readonly Buffer[] {
  if (isShared(frames)) return shared;
  let length = 0;
  let isLong = false;
  for (const { connection, application } of frames) {
    length += HEADER_LENGTH + connection.length;
    if (application.length <= MAX_COPIED) length += application.length;
    else isLong = true;
  }
  const target = Buffer.allocUnsafe(length);
  if (isLong) return joinAround(frames, target);
  let at = 0;
  for (const frame of frames) at = writeFrame(target, at, frame);
  if (length > MAX_SHARED_BYTES) return [target];
  sharedFrames = new WeakRef(frames);
  shared = [target];
  return shared;
}

function isShared(frames: readonly Frame[]): boolean {
  const others = sharedFrames?.deref();
  if (others?.length !== frames.length) return false;
  for (let n = 0; n < frames.length; n++) if (frames[n] !== others[n]) return false;
  return true;
}

/** @returns where it ends. Its application part is left out where it is long. */
function writeFrame(target: Buffer, start: number, frame: Frame): number {
  const { connection, application } = frame;
  writeHeader(target, start, frame);
  let at = start + HEADER_LENGTH;
  if (connection.length > 0) target.set(connection, at);
  at += connection.length;
  if (application.length === 0 || application.length > MAX_COPIED) return at;
  target.set(application, at);
  return at + application.length;
}

function joinAround(frames: readonly Frame[], target: Buffer): Buffer[] {
  const joined: Buffer[] = [];
  let from = 0;
  let at = 0;
  for (const frame of frames) {
    at = writeFrame(target, at, frame);
    if (frame.application.length <= MAX_COPIED) continue;
    joined.push(target.subarray(from, at), frame.application);
    from = at;
  }
  if (at > from) joined.push(target.subarray(from, at));
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
