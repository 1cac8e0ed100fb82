import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Flag } from '../../protocol/constants.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import type { Authenticate, Challenge, Message } from '../../protocol/message.js';
import { buffer, byte, NAMES, once, payload, record, word } from './arbitraries.js';

export type Any = Message | Challenge | Authenticate;

const MAX_STRING_BYTES = 65_536;
const MAX_EPOCH = 2 ** 52;

type Is = (value: unknown) => boolean;

const isBoolean: Is = (value) => typeof value === 'boolean';
const isNumber =
  (max: number): Is =>
  (value) =>
    typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max;
const isByte = isNumber(0xff);
const isWord = isNumber(0xffff_ffff);
const isLong = isNumber(Number.MAX_SAFE_INTEGER);
const isEpoch = isNumber(MAX_EPOCH);
/** What comes back from UTF-8 as it was has no half of a pair. */
const isText: Is = (value) =>
  typeof value === 'string' &&
  Buffer.byteLength(value) <= MAX_STRING_BYTES &&
  Buffer.from(value).toString() === value;
const isList =
  (is: Is, max: number, min = 0): Is =>
  (value) =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every(is);
const isTexts = isList(isText, 4096);
const isSecret: Is = (value) => Buffer.isBuffer(value) && value.length === 32;
const isPayload: Is = (value) => hasShape(value, { bytes: Buffer.isBuffer, raw: isBoolean });
const isAddress: Is = (value) => hasShape(value, { host: isText, port: isNumber(65_535) });
const isState: Is = (value) => value === 'vacant' || value === 'starting' || value === 'leaving';

/** By hand from protocol/message.ts: each type's fields. */
const SHAPES: Record<Any['type'], Record<string, Is>> = {
  welcome: { epoch: isEpoch, pid: isWord, codec: isText, methods: isTexts },
  parked: { state: isState },
  moved: { epoch: isEpoch, address: isAddress },
  refused: { code: isText, reason: isText },
  challenge: { id: isLong, version: isByte, nonce: isSecret, macs: isList(isSecret, 4, 1) },
  authenticate: {
    id: isLong,
    mac: isSecret,
    pid: isWord,
    epoch: isEpoch,
    sentAt: isWord,
    mayLead: isBoolean,
    isStrict: isBoolean,
    runtime: isText,
    channel: isText,
    name: isText,
    settings: isTexts,
    codecs: isTexts,
  },
  heartbeat: { id: isLong, reply: isBoolean },
  invoke: {
    id: isLong,
    timeout: isWord,
    sentAt: isWord,
    method: isText,
    oneway: isBoolean,
    args: isPayload,
  },
  result: { id: isLong, fault: isBoolean, value: isPayload },
  cancel: { id: isLong },
  subscribe: { key: isText, reg: isPayload },
  unsubscribe: { key: isText },
  value: { key: isText, revision: isLong, missed: isWord, fault: isBoolean, value: isPayload },
  publish: { id: isLong, epoch: isEpoch, sequence: isLong, key: isText, reg: isPayload },
  published: { id: isLong, epoch: isEpoch, sequence: isLong, fault: isBoolean, value: isPayload },
  leading: { epoch: isEpoch, address: isAddress },
  unavailable: { value: isPayload },
  standby: {
    address: (value) => value === undefined || (isAddress(value) && Reflect.get(Object(value), 'port') > 0),
  },
  goodbye: { code: isText, reason: isText },
};

function hasShape(value: unknown, shape: Record<string, Is>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const keys = Object.keys(value).sort();
  return (
    keys.join() === Object.keys(shape).sort().join() &&
    keys.every((key) => shape[key]?.(Reflect.get(value, key)))
  );
}

/** Every field is there, of its type and within its bounds, and no other. */
export function assertBounded(message: Any): void {
  const { type, ...fields } = message;
  for (const [key, is] of Object.entries(SHAPES[type])) {
    assert.ok(is(Reflect.get(fields, key)), `${type}: ${key} is ${String(Reflect.get(fields, key))}`);
  }
  assert.ok(hasShape(fields, SHAPES[type]), `${type} with ${Object.keys(fields)}`);
}

