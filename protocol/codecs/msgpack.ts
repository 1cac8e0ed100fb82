import { randomBytes } from 'node:crypto';
import { Packr } from 'msgpackr';
import type { Codec } from '../codec.js';
import { bareFault, toFault } from '../fault.js';
import { type LimitOptions, resolveLimits } from '../limits.js';
import { MsgpackGuard } from '../msgpack-guard.js';
import { ENVELOPE, maskKeys, RESTORED_CLASSES, restoreErrors, unmaskKeys } from '../msgpack-restore.js';
import { PlainReader } from '../plain-reader.js';
import { PlainWriter } from '../plain-writer.js';

/*
 * msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md). Plain data, which is most of what travels, is
 * written by PlainWriter and read by PlainReader, behind a byte c1, which opens nothing else.
 *
 * All else is written by msgpackr in its structured-clone mode, and read by it once MsgpackGuard has looked at the
 * bytes. Two things msgpackr cannot do are done here, on a copy, and only where it throws or its bytes show that they are needed:
 *
 * Errors. msgpackr keeps of an error its name, message and cause, loses one that is reached from its own cause, and
 * its extensions are global to the process, which is not ours to change. So a value with errors travels in an
 * envelope, an Error with the cause [ENVELOPE, value, faults]; each error in it is a leaf whose cause is the index
 * of its fault. msgpackr opens each error with the same three bytes, so a search for them is cheap.
 *
 * Objects with a key `__keys__`. msgpackr keeps an array of its own under that name: it would write this object or
 * later ones wrongly, and by way of that array's prototype other keys of the object would change `Array.prototype` and
 * what that leads to. So it never meets one: the key is packed under a stand-in of the same length and put in its place
 * in the bytes.
 *
 * (A third: it calls a `toJSON` that is no function, where the object has no prototype. The copy knows better.)
 */

const ERROR_MARK = Buffer.of(0xd4, 0x65, 0x00);
/** What msgpackr may go on using: 1 MiB. */
const MAX_SHARED_BYTES = 1024 * 1024;
const NIL = Buffer.of(0xc0);
/** Opens a payload of PlainWriter; msgpack itself never uses it. */
const PLAIN = 0xc1;
const KEYS = '__keys__';
/** Never travels, so nobody can put it into a value. */
const KEYS_STAND_IN = randomBytes(6).toString('base64');

/**
 * The default codec. Exactly kept: undefined, NaN, infinities, every other double, BigInt, Date, RegExp, Map,
 * Set, Buffer, typed arrays, ArrayBuffer, Error (name, message, stack, code, cause, own data), circular
 * references. Differs: -0 arrives as 0, a hole in an array as undefined, a URL as a string, a class instance as
 * plain data (an AggregateError as an Error with that name and `errors`), a lone surrogate as U+FFFD,
 * as up to three where it is not in plain data. An object of no more than 64 bytes that holds no other may arrive as
 * several, where it is at several places.
 * A function or symbol is an error.
 *
 * Safe with bytes of any peer: `decode` takes what `encode` writes and nothing else, within these bounds, of which
 * `encode` knows nothing:
 *
 * - containers and causes nest up to `maxDepth`, 256 by default;
 * - all values together count for up to `maxItems`, 4 Mi by default: a number, string, array or object for 1, a Date
 *   for 3, a Map, Set or Buffer for 5, a typed array for 9, an error for some 150, a BigInt above 64 bits for 1 more
 *   every 4 bytes, a RegExp for 1 every byte (with flag u 8, with v 256, and more where it has properties), each set of
 *   keys for 8 and 4 a key, and 256 and 32 a key at its fourth object; in plain data each key for 4, at the first object
 *   that has it, and once it is one of more than 32 sets or of more than 1024 keys, at every object;
 * - an object that occurs several times counts for 8 more and, each time, for all that it holds, and 1 every 64 bytes;
 * - keys of objects have up to 16,383 bytes, BigInts and the sources of RegExps up to 64 KiB;
 * - numbers, and strings beyond 16,383 bytes, that are keys of a Map or in a Set are not such that V8 would have to
 *   compare each with all others;
 * - no value is of a class for which the application has given msgpackr an extension.
 *
 * @throws ClusterError ERR_CLUSTER_OPTION
 */
