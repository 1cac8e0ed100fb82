import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import real from 'serialize-json';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { key, text } from './codec-arbitraries.js';

const codec = serializeJson();
const runs = { numRuns: 300 };

/** Sets a prototype where the package reads it: what ours does with it has a test of its own. */
const safeKey = key.filter((name) => name !== '__proto__');

const kept = fc.oneof(
  fc.constantFrom<unknown[]>(undefined, null, true, false, '', NaN, Infinity, -Infinity),
  fc.integer(),
  fc.maxSafeInteger(),
  fc
    .double()
    .filter((double) => Number.isSafeInteger(double) || !Number.isInteger(double))
    .map((double) => double + 0),
  text,
  fc.string({ unit: fc.constantFrom(...' +|^%2B5E7C|%25é-0') }),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array().map((array) => Buffer.from(array)),
);

/** What only our encoder keeps, and what both change. */
const changed = fc.oneof(
  fc.constantFrom<unknown[]>(-0, 1e21, -(2 ** 53), Number.MAX_VALUE, 1n, Symbol('s'), () => 1, /a/),
  fc.double(),
  fc.uint8Array(),
  fc.array(fc.integer()).map((list) => new Set(list)),
);

function nested(leaf: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value')),
      fc.dictionary(safeKey, tie('value'), { noNullPrototype: true }),
      fc.tuple(text, fc.dictionary(safeKey, tie('value'))).map(([message, fields]) => {
        // The stack is made of the name when it is first asked for, and an object there may not let itself be made text.
        const { message: _, stack: __, name: ___, ...others } = fields;
        return Object.assign(new Error(message), others);
      }),
    ),
  })).value;
}

/** What a value stands for in this format. */
function meant(value: unknown): unknown {
  if (typeof value === 'function' || typeof value === 'symbol' || typeof value === 'bigint') return null;
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(meant);
  const fields = Object.fromEntries(Object.entries(value).map(([name, item]) => [name, meant(item)]));
  return value instanceof Error ? Object.assign(new Error(value.message), fields) : fields;
}

describe('any value', () => {
  it('that the package encodes is decoded as it was', () => {
    fc.assert(
      fc.property(nested(kept), (value) => assert.deepEqual(codec.decode(real.encode(value)), value)),
      runs,
    );
  });

  it('that the package encodes and changes is decoded as the package does', () => {
    const value = nested(fc.oneof(kept, changed));
    fc.assert(
      fc.property(value, (value) => {
        const bytes = real.encode(value);
        assert.deepEqual(codec.decode(bytes), real.decode(bytes));
      }),
      runs,
    );
  });

  it('that is encoded is decoded by the package, and here, to what it stands for', () => {
    const value = nested(fc.oneof(kept, changed));
    fc.assert(
      fc.property(value, (value) => {
        const bytes = Buffer.from(codec.encode(value));
        assert.deepEqual(real.decode(bytes), meant(value));
        assert.deepEqual(codec.decode(bytes), meant(value));
      }),
      runs,
    );
  });
});
