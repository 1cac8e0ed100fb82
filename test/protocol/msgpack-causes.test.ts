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

  it('is refused where two errors have the same data, which are copied: a peer could make much of little', () => {
    const fault = { message: 'm', data: { a: 1 } };
    const leaf = (index: number) => new Error('', { cause: index });
    const same = { message: /^two errors have the same data$/ };
    assert.throws(() => forge(tag, [leaf(0), leaf(0)], [fault]), same);
    assert.throws(() => forge(tag, [leaf(0), leaf(1)], [fault, fault]), same);
    assert.throws(() => forge(tag, [leaf(0), leaf(1)], [fault, { ...fault }]), same);
    const one = leaf(0);
    assert.deepEqual((forge(tag, [one, one], [fault]) as Error[])[0]?.message, 'm');
  });

  it('gives no error for a fault in a fault, which could be had by many', () => {
    const inner = { message: 'inner', data: { a: 1 } };
    const [copy] = forge(tag, [new Error('', { cause: 0 })], [{ message: 'm', cause: inner }]) as Error[];
    assert.equal(copy?.message, 'm');
    assert.equal('cause' in (copy ?? {}), false);
  });

  it('gives no data where they are none: not the bytes of a Buffer, each as a property', () => {
    const data = [Buffer.alloc(10), new Uint8Array(10), [1, 2], new Map([[1, 2]]), new Error('d')];
    for (const each of data) {
      const [copy] = forge(tag, [new Error('', { cause: 0 })], [{ message: 'm', data: each }]) as Error[];
      assert.deepEqual(Object.keys(copy ?? {}), []);
    }
  });

  it('does not matter within another', () => {
    const inner = new Error('inner', { cause: [tag, [1], []] });
    const copy = (forge(tag, [inner], []) as Error[])[0];
    assert.equal(copy?.message, 'the peer sent an error without a message');
  });
});

describe('causes of a peer', () => {
  /** Its bytes are not deep: the errors stand beside each other, and each is the cause of the one before. */
  function chain(length: number): Buffer {
    const leaf = (index: number) => new Error('', { cause: index });
    const fault = (_: unknown, n: number) => ({
      message: `${n}`,
      cause: { value: n + 1 < length ? leaf(n + 1) : 0 },
    });
    const faults = Array.from({ length }, fault);
    const whole = new Error('', { cause: ['cluster-client/errors', leaf(0), faults] });
    return Buffer.from(new Packr({ structuredClone: true }).pack(whole));
  }

  it('are as deep as maxDepth, and no deeper, whatever their bytes are', () => {
    let error = codec.decode(chain(256));
    for (let n = 0; n < 256; n++) {
      assert.ok(error instanceof Error);
      assert.equal(error.message, `${n}`);
      error = error.cause;
    }
    for (const length of [257, 20_000]) {
      assert.throws(() => codec.decode(chain(length)), {
        name: 'RangeError',
        message: /nested deeper than the 256/,
      });
    }
    assert.throws(() => msgpack({ maxDepth: 10 }).decode(chain(11)), RangeError);
  });

  it('may be those of each other, as long as one of each is near', () => {
    const errors = [new Error('0')];
    for (let n = 1; n < 1000; n++) errors.push(new Error(`${n}`, { cause: errors[n - 1] }));
    const copies = roundTrip(errors);
    assert.equal(copies.length, 1000);
    for (let n = 1; n < 1000; n++) assert.equal(copies[n]?.cause, copies[n - 1]);
  });
});