const id = fc.oneof(
  { weight: 6, arbitrary: fc.nat(6) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 32, Number.MAX_SAFE_INTEGER) },
);
const long = fc.oneof(fc.nat(9), fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1));
const epoch = fc.oneof(fc.nat(9), fc.constantFrom(1_750_000_000_000, 2 ** 52));
const flag = fc.boolean();
const secret = fc.constantFrom(0, 1, 0xff).map((fill) => Buffer.alloc(32, fill));
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('get', 'echo', 'log', 'db', 'a', ...NAMES) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom('k'.repeat(3000), 'ERR_CLUSTER_PROTOCOL') },
);
const texts = fc.array(text, { maxLength: 3 });
const address = record({
  host: fc.oneof(fc.constant('memory'), text),
  port: fc.oneof(fc.nat(9), fc.constant(65_535)),
});

function type<T extends Any['type']>(name: T): fc.Arbitrary<T> {
  return fc.constant(name);
}

/** One arbitrary for each type of message: whatever an encoder can be given. */
export const MESSAGES = {
  welcome: record({ type: type('welcome'), epoch, pid: word, codec: text, methods: texts }),
  parked: record({
    type: type('parked'),
    state: fc.constantFrom('vacant' as const, 'starting' as const, 'leaving' as const),
  }),
  moved: record({ type: type('moved'), epoch, address }),
  refused: record({ type: type('refused'), code: text, reason: text }),
  challenge: record({
    type: type('challenge'),
    id,
    version: byte,
    nonce: secret,
    macs: fc.array(secret, { minLength: 1, maxLength: 4 }),
  }),
  authenticate: record({
    type: type('authenticate'),
    id,
    mac: secret,
    pid: word,
    epoch,
    sentAt: word,
    mayLead: flag,
    isStrict: flag,
    runtime: text,
    channel: text,
    name: text,
    settings: texts,
    codecs: texts,
  }),
  heartbeat: record({ type: type('heartbeat'), id, reply: flag }),
  invoke: record({
    type: type('invoke'),
    id,
    timeout: word,
    sentAt: word,
    method: text,
    oneway: flag,
    args: payload,
  }),
  result: record({ type: type('result'), id, fault: flag, value: payload }),
  cancel: record({ type: type('cancel'), id }),
  subscribe: record({ type: type('subscribe'), key: text, reg: payload }),
  unsubscribe: record({ type: type('unsubscribe'), key: text }),
  value: record({
    type: type('value'),
    key: text,
    revision: long,
    missed: word,
    fault: flag,
    value: payload,
  }),
  publish: record({ type: type('publish'), id, epoch, sequence: long, key: text, reg: payload }),
  published: record({ type: type('published'), id, epoch, sequence: long, fault: flag, value: payload }),
  leading: record({ type: type('leading'), epoch, address }),
  unavailable: record({ type: type('unavailable'), value: payload }),
  standby: record({
    type: type('standby'),
    address: fc.option(
      address.filter(({ port }) => port > 0),
      { nil: undefined },
    ),
  }),
  goodbye: record({ type: type('goodbye'), code: text, reason: text }),
};

export const message: fc.Arbitrary<Any> = fc.oneof(...Object.values(MESSAGES));

/** One message, or the first slice of one, so many times. */
export interface Sending {
  do: 'send';
  message: Any;
  more: boolean;
  times: number;
}

export function sending(message: fc.Arbitrary<Any>): fc.Arbitrary<Sending> {
  const times = fc.constantFrom(1, 1, 1, 1, 1, 1, 2, 30);
  return record({ do: fc.constant('send' as const), message, more: once(16), times });
}

export function bytesSent({ message, more, times }: Sending): Buffer {
  const frame = encode(message);
  const bytes = encodeFrame({ ...frame, flags: frame.flags | (more ? Flag.more : 0) });
  return Buffer.concat(Array<Buffer>(times).fill(bytes));
}

/** Bytes of a text as they should be, and as they should not. */
export const textBytes = fc.oneof(
  { weight: 8, arbitrary: text.map((one) => Buffer.from(one)) },
  { weight: 2, arbitrary: buffer(12) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      Buffer.from([0xed, 0xa0, 0x80]),
      Buffer.from([0xc0, 0x80]),
      Buffer.from('\ufffd'),
      Buffer.alloc(MAX_STRING_BYTES, 'k'),
      Buffer.alloc(MAX_STRING_BYTES + 1, 'k'),
    ),
  },
);