export function msgpack(options: LimitOptions = {}): Codec {
  const limits = resolveLimits(options);
  const guard = new MsgpackGuard(limits);
  const plainReader = new PlainReader(limits);
  const plainWriter = new PlainWriter();
  let packr = createPackr();
  return {
    name: 'msgpack',
    encode(value) {
      const plain = plainWriter.write(value, PLAIN);
      if (plain) return plain;
      try {
        const bytes = unshared(packr, packr.pack(value));
        if (bytes.indexOf(ERROR_MARK) < 0) return bytes;
      } catch {
        // Either there was a key `__keys__`, or the same is thrown again below.
      }
      // The one in use may have been stopped in the middle.
      packr = createPackr();
      const faults: unknown[] = [];
      const copy = copyForPackr(value, faults, new Map());
      const whole = faults.length > 0 ? new Error('', { cause: [ENVELOPE, copy, faults] }) : copy;
      const bytes = unshared(packr, createPackr({ useToJSON: false }).pack(whole));
      for (let at = bytes.indexOf(KEYS_STAND_IN); at >= 0; at = bytes.indexOf(KEYS_STAND_IN, at))
        bytes.write(KEYS, at);
      return bytes;
    },
    decode(bytes) {
      if (bytes[0] === PLAIN) return plainReader.read(bytes, 1);
      const protoKeys = guard.check(bytes);
      if (protoKeys.length === 0) return restoreErrors(unpack(packr, bytes), limits);
      const { masked, mask } = maskKeys(bytes, protoKeys);
      const value = unpack(packr, masked);
      unmaskKeys(value, mask);
      return restoreErrors(value, limits);
    },
  };
}

function unpack(packr: Packr, bytes: Buffer): unknown {
  try {
    return packr.unpack(bytes);
  } finally {
    // It holds on to what it has read last.
    if (bytes.length > MAX_SHARED_BYTES) packr.unpack(NIL);
  }
}

/**
 * msgpackr writes into one buffer for all, which grows with the largest value and is never given back. So a large
 * value leaves in a buffer of its own size, and msgpackr gets a new one of the size that it begins with.
 */
function unshared(packr: Packr, bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength <= MAX_SHARED_BYTES) return bytes;
  const copy = Buffer.from(bytes);
  packr.useBuffer(Buffer.allocUnsafeSlow(8192));
  // It holds on to what it has written last.
  packr.pack(null);
  return copy;
}

function createPackr(options: { useToJSON?: boolean } = {}): Packr {
  return new Packr({
    ...options,
    structuredClone: true,
    copyBuffers: true,
    useRecords: hasNoKeys,
    writeFunction() {
      throw new TypeError('a function cannot be carried');
    },
  });
}

/** Asked by msgpackr before it writes an object. */
function hasNoKeys(object: object): true {
  if (KEYS in object) throw new TypeError(`a key ${KEYS} cannot be carried in an object of this kind`);
  return true;
}

/** A copy of the containers, with a leaf for each error, whose fault goes into `faults`. */
function copyForPackr(value: unknown, faults: unknown[], copies: Map<object, unknown>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const known = copies.get(value);
  if (known !== undefined) return known;
  const copyOf = (item: unknown) => copyForPackr(item, faults, copies);
  if (hasOwnJson(value)) {
    const json = value.toJSON();
    if (json !== value) return copyOf(json);
  }
  if (value instanceof Error) {
    const { cause, data, ...fault } = toFault(value);
    const leaf = new Error('', { cause: faults.length });
    if (RESTORED_CLASSES.includes(fault.name)) leaf.name = fault.name;
    copies.set(value, leaf);
    const carried: Record<string, unknown> = { ...bareFault(fault) };
    faults.push(carried);
    if (cause !== undefined) carried['cause'] = { value: copyOf(value.cause) };
    if (data !== undefined) carried['data'] = copyOf(data);
    return leaf;
  }
  if (Array.isArray(value)) {
    const copy: unknown[] = [];
    copies.set(value, copy);
    for (const item of value) copy.push(copyOf(item));
    return copy;
  }
  if (value instanceof Map) {
    const copy = new Map();
    copies.set(value, copy);
    for (const [key, item] of value) copy.set(copyOf(key), copyOf(item));
    return copy;
  }
  if (value instanceof Set) {
    const copy = new Set();
    copies.set(value, copy);
    for (const item of value) copy.add(copyOf(item));
    return copy;
  }
  if (Object.prototype.toString.call(value) !== '[object Object]') return value;
  const copy: Record<string, unknown> = Object.create(null);
  copies.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key === KEYS ? KEYS_STAND_IN : key] = copyOf(item);
  return copy;
}

/** By msgpackr's rule a plain object's `toJSON` is one more property, and a Date or Buffer is kept as it is. */
function hasOwnJson(value: object): value is { toJSON(): unknown } {
  if (value.constructor === Object || value instanceof Date || ArrayBuffer.isView(value)) return false;
  return 'toJSON' in value && typeof value.toJSON === 'function';
}
