import { protocolError } from './errors.js';
import { type Frame, ReceivedFrame, readUInt32 } from './frame.js';
import { readName } from './texts.js';

const TWO_32 = 0x1_0000_0000;
/** No name, key or reason in a connection part is longer: 64 KiB. */
export const MAX_STRING_BYTES = 64 * 1024;
/** No list in a connection part is longer. */
const MAX_LIST_LENGTH = 4096;
/** Epochs are times in ms, so this one is never reached; there has to be a next one. */
const MAX_EPOCH = 2 ** 52;

/**
 * Reads the fields of a frame's connection part one after the other; each is checked against what is there. Fields that
 * follow the last one read are left alone: a newer peer may have added them.
 */
export class Fields {
  readonly #bytes: Buffer;
  readonly #what: string;
  readonly #start: number;
  readonly #end: number;
  #at: number;

  constructor(frame: Frame, what: string) {
    this.#what = what;
    const isReceived = frame instanceof ReceivedFrame;
    this.#bytes = isReceived ? frame.bytes : frame.connection;
    this.#start = isReceived ? frame.start : 0;
    this.#end = isReceived ? frame.split : this.#bytes.length;
    this.#at = this.#start;
  }

  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#end) {
      throw protocolError(
        `${this.#what}: ${length} bytes expected at ${at - this.#start}, ${this.#end - at} there`,
      );
    }
    this.#at = at + length;
    return at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)] as number;
  }

  uint32(): number {
    return readUInt32(this.#bytes, this.#take(4));
  }

  /** 64 bits; above 2^53 - 1 is an error. */
  uint64(): number {
    const at = this.#take(8);
    const value = readUInt32(this.#bytes, at) * TWO_32 + readUInt32(this.#bytes, at + 4);
    if (value > Number.MAX_SAFE_INTEGER)
      throw protocolError(`${this.#what}: number above 2^53 - 1 at ${at - this.#start}`);
    return value;
  }

  epoch(): number {
    const value = this.uint64();
    if (value > MAX_EPOCH) throw protocolError(`${this.#what}: epoch ${value}`);
    return value;
  }

  bytes(length: number): Buffer {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** int32 length, then UTF-8. */
  string(): string {
    const length = this.uint32();
    if (length > MAX_STRING_BYTES) throw protocolError(`${this.#what}: string of ${length} bytes`);
    return this.#text(length);
  }

  /** uint32 count, then strings. */
  strings(): string[] {
    const count = this.uint32();
    if (count > MAX_LIST_LENGTH) throw protocolError(`${this.#what}: list of ${count} strings`);
    return Array.from({ length: count }, () => this.string());
  }

  /** 8-bit count, at least 1 and at most so many; then the chunks, all of one length. */
  chunks(length: number, most: number): Buffer[] {
    const count = this.byte();
    if (count < 1 || count > most) throw protocolError(`${this.#what}: list of ${count} chunks`);
    return Array.from({ length: count }, () => this.bytes(length));
  }

  /** All that is left, as UTF-8. */
  rest(): string {
    const left = this.#end - this.#at;
    if (left > MAX_STRING_BYTES) throw protocolError(`${this.#what}: text of ${left} bytes`);
    return this.#text(left);
  }

  #text(length: number): string {
    const at = this.#take(length);
    const text = readName(this.#bytes, at, at + length);
    if (text === undefined) throw protocolError(`${this.#what}: text that is not UTF-8`);
    return text;
  }
}
