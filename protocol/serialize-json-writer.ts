import { types } from 'node:util';
import { MAX_DEPTH } from './limits.js';
import {
  ARRAY,
  BAR,
  BUFFER,
  EMPTY_STRING,
  END,
  ERROR,
  escapeText,
  FALSE,
  MINUS,
  NULL,
  OBJECT,
  TRUE,
  UNDEFINED,
} from './serialize-json-format.js';

/** Longer strings seldom occur twice, and one that is a key of a Map has to be read for its hash. */
const MAX_SHARED_LENGTH = 256;
/**
 * Integers below it have one entry for all that are equal. No table of others: whoever chooses the numbers chooses
 * what falls into one chain of a Map.
 */
const SHARED_INTEGERS = 256;

/** A time that no Date can hold: its Date is invalid, also where serialize-json reads it. */
const INVALID_TIME = 8.64e15 + 1;

// A token is a constant of the format; or a container's character, or END, turned below those; or an index of one part
// of the dictionary with the part in its lowest two bits: where a part begins is known only at the end.
const STRING = 0;
const INTEGER = 1;
const FLOAT = 2;
const DATE = 3;
const END_TOKEN = ~END;

/** Takes one value apart. */
export class SerializeJsonWriter {
  readonly #strings: string[] = [];
  readonly #integers: string[] = [];
  readonly #floats: number[] = [];
  readonly #dates: string[] = [];
  readonly #tokens: number[] = [];

  readonly #knownStrings = new Map<string, number>();
  #knownIntegers: number[] | undefined;
  /** The containers around the value. */
  readonly #path = new Set<object>();

  /** @throws TypeError where the value holds itself; RangeError where it is nested deeper than anybody may read */
  write(value: unknown): void {
    switch (typeof value) {
      case 'string':
        this.#tokens.push(this.#string(value));
        break;
      case 'number':
        this.#tokens.push(this.#number(value));
        break;
      case 'boolean':
        this.#tokens.push(value ? TRUE : FALSE);
        break;
      case 'undefined':
        this.#tokens.push(UNDEFINED);
        break;
      case 'object':
        if (value !== null) this.#object(value);
        else this.#tokens.push(NULL);
        break;
      default:
        this.#tokens.push(NULL);
    }
  }

  finish(): Buffer {
    const parts = [this.#strings, this.#integers, this.#floats.map(floatText), this.#dates];
    const head = Buffer.from(`${parts.map((part) => part.join('|')).join('^')}^`);
    return Buffer.concat([head, this.#packTokens()]);
  }

  #string(text: string): number {
    if (text === '') return EMPTY_STRING;
    const isShared = text.length <= MAX_SHARED_LENGTH;
    const known = isShared ? this.#knownStrings.get(text) : undefined;
    if (known !== undefined) return known;
    const token = (this.#strings.push(escapeText(text)) - 1) * 4 + STRING;
    if (isShared) this.#knownStrings.set(text, token);
    return token;
  }

  #number(number: number): number {
    // serialize-json reads integers beyond 2^53 inexactly, and -0 as 0.
    if (!Number.isSafeInteger(number) || Object.is(number, -0)) {
      return (this.#floats.push(number) - 1) * 4 + FLOAT;
    }
    if (number < 0 || number >= SHARED_INTEGERS) return this.#newInteger(number);
    this.#knownIntegers ??= new Array<number>(SHARED_INTEGERS).fill(-1);
    const known = this.#knownIntegers[number] as number;
    if (known >= 0) return known;
    const token = this.#newInteger(number);
    this.#knownIntegers[number] = token;
    return token;
  }

  #newInteger(number: number): number {
    return (this.#integers.push(base36(number)) - 1) * 4 + INTEGER;
  }

  #object(value: object): void {
    if (types.isDate(value)) {
      const time = Date.prototype.getTime.call(value);
      this.#tokens.push((this.#dates.push(base36(Number.isNaN(time) ? INVALID_TIME : time)) - 1) * 4 + DATE);
      return;
    }
    if (types.isUint8Array(value)) {
      this.#tokens.push(~BUFFER);
      for (let index = 0; index < value.length; index++)
        this.#tokens.push(this.#number(value[index] as number));
      this.#tokens.push(END_TOKEN);
      return;
    }
    const path = this.#path;
    if (path.has(value)) throw new TypeError('the value is circular: it holds itself');
    if (path.size === MAX_DEPTH) {
      throw new RangeError(`the value is nested deeper than ${MAX_DEPTH} levels`);
    }
    path.add(value);
    if (Array.isArray(value)) {
      this.#tokens.push(~ARRAY);
      for (let index = 0; index < value.length; index++) this.write(value[index]);
    } else if (value instanceof Error || types.isNativeError(value)) {
      this.#tokens.push(~ERROR);
      this.#field('message', value.message);
      this.#field('stack', value.stack);
      this.#fields(value, true);
    } else {
      this.#tokens.push(~OBJECT);
      this.#fields(value, false);
    }
    this.#tokens.push(END_TOKEN);
    path.delete(value);
  }

  #fields(value: object, isError: boolean): void {
    for (const key of Object.keys(value)) {
      if (isError && (key === 'message' || key === 'stack')) continue;
      this.#field(key, Reflect.get(value, key));
    }
  }

  #field(key: string, value: unknown): void {
    this.#tokens.push(this.#string(key));
    this.write(value);
  }

  #packTokens(): Buffer {
    const integers = this.#strings.length;
    const floats = integers + this.#integers.length;
    const dates = floats + this.#floats.length;
    const firsts = [0, integers, floats, dates];
    // A constant takes two characters, and each token may have a bar before it.
    const widest = Math.max(2, base36(dates + this.#dates.length).length) + 1;
    const packed = Buffer.allocUnsafe(this.#tokens.length * widest);
    let at = 0;
    let isFirst = true;
    for (const token of this.#tokens) {
      if (token === END_TOKEN) {
        packed[at++] = END;
        isFirst = false;
        continue;
      }
      if (!isFirst) packed[at++] = BAR;
      isFirst = token < UNDEFINED;
      if (token >= 0) {
        at = writeBase36(packed, at, Math.floor(token / 4) + (firsts[token & 3] as number));
      } else if (isFirst) {
        packed[at++] = ~token;
      } else {
        packed[at++] = MINUS;
        packed[at++] = 0x30 - token;
      }
    }
    return packed.subarray(0, at);
  }
}

function base36(number: number): string {
  return number.toString(36).toUpperCase();
}

function floatText(number: number): string {
  return Object.is(number, -0) ? '-0' : String(number);
}

/** @returns where it ends */
function writeBase36(bytes: Buffer, start: number, index: number): number {
  let end = start + 1;
  for (let rest = index; rest >= 36; rest = Math.floor(rest / 36)) end++;
  let rest = index;
  for (let at = end - 1; at >= start; at--) {
    const digit = rest % 36;
    bytes[at] = digit < 10 ? 0x30 + digit : 0x37 + digit;
    rest = Math.floor(rest / 36);
  }
  return end;
}
