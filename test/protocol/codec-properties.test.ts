import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Codec } from '../../protocol/codec.js';
import { json } from '../../protocol/codecs/json.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { v8 } from '../../protocol/codecs/v8.js';
import { key, leaf, structured } from './codec-arbitraries.js';

const runs = { numRuns: 300 };

function roundTrip(codec: Codec, value: unknown): unknown {
  return codec.decode(Buffer.from(codec.encode(value)));
}

describe('any value comes back as it was', () => {
  it('from msgpack', () => {
    const codec = msgpack();
    fc.assert(
      fc.property(structured, (value) => assert.deepEqual(roundTrip(codec, value), value)),
      runs,
    );
  });

  it('from json, where it is JSON', () => {
    const codec = json();
    const value = fc.jsonValue().map((original): unknown => JSON.parse(JSON.stringify(original)));
    fc.assert(
      fc.property(value, (original) => assert.deepEqual(roundTrip(codec, original), original)),
      runs,
    );
  });

  it('from v8', () => {
    const codec = v8();
    const value = fc.anything({
      key,
      withBigInt: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      values: [leaf, fc.double()],
    });
    fc.assert(
      fc.property(value, (original) => assert.deepEqual(roundTrip(codec, original), original)),
      runs,
    );
  });
});

describe('any bytes of a peer', () => {
  const objectKeys = Reflect.ownKeys(Object.prototype);

  /** Either a value or an Error, no prototype touched, and the codec works afterwards. */
  function assertHarmless(codec: Codec, bytes: Buffer): void {
    const before = Buffer.from(bytes);
    try {
      codec.decode(bytes);
    } catch (error) {
      assert.ok(error instanceof Error);
    }
    assert.deepEqual(Reflect.ownKeys(Object.prototype), objectKeys);
    assert.ok(bytes.equals(before));
    assert.deepEqual(roundTrip(codec, { a: [1, { a: 'b' }] }), { a: [1, { a: 'b' }] });
  }

  function changedByte(codec: Codec, value: fc.Arbitrary<unknown>): fc.Arbitrary<Buffer> {
    return fc.tuple(value, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([value, at, change]) => {
      const bytes = Buffer.from(codec.encode(value));
      const index = at % bytes.length;
      bytes.writeUInt8((bytes[index] ?? 0) ^ change, index);
      return bytes;
    });
  }

  const noise = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));

  it('are decoded or refused by msgpack', () => {
    const codec = msgpack();
    fc.assert(
      fc.property(noise, (bytes) => assertHarmless(codec, bytes)),
      { numRuns: 1000 },
    );
  });

  it('are decoded or refused by msgpack where they were a value before one byte was changed', () => {
    const codec = msgpack();
    fc.assert(
      fc.property(changedByte(codec, structured), (bytes) => assertHarmless(codec, bytes)),
      runs,
    );
  });

  it('are decoded or refused by json', () => {
    const codec = json();
    const syntax = fc.string({
      unit: fc.constantFrom(...'{}[]":,01-.eE\\u"__proto__ truefalsn'),
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          noise,
          syntax.map((source) => Buffer.from(source)),
        ),
        (bytes) => assertHarmless(codec, bytes),
      ),
      { numRuns: 1000 },
    );
  });

  it('are decoded or refused by serialize-json, also where they were a value before one byte was changed', () => {
    const codec = serializeJson();
    const syntax = fc.string({
      unit: fc.constantFrom(...'^^^^||||@$*#]--01235Za.eN+%__proto__'),
      maxLength: 60,
    });
    const given = fc.oneof(
      noise,
      syntax.map((source) => Buffer.from(source)),
      syntax.map((source) => Buffer.from(`a|__proto__^1|73^0.5^1^${source.replaceAll('^', '|')}`)),
      changedByte(codec, structured),
    );
    fc.assert(
      fc.property(given, (bytes) => assertHarmless(codec, bytes)),
      { numRuns: 3000 },
    );
  });

  it('are decoded or refused by v8, also where they were a value before one byte was changed', () => {
    const codec = v8();
    const values = fc.anything({ withBigInt: true, withMap: true, withSet: true, withTypedArray: true });
    fc.assert(
      fc.property(fc.oneof(noise, changedByte(codec, values)), (bytes) => assertHarmless(codec, bytes)),
      { numRuns: 1000 },
    );
  });

  it('that nest deeper than the stack are refused', () => {
    assertHarmless(msgpack(), Buffer.alloc(1_000_000, 0x91));
    assertHarmless(json(), Buffer.alloc(1_000_000, '['));
    assertHarmless(serializeJson(), Buffer.from(`^^^^${'@'.repeat(1_000_000)}`));
    assert.throws(() => msgpack().decode(Buffer.alloc(1_000_000, 0x91)), RangeError);
  });
});
