import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Codec, decodePayload, encodePayload } from '../../protocol/codec.js';
import { json } from '../../protocol/codecs/json.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { v8 } from '../../protocol/codecs/v8.js';

function failing(thrown: unknown): Codec {
  const fail = () => {
    throw thrown;
  };
  return { name: 'failing', encode: fail, decode: fail };
}

describe('a Buffer as a whole', () => {
  it('travels raw: the same memory, without the codec', () => {
    const codec = failing(new Error('not to be asked'));
    for (const value of [Buffer.from('abc'), Buffer.alloc(0)]) {
      const payload = encodePayload(codec, value, 'it');
      assert.equal(payload.raw, true);
      assert.equal(payload.bytes, value);
      assert.equal(decodePayload(codec, payload, 'it'), value);
    }
  });

  it('is not what other binary values are', () => {
    for (const value of [Uint8Array.of(1), new ArrayBuffer(1), { buffer: Buffer.from('a') }]) {
      const payload = encodePayload(msgpack(), value, 'it');
      assert.equal(payload.raw, false);
      assert.deepEqual(decodePayload(msgpack(), payload, 'it'), value);
    }
  });
});

describe('a payload', () => {
  it("holds the codec's bytes as a Buffer over the same memory", () => {
    const memory = Uint8Array.of(0, 1, 2, 3, 4).subarray(1, 4);
    const codec: Codec = { name: 'fixed', encode: () => memory, decode: (bytes) => bytes.toString('hex') };
    const payload = encodePayload(codec, 'value', 'it');
    assert.ok(Buffer.isBuffer(payload.bytes));
    assert.equal(payload.bytes.buffer, memory.buffer);
    assert.equal(decodePayload(codec, payload, 'it'), '010203');
  });

  it('comes back with every codec of the package', () => {
    for (const codec of [msgpack(), json(), v8(), serializeJson()]) {
      for (const value of [undefined, null, { a: [1, 'b'] }]) {
        const payload = encodePayload(codec, value, 'it');
        assert.deepEqual(decodePayload(codec, payload, 'it'), value, codec.name);
      }
    }
  });
});

describe('an error of a codec', () => {
  it('is told as ERR_CLUSTER_ENCODE, with what it was, the codec and the cause', () => {
    const cause = new RangeError('too deep');
    assert.throws(() => encodePayload(failing(cause), {}, 'the result of getConfig'), {
      name: 'ClusterError',
      code: 'ERR_CLUSTER_ENCODE',
      message: 'cannot encode the result of getConfig with codec failing: too deep',
      cause,
      codec: 'failing',
    });
  });

  it('is told as ERR_CLUSTER_DECODE, with what it was, the codec and the cause', () => {
    const cause = new RangeError('too short');
    const payload = { bytes: Buffer.from('a'), raw: false };
    assert.throws(() => decodePayload(failing(cause), payload, 'the value of db'), {
      name: 'ClusterError',
      code: 'ERR_CLUSTER_DECODE',
      message: 'cannot decode the value of db with codec failing: too short',
      cause,
      codec: 'failing',
    });
  });

  it('may be anything that can be thrown', () => {
    for (const thrown of ['text', undefined, null, 5]) {
      const codec = failing(thrown);
      const expected = { message: new RegExp(`codec failing: ${thrown}$`), cause: thrown };
      assert.throws(() => encodePayload(codec, {}, 'it'), { code: 'ERR_CLUSTER_ENCODE', ...expected });
      const payload = { bytes: Buffer.from('a'), raw: false };
      assert.throws(() => decodePayload(codec, payload, 'it'), { code: 'ERR_CLUSTER_DECODE', ...expected });
    }
  });

  it('concerns one call alone', () => {
    const codec = msgpack();
    assert.throws(() => encodePayload(codec, { a: () => 1 }, 'it'), { code: 'ERR_CLUSTER_ENCODE' });
    assert.throws(() => decodePayload(codec, { bytes: Buffer.of(0xc7), raw: false }, 'it'), {
      code: 'ERR_CLUSTER_DECODE',
    });
    assert.deepEqual(decodePayload(codec, encodePayload(codec, { a: 1 }, 'it'), 'it'), { a: 1 });
  });
});
