import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { kept } from './codec-values.js';

const codec = msgpack();

function roundTrip(value: unknown): unknown {
  return codec.decode(Buffer.from(codec.encode(value)));
}

describe('msgpack keeps (3.7.0: many of them silently wrong)', () => {
  for (const [name, value] of kept) {
    it(`${name}, as a whole and nested`, () => {
      assert.deepEqual(roundTrip(value), value);
      assert.deepEqual(roundTrip({ a: [value], m: new Map([['k', value]]) }), {
        a: [value],
        m: new Map([['k', value]]),
      });
    });
  }

  it('an invalid date', () => {
    const date = roundTrip(new Date(NaN));
    assert.ok(date instanceof Date);
    assert.ok(Number.isNaN(date.getTime()));
  });

  it('circular references through objects, arrays, maps and sets', () => {
    const object: Record<string, unknown> = { name: 'o' };
    const array: unknown[] = [object];
    const map = new Map<unknown, unknown>([['array', array]]);
    const set = new Set<unknown>([map]);
    object['self'] = object;
    object['set'] = set;
    map.set('map', map);
    set.add(set);
    array.push(array);
    assert.deepEqual(roundTrip(object), object);
    assert.deepEqual(roundTrip([set, map, array]), [set, map, array]);
  });

  it('that two places hold the same object', () => {
    const shared = { x: 1 };
    const date = new Date(0);
    const result = roundTrip([shared, shared, date, date]) as unknown[];
    assert.equal(result[0], result[1]);
    assert.equal(result[2], result[3]);
  });

  it('objects with a key that msgpackr uses itself, and what is encoded after them', () => {
    const values = [
      { __keys__: 1 },
      {},
      { a: 1, __keys__: 2 },
      { a: 1 },
      [{ __keys__: { __keys__: {} } }, {}, { x: '__keys__' }],
    ];
    for (const value of [...values, ...values.reverse(), values]) assert.deepEqual(roundTrip(value), value);
    assert.deepEqual(codec.decode(Buffer.from(codec.encode(values))), values);
  });

  it('what is encoded after an object with such a key, where msgpackr would write it wrongly and not notice', () => {
    const fresh = msgpack();
    for (const value of [{ highByte: { highByte: 2 } }, { __keys__: 0, highByte: 1 }, { b: 1 }, {}]) {
      assert.deepEqual(fresh.decode(Buffer.from(fresh.encode(value))), value);
    }
  });

  it('objects with a key toJSON that is no function, with and without a prototype', () => {
    for (const toJSON of [1, 'text', { a: 1 }]) {
      assert.deepEqual(roundTrip([{ toJSON, constructor: 1 }]), [{ toJSON, constructor: 1 }]);
      assert.deepEqual(roundTrip(Object.assign(Object.create(null), { toJSON })), { toJSON });
    }
  });

  it('values that hold the bytes by which it knows errors', () => {
    const value = {
      bytes: Buffer.from([0xd4, 0x65, 0x00]),
      list: [new Map([[{}, new Set([1])]]), new Date(0), /x/],
    };
    assert.deepEqual(roundTrip(value), value);
  });
});

describe('msgpack changes, as stated', () => {
  it('-0 to 0', () => {
    assert.equal(Object.is(roundTrip(-0), 0), true);
    assert.equal(Object.is((roundTrip([-0]) as number[])[0], 0), true);
  });

  it('a hole in an array to undefined', () => {
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    assert.deepEqual(roundTrip([1, , 3]), [1, undefined, 3]);
  });

  it('a URL to a string', () => {
    assert.deepEqual(roundTrip({ url: new URL('http://localhost/a?b') }), { url: 'http://localhost/a?b' });
  });

  it('an object with toJSON to what that returns, also beside an error', () => {
    class Money {
      toJSON() {
        return { amount: 5, inner: new Inner() };
      }
    }
    class Inner {
      toJSON() {
        return 'inner';
      }
    }
    const expected = { amount: 5, inner: 'inner' };
    assert.deepEqual(roundTrip(new Money()), expected);
    const date = new Date(5);
    const url = new URL('http://localhost/');
    const error = new RangeError('e');
    const value = { money: new Money(), date, url, buffer: Buffer.from('b'), error };
    assert.deepEqual(roundTrip(value), { ...value, money: expected, url: url.href });
  });

  it('an object whose toJSON returns itself to its own data, also beside an error', () => {
    class Self {
      a = 1;
      toJSON() {
        return this;
      }
    }
    assert.deepEqual(roundTrip([new Self()]), [{ a: 1 }]);
    const error = new Error('e');
    assert.deepEqual(roundTrip([new Self(), error]), [{ a: 1 }, error]);
  });

  it('a class instance to its plain own data', () => {
    class Point {
      x = 1;
      #hidden = 2;
      get sum() {
        return this.x + this.#hidden;
      }
    }
    assert.deepEqual(roundTrip(new Point()), { x: 1 });
    assert.deepEqual(roundTrip(Object.assign(Object.create(null), { a: 1 })), { a: 1 });
  });

  it('a lone surrogate to one or more U+FFFD, without harm to what follows', () => {
    for (const text of ['\ud800', 'a\udc00b', `${'x'.repeat(100)}\ud800`, `${'x'.repeat(70000)}\udfff`]) {
      const [changed, next] = roundTrip([text, 'next']) as string[];
      assert.match(changed as string, /^(x*|a)\ufffd{1,3}b?$/);
      assert.equal(next, 'next');
    }
  });
});

describe('msgpack refuses', () => {
  const refused: [string, unknown][] = [
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a class', class {}],
    ['a function in an object', { a: { b: () => 1 } }],
    ['a function in an array in a map', new Map([['a', [() => 1]]])],
    ['a function as a key of a map', new Map([[() => 1, 1]])],
    ['a function in a set', new Set([() => 1])],
    ['a symbol in an array', [[Symbol.iterator]]],
    ['a function among the data of an error', Object.assign(new Error('e'), { f: () => 1 })],
    ['a function in the cause of an error', { e: new Error('e', { cause: { f: () => 1 } }) }],
    ['a symbol beside a key __keys__', { __keys__: 1, s: Symbol('s') }],
  ];
  for (const [name, value] of refused) {
    it(`${name}, and works on the next call`, () => {
      assert.throws(() => codec.encode(value), Error);
      assert.throws(() => codec.encode({ before: { a: 1 }, value, after: 1 }), Error);
      const next = { before: { a: 1 }, a: { b: [1] }, m: new Map([['a', new Set([{}])]]) };
      assert.deepEqual(roundTrip(next), next);
    });
  }

  it('to decode a part of a value or more than one, and works on the next call', () => {
    const value = { a: [1, 'two', new Map([[3, 4.5]])] };
    const bytes = Buffer.from(codec.encode(value));
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => codec.decode(bytes.subarray(0, length)), Error, `${length} bytes`);
    }
    assert.throws(() => codec.decode(Buffer.concat([bytes, bytes])), Error);
    assert.deepEqual(codec.decode(bytes), value);
  });
});
