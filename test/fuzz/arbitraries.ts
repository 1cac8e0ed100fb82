import fc from 'fast-check';
import type { Payload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { Type } from '../../protocol/constants.js';
import { hex } from '../fixtures/frames-hex.js';
import { bytesOf, type Wire } from './wire.js';

export function buffer(maxLength: number): fc.Arbitrary<Buffer> {
  return fc.uint8Array({ maxLength }).map((array) => Buffer.from(array));
}

/** With the prototype that objects of ours have. */
export function record<T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(fields, { noNullPrototype: true });
}

/** True once in so many times. */
export function once(many: number): fc.Arbitrary<boolean> {
  return fc.nat(many - 1).map((chance) => chance === 0);
}

export const byte = fc.nat(0xff);

/** Small ones, and those at which something may overflow. */
export const word = fc.oneof(
  fc.nat(64),
  fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fffe, 65_535, 65_536, 4_096, 4_097),
  fc.integer({ min: 0, max: 0xffff_ffff }),
);

/** Numbers that 64 bits hold exactly; rarely one that a double does not. */
export const longWord = fc.oneof(
  { weight: 12, arbitrary: fc.nat(9).map(BigInt) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(2n ** 32n - 1n, 2n ** 32n, 2n ** 52n, 2n ** 53n - 1n),
  },
  { weight: 1, arbitrary: fc.constantFrom(2n ** 52n + 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n) },
);

const types = Object.values(Type);

/** Parts of a frame; an application part is now and then longer than what is written by hand. */
const part = fc.oneof(
  { weight: 4, arbitrary: fc.constant(Buffer.alloc(0)) },
  { weight: 6, arbitrary: buffer(24) },
  { weight: 1, arbitrary: fc.nat(3000).map((length) => Buffer.alloc(length, 0x61)) },
);

/** A frame that says the truth about its lengths; whether it means anything is another matter. */
export const wire: fc.Arbitrary<Wire> = record({
  version: fc.oneof(
    { weight: 20, arbitrary: fc.constant(2) },
    { weight: 5, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: byte },
  ),
  kind: fc.oneof({ weight: 8, arbitrary: fc.nat(1) }, { weight: 1, arbitrary: byte }),
  type: fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...types) }, { weight: 1, arbitrary: byte }),
  flags: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 4, 8) }, { weight: 1, arbitrary: byte }),
  id: longWord,
  timeout: word,
  connection: part,
  application: part,
});

/** One bit or more of one byte, changed. */
export interface Flip {
  at: number;
  mask: number;
}

export const flip: fc.Arbitrary<Flip> = record({
  at: fc.nat(400),
  mask: fc.integer({ min: 1, max: 255 }),
});

export function flipped(bytes: Buffer, flips: readonly Flip[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const { at, mask } of flips) {
    if (copy.length > 0) copy.writeUInt8(copy.readUInt8(at % copy.length) ^ mask, at % copy.length);
  }
  return copy;
}

/** Bytes that were something good before: with other bits, cut short, or with something behind them. */
export function mutated(whole: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return record({
    whole,
    flips: fc.array(flip, { maxLength: 3 }),
    kept: fc.option(fc.nat(200), { nil: Infinity, freq: 3 }),
    tail: fc.option(buffer(8), { nil: Buffer.alloc(0), freq: 3 }),
  }).map(({ whole, flips, kept, tail }) => Buffer.concat([flipped(whole, flips).subarray(0, kept), tail]));
}

/** Bytes for a stream: a good frame, a bad one, or nothing of the kind. */
export const piece: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 12, arbitrary: wire.map(bytesOf) },
  { weight: 3, arbitrary: mutated(wire.map(bytesOf)) },
  {
    weight: 1,
    arbitrary: record({ frame: wire, lengths: fc.tuple(word, word) }).map(({ frame, lengths }) => {
      return bytesOf({ ...frame, lengths });
    }),
  },
  { weight: 1, arbitrary: buffer(40) },
);

