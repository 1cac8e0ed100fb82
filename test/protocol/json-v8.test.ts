import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { json } from '../../protocol/codecs/json.js';
import { v8 } from '../../protocol/codecs/v8.js';
import { kept } from './codec-values.js';

describe('v8 keeps', () => {
  const codec = v8();
  const roundTrip = (value: unknown) => codec.decode(Buffer.from(codec.encode(value)));

  for (const [name, value] of kept) {
    it(`${name}, as a whole and nested`, () => {
      assert.deepEqual(roundTrip(value), value);
      assert.deepEqual(roundTrip({ a: [value] }), { a: [value] });
    });
  }

  it('-0 and holes', () => {
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    assert.deepEqual(roundTrip([-0, , 1]), [-0, , 1]);
  });

  it('circular references', () => {
    const value: Record<string, unknown> = { list: [] };
    value['self'] = value;
    assert.deepEqual(roundTrip(value), value);
  });

  it('of an error what structuredClone keeps', () => {
    const copy = roundTrip(new TypeError('wrong'));
    assert.ok(copy instanceof TypeError);
    assert.equal(copy.message, 'wrong');
  });

  it('an own key __proto__ as an own key', () => {
    const copy = roundTrip(JSON.parse('{"__proto__":{"polluted":1}}'));
    assert.equal(JSON.stringify(copy), '{"__proto__":{"polluted":1}}');
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  });
});

describe('v8 refuses', () => {
  it('a function or a symbol anywhere, and works on the next call', () => {
    const codec = v8();
    for (const value of [() => 1, Symbol('s'), { a: [() => 1] }, new Map([[1, Symbol('s')]])]) {
      assert.throws(() => codec.encode(value), Error);
      assert.deepEqual(codec.decode(Buffer.from(codec.encode({ a: 1 }))), { a: 1 });
    }
  });
});

describe('json', () => {
  const codec = json();
  const roundTrip = (value: unknown) => codec.decode(Buffer.from(codec.encode(value)));

  it('writes JSON as UTF-8', () => {
    assert.equal(
      Buffer.from(codec.encode({ a: [1, 'é', null, true] })).toString('hex'),
      '7b2261223a5b312c22c3a9222c6e756c6c2c747275655d7d',
    );
    assert.deepEqual(codec.decode(Buffer.from(' {"a": [1]}\n')), { a: [1] });
  });

  it('carries undefined as a whole as no bytes', () => {
    assert.equal(codec.encode(undefined).length, 0);
    assert.equal(codec.decode(Buffer.alloc(0)), undefined);
  });

  it('carries what JSON carries, exactly', () => {
    for (const value of [
      null,
      '',
      0,
      0.1,
      5e-324,
      Number.MAX_VALUE,
      2 ** 53,
      [],
      {},
      '\u0000\ud800😀',
      { a: { b: [{}] } },
    ]) {
      assert.deepEqual(roundTrip(value), value);
    }
  });

  it('changes what JSON changes: undefined, NaN, infinities, -0, dates, URLs, holes, class instances', () => {
    const url = new URL('http://localhost/');
    const value = {
      u: undefined,
      // biome-ignore lint/suspicious/noSparseArray: it is what is tested
      n: [NaN, Infinity, -0, , undefined],
      d: new Date(0),
      url,
      m: new Map([[1, 2]]),
    };
    assert.deepEqual(roundTrip(value), {
      n: [null, null, 0, null, null],
      d: '1970-01-01T00:00:00.000Z',
      url: 'http://localhost/',
      m: {},
    });
  });

  it('refuses a function or a symbol as a whole, BigInt and circular references', () => {
    const circular: unknown[] = [];
    circular.push(circular);
    for (const value of [() => 1, Symbol('s'), 1n, { a: [1n] }, circular]) {
      assert.throws(() => codec.encode(value), TypeError);
      assert.deepEqual(roundTrip({ a: 1 }), { a: 1 });
    }
  });

  it('refuses to decode what is not JSON', () => {
    for (const text of ['{', 'undefined', '1 2', '\u0000']) {
      assert.throws(() => codec.decode(Buffer.from(text)), SyntaxError);
    }
  });

  it('a key __proto__ never sets a prototype', () => {
    const copy = roundTrip(JSON.parse('{"__proto__":{"polluted":1}}')) as object;
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });
});
