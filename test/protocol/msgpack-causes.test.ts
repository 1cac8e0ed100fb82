import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Packr } from 'msgpackr';
import { msgpack } from '../../protocol/codecs/msgpack.js';

const codec = msgpack();

function roundTrip<T>(value: T): T {
  return codec.decode(Buffer.from(codec.encode(value))) as T;
}

describe('causes', () => {
  it('are kept: values of any kind, falsy ones included', () => {
    for (const cause of [
      null,
      0,
      '',
      false,
      NaN,
      'text',
      { a: [1n] },
      new Map([[1, 2]]),
      ['cluster-client/errors', 1],
    ]) {
      assert.deepEqual(roundTrip(new Error('e', { cause })).cause, cause);
    }
  });

  it('are kept as a chain of any length, each with its class and data', () => {
    let error = Object.assign(new Error('0'), { depth: 0 });
    for (let depth = 1; depth <= 20; depth++) {
      error = Object.assign(new RangeError(String(depth), { cause: error }), { depth });
    }
    let copy: unknown = roundTrip({ error }).error;
    for (let depth = 20; depth >= 0; depth--) {
      assert.ok(copy instanceof (depth === 0 ? Error : RangeError));
      assert.equal(copy.message, String(depth));
      assert.equal(Reflect.get(copy, 'depth'), depth);
      copy = copy.cause;
    }
    assert.equal(copy, undefined);
  });

  it('may lead back to the error itself', () => {
    const error = new Error('self');
    error.cause = error;
    const copy = roundTrip(error);
    assert.ok(copy instanceof Error);
    assert.equal(copy.message, 'self');
    assert.equal(copy.cause, copy);
  });

  it('may lead back to the error over another one and over containers', () => {
    const first = new TypeError('first');
    const second = new Error('second', { cause: [new Map([['first', first]])] });
    first.cause = second;
    const copy = roundTrip({ list: [first] }).list[0];
    assert.ok(copy instanceof TypeError);
    const back = copy.cause;
    assert.ok(back instanceof Error);
    assert.equal((back.cause as [Map<string, unknown>])[0].get('first'), copy);
  });
});

describe('an envelope of errors that a peer has made up', () => {
  const tag = 'cluster-client/errors';
  const forge = (...cause: unknown[]) => {
    const bytes = new Packr({ structuredClone: true }).pack(new Error('made up', { cause }));
    return codec.decode(Buffer.from(bytes));
  };

  it('is an ordinary error where it has no list of faults', () => {
    for (const cause of [[tag], [tag, 'value', 'no list'], ['another tag', 'value', []]]) {
      const copy = forge(...cause);
      assert.ok(copy instanceof Error);
      assert.equal(copy.message, 'made up');
      assert.deepEqual(copy.cause, cause);
    }
  });

  it('gives errors without their data where faults are missing or mistyped', () => {
    const mistyped = { message: 1, name: 2, stack: 3, code: {}, cause: 4, data: 5 };
    const forged = [
      forge(tag, [new Error('a', { cause: 5 })], []),
      forge(tag, [new Error('a', { cause: -1 })], [mistyped]),
      forge(tag, [new Error('a', { cause: 0 })], [mistyped]),
      forge(tag, [new Error('a', { cause: '__proto__' })], [mistyped]),
    ];
    for (const value of forged) {
      assert.ok(Array.isArray(value));
      const copy: unknown = value[0];
      assert.ok(copy instanceof Error);
      assert.equal(copy.message, 'the peer sent an error without a message');
      assert.deepEqual(Object.keys(copy), []);
      assert.equal('cause' in copy, false);
    }
  });
});
