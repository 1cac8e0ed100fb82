import { HEADER_LENGTH, MAX_FRAME_BYTES, VERSION_1, VERSION_2 } from './constants.js';
import { ClusterError, protocolError } from './errors.js';
import { EMPTY, ReceivedFrame, readUInt32 } from './frame.js';

const READ_HEADER = 0;
const READ_BODY = 1;
const STOPPED = 2;

export interface DecoderOptions {
  /** The most that connection and application part of one frame may add up to. Default 1 MiB. */
  maxFrameBytes?: number;
}

/**
 * Chunks in, frames out; knows no socket.
 *
 * The lengths of a frame are checked when its header is complete, before a byte of its body is kept. A body
 * that lies within one chunk is handed out where it lies; a body that spans chunks is collected in a
 * buffer of exactly its size. So chunks must not be written to after `push` (Node's sockets do not).
 */
export class Decoder {
  /** May be changed at any time, also from within `onFrame`; holds from the next header on. */
  maxFrameBytes: number;

  readonly #onFrame: (frame: ReceivedFrame) => void;
  #state = READ_HEADER;
  #isPaused = false;
  readonly #header = Buffer.alloc(HEADER_LENGTH);
  /** Bytes of the header or of the body that earlier chunks brought. */
  #have = 0;
  #frame: ReceivedFrame | undefined;
  #connectionLength = 0;
  #bodyLength = 0;
  #body: Buffer = EMPTY;

  constructor(onFrame: (frame: ReceivedFrame) => void, options: DecoderOptions = {}) {
    this.#onFrame = onFrame;
    this.maxFrameBytes = options.maxFrameBytes ?? MAX_FRAME_BYTES;
  }

  /** Bytes of an incomplete frame that are held at present. */
  get held(): number {
    return this.#have;
  }

  /** Drops what is held; everything pushed from now on is ignored. Safe within `onFrame`. */
  stop(): void {
    this.#state = STOPPED;
    this.#have = 0;
    this.#frame = undefined;
    this.#body = EMPTY;
  }

  /** Within `onFrame`: it is not called again before the next `push`. */
  pause(): void {
    this.#isPaused = true;
  }

  /**
   * Takes the next bytes of the stream and calls `onFrame` for each frame that they complete.
   * @returns how many were taken: all of them, unless `pause` was called; the others have to be pushed again.
   * @throws ClusterError ERR_CLUSTER_PROTOCOL, ERR_CLUSTER_FRAME_TOO_LARGE: the stream is of no further use,
   *   the decoder has stopped. What `onFrame` throws comes through as well and stops it too.
   */
  push(chunk: Buffer): number {
    this.#isPaused = false;
    try {
      let offset = 0;
      while (offset < chunk.length && this.#state !== STOPPED && !this.#isPaused) {
        offset =
          this.#state === READ_HEADER ? this.#readHeader(chunk, offset) : this.#readBody(chunk, offset);
      }
      return this.#state === STOPPED ? chunk.length : offset;
    } catch (error) {
      this.stop();
      throw error;
    }
  }

  #readHeader(chunk: Buffer, offset: number): number {
    if (this.#have === 0) checkVersion(chunk, offset);
    if (this.#have === 0 && chunk.length - offset >= HEADER_LENGTH) {
      this.#parseHeader(chunk, offset);
      return offset + HEADER_LENGTH;
    }
    const copied = chunk.copy(this.#header, this.#have, offset, offset + HEADER_LENGTH - this.#have);
    this.#have += copied;
    if (this.#have === HEADER_LENGTH) {
      this.#have = 0;
      this.#parseHeader(this.#header, 0);
    }
    return offset + copied;
  }

  #parseHeader(source: Buffer, at: number): void {
    const idHigh = readUInt32(source, at + 4);
    const connectionLength = readUInt32(source, at + 16);
    const applicationLength = readUInt32(source, at + 20);
    const bodyLength = connectionLength + applicationLength;
    if (idHigh > 0x1f_ffff) throw protocolError(`frame id with high word ${idHigh} is above 2^53 - 1`);
    if (bodyLength > this.maxFrameBytes) {
      throw new ClusterError(
        'ERR_CLUSTER_FRAME_TOO_LARGE',
        `frame of ${connectionLength} + ${applicationLength} bytes exceeds the limit of ${this.maxFrameBytes} bytes`,
        { data: { length: bodyLength, limit: this.maxFrameBytes } },
      );
    }
    this.#frame = new ReceivedFrame(source, at);
    this.#connectionLength = connectionLength;
    this.#bodyLength = bodyLength;
    this.#state = READ_BODY;
    if (bodyLength === 0) this.#finish(EMPTY, 0);
  }

  #readBody(chunk: Buffer, offset: number): number {
    if (this.#have === 0) {
      if (chunk.length - offset >= this.#bodyLength) {
        const end = offset + this.#bodyLength;
        this.#finish(chunk, offset);
        return end;
      }
      this.#body = Buffer.allocUnsafeSlow(this.#bodyLength);
    }
    const copied = chunk.copy(this.#body, this.#have, offset, offset + this.#bodyLength - this.#have);
    this.#have += copied;
    if (this.#have === this.#bodyLength) {
      const body = this.#body;
      this.#body = EMPTY;
      this.#finish(body, 0);
    }
    return offset + copied;
  }

  /** The state is reset before the frame is handed out, so that `onFrame` may stop the decoder. */
  #finish(source: Buffer, start: number): void {
    const frame = this.#frame as ReceivedFrame;
    frame.bytes = source;
    frame.start = start;
    frame.split = start + this.#connectionLength;
    frame.end = start + this.#bodyLength;
    this.#frame = undefined;
    this.#have = 0;
    this.#state = READ_HEADER;
    this.#onFrame(frame);
  }
}

function checkVersion(chunk: Buffer, offset: number): void {
  const version = chunk[offset] as number;
  if (version === VERSION_1 || version === VERSION_2) return;
  const isHttp = chunk.toString('latin1', offset, offset + 5) === 'HTTP/';
  throw protocolError(
    `a frame starts with 1 or 2, the stream has ${version}: the peer speaks ${isHttp ? 'HTTP' : 'another protocol'}`,
    { version, ...(isHttp && { isHttp }) },
  );
}
