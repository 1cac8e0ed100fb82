import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Codec } from '../../protocol/codec.js';
import { json } from '../../protocol/codecs/json.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { v8 } from '../../protocol/codecs/v8.js';

interface Binary {
  buffer: Buffer;
  long: Buffer;
  array: Uint8Array;
  doubles: Float64Array;
  bits: ArrayBuffer;
}

function binary(): Binary {
  return {
    buffer: Buffer.from('abc'),
    long: Buffer.alloc(100_000, 1),
    array: Uint8Array.of(1, 2, 3),
    doubles: Float64Array.of(1, 2),
    bits: Uint8Array.of(1, 2, 3).buffer,
  };
}

function overwrite(value: Binary): void {
  for (const view of [value.buffer, value.long, value.array, value.doubles, new Uint8Array(value.bits)])
    view.fill(9);
}

/** Over all offsets, since an aligned array may be made without a copy where another is not. */
function shifted(bytes: Uint8Array, by: number): Buffer {
  const target = Buffer.alloc(bytes.length + by);
  target.set(bytes, by);
  return target.subarray(by);
}

for (const codec of [msgpack(), v8()]) {
  describe(`a value decoded with ${codec.name}`, () => {
    it('does not share memory with the bytes that it was decoded from', () => {
      for (let offset = 0; offset < 8; offset++) {
        const bytes = shifted(codec.encode(binary()), offset);
        const before = Buffer.from(bytes);
        overwrite(codec.decode(bytes) as Binary);
        assert.ok(bytes.equals(before), `offset ${offset}`);
      }
    });

    it('is not changed by what happens to the bytes later', () => {
      const bytes = Buffer.from(codec.encode(binary()));
      const value = codec.decode(bytes);
      bytes.fill(0);
      assert.deepEqual(value, binary());
    });

    it('does not give access to bytes of other values through an ArrayBuffer', () => {
      const bytes = Buffer.from(codec.encode({ array: Uint8Array.of(1, 2, 3), buffer: Buffer.from('abc') }));
      const value = codec.decode(bytes) as Binary;
      for (const view of [value.array, value.buffer]) assert.ok(view.buffer.byteLength <= bytes.length);
    });
  });
}

for (const codec of [msgpack(), v8(), json(), serializeJson()] satisfies Codec[]) {
  describe(`two values decoded with ${codec.name} from the same bytes`, () => {
    it('have nothing mutable in common', () => {
      const make = () => ({ object: { list: [1, { a: 1 }] }, list: [[1]] });
      const bytes = Buffer.from(codec.encode(make()));
      const first = codec.decode(bytes) as ReturnType<typeof make>;
      const second = codec.decode(bytes);
      first.object.list.push(2);
      first.list[0]?.push(2);
      Object.assign(first, { more: 1 });
      assert.deepEqual(second, make());
      assert.deepEqual(codec.decode(bytes), make());
    });
  });

  describe(`bytes encoded with ${codec.name}`, () => {
    it('are not changed by what is encoded later', () => {
      const values = Array.from({ length: 200 }, (_, n) => ({ n, text: 'x'.repeat(n * 10) }));
      const all = values.map((value) => codec.encode(value));
      const copies = all.map((bytes) => Buffer.from(bytes));
      for (const [index, bytes] of all.entries()) assert.deepEqual(Buffer.from(bytes), copies[index]);
      for (const [index, bytes] of copies.entries()) assert.deepEqual(codec.decode(bytes), values[index]);
    });

    it('are not changed by what happens to the value later', () => {
      const value = { list: [1, 2], text: 'a' };
      const bytes = codec.encode(value);
      value.list.push(3);
      assert.deepEqual(codec.decode(Buffer.from(bytes)), { list: [1, 2], text: 'a' });
    });
  });
}

it('errors decoded twice from the same bytes share neither data nor cause', () => {
  const codec = msgpack();
  const error = Object.assign(new Error('e', { cause: { list: [1] } }), { data: { list: [1] } });
  const bytes = Buffer.from(codec.encode(error));
  const first = codec.decode(bytes) as typeof error;
  (first.cause as { list: number[] }).list.push(2);
  first.data.list.push(2);
  first.message = 'changed';
  assert.deepEqual(codec.decode(bytes), error);
});
