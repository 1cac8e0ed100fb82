import { keyTooLong, type Limits, MAX_KEY_BYTES, tooDeep, tooManyItems } from './limits.js';
import { BYTES_AN_ITEM, Dictionary, digitOf } from './serialize-json-dictionary.js';
import {
  ARRAY,
  BAR,
  BUFFER,
  EMPTY_STRING,
  END,
  ERROR,
  FALSE,
  MINUS,
  NULL,
  OBJECT,
  TRUE,
  UNDEFINED,
} from './serialize-json-format.js';

// What a value costs beside a number or a string: as in msgpack-guard.ts.
const BUFFER_ITEMS = 4;
const DATE_ITEMS = 2;
/** A stack trace is taken for it. */
const ERROR_ITEMS = 128;

/** Puts one value together, of bytes that a peer has sent: any of them may be missing or wrong. */
export class SerializeJsonReader {
  readonly #bytes: Buffer;
  readonly #limits: Limits;
  readonly #dictionary: Dictionary;
  #at: number;
  #items = 0;

  constructor(bytes: Buffer, limits: Limits) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#dictionary = new Dictionary(bytes, limits);
    this.#at = this.#dictionary.end;
  }

  /** @throws Error where the bytes are no value; RangeError where it goes beyond a limit */
  read(): unknown {
    const value = this.#value(0);
    const trailing = this.#bytes.length - this.#at;
    if (trailing > 0) throw new Error(`${trailing} bytes follow the value`);
    return value;
  }

  #value(depth: number): unknown {
    this.#count(1);
    switch (this.#bytes[this.#at]) {
      case ARRAY:
        return this.#array(this.#enter(depth));
      case OBJECT:
        return this.#object(this.#enter(depth));
      case ERROR:
        this.#count(ERROR_ITEMS);
        return toError(this.#object(this.#enter(depth)));
      case BUFFER:
        return this.#buffer();
      default:
        return this.#leaf();
    }
  }

  #count(items: number): void {
    this.#items += items;
    if (this.#items > this.#limits.maxItems) throw tooManyItems(this.#limits.maxItems);
  }

  #enter(depth: number): number {
    if (depth === this.#limits.maxDepth) throw tooDeep(depth);
    this.#at++;
    return depth + 1;
  }

  #leaf(): unknown {
    const token = this.#token();
    switch (token) {
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      case EMPTY_STRING:
        return '';
      case UNDEFINED:
        return undefined;
    }
    const value = this.#dictionary.get(token);
    if (typeof value === 'object') this.#count(DATE_ITEMS);
    return value;
  }

  #array(depth: number): unknown[] {
    const array: unknown[] = [];
    if (this.#isEmpty()) return array;
    do array.push(this.#value(depth));
    while (this.#goesOn());
    return array;
  }

  #object(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    if (this.#isEmpty()) return object;
    do {
      const key = this.#key();
      if (!this.#goesOn()) throw new Error(`byte ${this.#at - 1}: a key without a value`);
      setOwn(object, key, this.#value(depth));
    } while (this.#goesOn());
    return object;
  }

  #key(): string {
    const start = this.#at;
    const token = this.#token();
    if (token === EMPTY_STRING) return '';
    const key = token < 0 ? undefined : this.#dictionary.get(token);
    if (typeof key !== 'string') throw new Error(`byte ${start}: a key that is no string`);
    // A character takes 3 bytes at most.
    if (key.length > MAX_KEY_BYTES / 3 && Buffer.byteLength(key) > MAX_KEY_BYTES) {
      throw keyTooLong(Buffer.byteLength(key));
    }
    return key;
  }

  #buffer(): Buffer {
    this.#at++;
    const end = this.#bytes.indexOf(END, this.#at);
    if (end < 0) throw cutShort();
    let length = this.#isEmpty() ? 0 : 1;
    for (let at = this.#at; at < end; at++) if (this.#bytes[at] === BAR) length++;
    this.#count(BUFFER_ITEMS + Math.floor(length / BYTES_AN_ITEM));
    // Not of the pool: of memory that nobody else has.
    const buffer = Buffer.allocUnsafeSlow(length);
    for (let index = 0; index < length; index++) {
      const start = this.#at;
      const byte = this.#dictionary.byteAt(this.#token());
      if (byte === undefined) throw new Error(`byte ${start}: not a byte of a Buffer`);
      buffer[index] = byte;
      this.#goesOn();
    }
    return buffer;
  }

  /** Steps over the end of a container that holds nothing. */
  #isEmpty(): boolean {
    if (this.#bytes[this.#at] !== END) return false;
    this.#at++;
    return true;
  }

  /** Behind a value in a container: steps over the bar before the next one, or over the end. */
  #goesOn(): boolean {
    const next = this.#bytes[this.#at++];
    if (next === BAR) return true;
    if (next === END) return false;
    throw next === undefined ? cutShort() : new Error(`byte ${this.#at - 1}: | or ] is expected`);
  }

  /** A constant, or an index that the dictionary has. */
  #token(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    const isConstant = bytes[start] === MINUS;
    const first = isConstant ? start + 1 : start;
    const most = this.#dictionary.size;
    let at = first;
    let token = 0;
    for (;;) {
      const digit = at < bytes.length ? digitOf(bytes[at] as number) : -1;
      if (digit < 0) break;
      token = token * 36 + digit;
      if (isConstant ? token === 0 || token > -UNDEFINED : token >= most) {
        throw new Error(
          `byte ${start}: ${isConstant ? 'no such constant' : 'the dictionary has no such entry'}`,
        );
      }
      at++;
    }
    if (at === first) throw at >= bytes.length ? cutShort() : new Error(`byte ${at}: a value is expected`);
    this.#at = at;
    return isConstant ? -token : token;
  }
}

/** As an own property like any other, also where `Object.prototype` has one of that name. */
function setOwn(object: Record<string, unknown>, key: string, value: unknown): void {
  if (!(key in object)) object[key] = value;
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function toError(fields: Record<string, unknown>): Error {
  const error = new Error();
  for (const [key, value] of Object.entries(fields)) {
    const enumerable = key !== 'message' && key !== 'stack';
    Object.defineProperty(error, key, { value, writable: true, enumerable, configurable: true });
  }
  return error;
}

function cutShort(): Error {
  return new Error('the value is cut short');
}