/** The pieces in any order, some of them twice. */
export function stream(pieces: fc.Arbitrary<Buffer>, maxLength: number): fc.Arbitrary<Buffer> {
  return record({
    pieces: fc.array(pieces, { maxLength }),
    swaps: fc.array(fc.nat(maxLength), { maxLength: 3 }),
  }).map(({ pieces, swaps }) => {
    for (const index of swaps) {
      const moved = pieces[index];
      if (moved) pieces.push(moved);
    }
    return Buffer.concat(pieces);
  });
}

/** Lengths of chunks, to be used again and again. */
export const sizes = fc.oneof(
  fc.constant([1]),
  fc.constant([1_000_000]),
  fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
);

/** Copies, as each chunk of a socket is memory of its own; of long bytes no more than so many. */
export function cut(bytes: Buffer, sizes: readonly number[], most = 2_000): Buffer[] {
  const chunks: Buffer[] = [];
  const least = Math.ceil(bytes.length / most);
  for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
    const size = Math.max(least, sizes[turn % sizes.length] ?? 0);
    chunks.push(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
  return chunks;
}

/** Names that mean something to JavaScript, to an emitter, to a promise, or to us. */
export const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'emit',
  'on',
  'then',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'subscribe',
  'close',
  '',
  'get\0',
  'GET',
];

const codec = msgpack();
const encoded = (value: unknown) => Buffer.from(codec.encode(value));

/** msgpack by hand that a decoder may stumble over. */
const NASTY = [
  hex(`c1`),
  hex(`81 a9 '__proto__' 81 a8 'polluted' c3`),
  hex(`91 81 ab 'constructor' 81 a9 'prototype' 81 a8 'polluted' c3`),
  hex(`91 81 a4 'then' c3`),
  // Longer than what is there: array, map, text, bytes, extension.
  hex(`dd ff ff ff ff`),
  hex(`df ff ff ff ff`),
  hex(`db ff ff ff ff 'a'`),
  hex(`c6 ff ff ff ff 00`),
  hex(`c9 ff ff ff ff 01 00`),
  // Records: a definition with names like these, one that is used and was never defined, one that is no list.
  hex(`91 d4 72 40 92 a9 '__proto__' a8 'toString' 01 02`),
  hex(`91 d5 72 40 00 91 a1 'a' 01`),
  hex(`91 5f`),
  hex(`91 d4 72 40 01`),
  // Errors whose class is none, with a cause of our own envelope.
  hex(`91 d4 65 00 93 a7 'valueOf' a1 'm' c0`),
  hex(`d4 65 00 93 a5 'Error' a0 93 b5 'cluster-client/errors' 91 c0 91 c0`),
  // References: to itself, and to nothing.
  hex(`d6 69 00 00 00 01 91 d6 70 00 00 00 01`),
  hex(`d6 70 00 00 00 09`),
  // A pattern, a typed array, a BigInt, a date and a set that are none.
  hex(`91 c7 05 78 92 a1 '(' a1 'z'`),
  hex(`91 c7 02 74 09 00`),
  hex(`91 d4 42 ff`),
  hex(`91 c7 01 ff 00`),
  hex(`91 d4 73 00 c0`),
  Buffer.alloc(3000, 0x91),
];

const value = fc.oneof(
  fc.constantFrom<unknown[]>(
    null,
    undefined,
    0,
    -1,
    '',
    'db',
    true,
    1n,
    NaN,
    [],
    {},
    [[]],
    ['db'],
    ['db', 1],
  ),
  fc.jsonValue({ maxDepth: 2 }),
  fc.dictionary(fc.constantFrom(...NAMES, 'key', 'db'), fc.constantFrom(1, 'x', null), { maxKeys: 3 }),
);

/** A payload as one of the group would send it, and as nobody of sound mind would. */
export const payload: fc.Arbitrary<Payload> = record({
  bytes: fc.oneof(
    { weight: 4, arbitrary: fc.array(value, { maxLength: 3 }).map(encoded) },
    { weight: 3, arbitrary: value.map(encoded) },
    { weight: 3, arbitrary: mutated(value.map(encoded)) },
    { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
    { weight: 2, arbitrary: mutated(fc.constantFrom(...NASTY)) },
    { weight: 1, arbitrary: buffer(30) },
  ),
  raw: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});
