import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { msgpack } from '../../protocol/codecs/msgpack.js';

const codec = msgpack();

function roundTrip<T>(value: T): T {
  return codec.decode(Buffer.from(codec.encode(value))) as T;
}

/** An error's own properties as 3.x users see them. */
function shape(error: Error): Record<string, unknown> {
  const { name, message, stack, cause } = error;
  return { ...error, name, message, stack, cause };
}

describe('an error in a value', () => {
  it('keeps name, message, stack, code and own data', () => {
    const error = Object.assign(new Error('broken'), {
      code: 'E_BROKEN',
      status: 503,
      at: new Date(0),
      big: 1n,
    });
    error.name = 'CustomError';
    const copy = roundTrip(error);
    assert.ok(copy instanceof Error);
    assert.deepEqual(shape(copy), shape(error));
    assert.equal(copy.stack, error.stack);
  });

  it('has the same enumerable keys, so that it prints and compares as before', () => {
    const error = Object.assign(new TypeError('broken'), { code: 7, extra: [1] });
    assert.deepEqual(Object.keys(roundTrip(error)), ['code', 'extra']);
    assert.deepEqual(roundTrip(error), error);
  });

  it('without a message or a cause has none afterwards', () => {
    const copy = roundTrip(new Error());
    assert.equal(copy.message, '');
    assert.equal('cause' in copy, false);
    assert.equal('code' in copy, false);
  });

  it('of a built-in class is of that class afterwards', () => {
    for (const Class of [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
      const copy = roundTrip({ error: new Class('wrong', { cause: 1 }) }).error;
      assert.ok(copy instanceof Class, Class.name);
      assert.equal(copy.name, Class.name);
      assert.equal(copy.message, 'wrong');
      assert.equal(copy.cause, 1);
      assert.deepEqual(Object.keys(copy), []);
    }
  });

  it('of a class of the application is an Error with its name and data', () => {
    class HttpError extends Error {
      override name = 'HttpError';
      status = 404;
    }
    const copy = roundTrip([new HttpError('not found')])[0];
    assert.ok(copy);
    assert.equal(Object.getPrototypeOf(copy), Error.prototype);
    assert.equal(copy.name, 'HttpError');
    assert.equal(copy.status, 404);
  });

  it('of the class AggregateError keeps its errors', () => {
    const copy = roundTrip(
      new AggregateError([new TypeError('a'), new Error('b'), 3], 'all', { cause: 'c' }),
    );
    assert.ok(copy instanceof Error);
    assert.equal(copy.name, 'AggregateError');
    assert.equal(copy.message, 'all');
    assert.equal(copy.cause, 'c');
    assert.deepEqual(copy.errors, [new TypeError('a'), new Error('b'), 3]);
    assert.ok(copy.errors[0] instanceof TypeError);
  });

  it('may be frozen', () => {
    const error = Object.freeze(Object.assign(new Error('frozen'), { code: 'E', data: Object.freeze([1]) }));
    assert.deepEqual(shape(roundTrip(error)), shape(error));
  });

  it('whose getters throw loses what they would have told', () => {
    const error = Object.defineProperties(new Error('kept'), {
      code: { get: () => assert.fail('no code'), enumerable: true },
      other: { get: () => assert.fail('no other'), enumerable: true },
      cause: { get: () => assert.fail('no cause') },
    });
    const copy = roundTrip({ error }).error;
    assert.equal(copy.message, 'kept');
    assert.deepEqual(Object.keys(copy), []);
  });
});

describe('errors among other values', () => {
  it('are found in arrays, objects, maps (keys too), sets and the data of errors', () => {
    const error = () => new RangeError('deep');
    const value = {
      array: [[error()]],
      object: { a: { b: error() } },
      map: new Map<unknown, unknown>([
        [error(), 1],
        [2, error()],
      ]),
      set: new Set([error()]),
      data: Object.assign(new Error('outer'), { inner: { list: [error()] } }),
      rest: [
        1n,
        undefined,
        new Date(5),
        /x/g,
        Buffer.from('b'),
        Float32Array.of(1),
        new Uint8Array(2).buffer,
      ],
    };
    const copy = roundTrip(value);
    assert.deepEqual(copy, value);
    assert.ok([...copy.map.keys()][0] instanceof RangeError);
    assert.ok([...copy.set][0] instanceof RangeError);
    assert.ok(copy.data.inner.list[0] instanceof RangeError);
  });

  it('leave circular references and shared objects as they are', () => {
    const error = new Error('shared');
    const owner: Record<string, unknown> = { error, again: [error] };
    owner['owner'] = owner;
    Object.assign(error, { owner });
    const copy = roundTrip(owner);
    const first = copy['error'];
    assert.ok(first instanceof Error);
    assert.equal((copy['again'] as unknown[])[0], first);
    assert.equal(copy['owner'], copy);
    assert.equal(Reflect.get(first, 'owner'), copy);
  });

  it('do not change the value that is encoded', () => {
    const error = Object.assign(new Error('e', { cause: { a: 1 } }), { list: [1] });
    const before = { ...shape(error) };
    const value = { error, list: [error] };
    roundTrip(value);
    assert.equal(value.list[0], error);
    assert.deepEqual(shape(error), before);
  });
});
