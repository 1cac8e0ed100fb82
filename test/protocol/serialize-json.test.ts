import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import real from 'serialize-json';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';

const codec = serializeJson();
const textOf = (value: unknown) => Buffer.from(codec.encode(value)).toString();
const read = (text: string) => codec.decode(Buffer.from(text));

function failure(message: string, fields: object): Error {
  return Object.assign(new Error(message), { stack: 'at x', ...fields });
}

/** By hand, by the rules of protocol/serialize-json-format.ts. */
const fixtures: [what: string, value: unknown, text: string][] = [
  ['undefined', undefined, '^^^^-5'],
  ['null', null, '^^^^-3'],
  ['true', true, '^^^^-1'],
  ['false', false, '^^^^-2'],
  ['an empty string', '', '^^^^-4'],
  ['a string', 'héllo', 'héllo^^^^0'],
  ['characters with a meaning', 'a b+c|d^e%f%41', 'a+b%2Bc%7Cd%5Ee%25f%2541^^^^0'],
  ['integers', [0, -37, 2 ** 53 - 1], '^0|-11|2GOSA7PA2GV^^^@0|1|2]'],
  ['floats', [1.5, 5e-324, NaN, -Infinity], '^^1.5|5e-324|NaN|-Infinity^^@0|1|2|3]'],
  ['-0 as a float', -0, '^^-0^^0'],
  ['integers beyond 2^53 as floats', [2 ** 53, -1e21], '^^9007199254740992|-1e+21^^@0|1]'],
  ['dates', [new Date(0), new Date(-36), new Date(8.64e15)], '^^^0|-10|2D2MH7DT6O0^@0|1|2]'],
  ['indices that count through all parts', ['a', 1, 0.5, new Date(10)], 'a^1^0.5^A^@0|1|2|3]'],
  ['empty containers', [[], {}, Buffer.alloc(0)], '^^^^@@]|$]|*]]'],
  ['containers among others', [1, [2], 3, { a: {} }], 'a^1|2|3^^^@1|@2]|3|$0|$]]]'],
  ['a string, key or small integer once', { a: 7, b: ['a', 7] }, 'a|b^7^^^$0|2|1|@0|2]]'],
  ['the bytes of a Buffer once each', Buffer.of(0, 255, 0), '^0|73^^^*0|1|0]'],
  [
    'an error with its fields',
    failure('m', { code: 'E', name: 'N' }),
    'message|m|stack|at+x|code|E|name|N^^^^#0|1|2|3|4|5|6|7]',
  ],
  ['keys that mean something to JavaScript', { constructor: 1, '': 2 }, 'constructor^1|2^^^$0|1|-4|2]'],
  [
    'indices of two digits',
    Array(38)
      .fill(0)
      .map((_, n) => n),
    `^${digits(38)}^^^@${digits(38)}]`,
  ],
];

function digits(count: number): string {
  return [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', '10', '11'].slice(0, count).join('|');
}

describe('serialize-json writes and reads', () => {
  for (const [what, value, text] of fixtures) {
    it(`${what}, as the package reads it`, () => {
      assert.equal(textOf(value), text);
      assert.deepEqual(read(text), value);
      assert.deepEqual(real.decode(Buffer.from(text)), value);
    });
  }

  it('an invalid date as a time that no date can hold', () => {
    const text = '^^^2D2MH7DT6O1^0';
    assert.equal(textOf(new Date(NaN)), text);
    for (const date of [read(text), real.decode(Buffer.from(text))]) {
      assert.ok(date instanceof Date && Number.isNaN(date.getTime()));
    }
  });

  it('an error as a plain Error, with its stack', () => {
    const error = new TypeError('wrong');
    const copy = read(textOf(error)) as Error;
    assert.deepEqual(copy, new Error('wrong'));
    assert.equal(copy.stack, error.stack);
    assert.deepEqual(Object.keys(copy), []);
  });

  it('the same fields of errors of any class as the package', () => {
    class Named extends Error {
      override name = 'Named';
      code = 'E_NAMED';
      override readonly message = 'own';
    }
    for (const error of [new Named('x'), new RangeError('r', { cause: 1 }), new AggregateError([1], 'a')]) {
      const theirs = real.decode(real.encode(error)) as Error;
      for (const ours of [real.decode(Buffer.from(codec.encode(error))), codec.decode(real.encode(error))]) {
        assert.ok(ours instanceof Error);
        assert.deepEqual({ ...ours }, { ...theirs });
        assert.deepEqual([ours.name, ours.message, ours.stack], [theirs.name, theirs.message, theirs.stack]);
      }
    }
  });

  it('an own key __proto__ as an own key', () => {
    const value: unknown = JSON.parse('{"__proto__":{"polluted":1}}');
    const copy = read(textOf(value));
    assert.deepEqual(copy, value);
    assert.equal(Object.getPrototypeOf(copy), Object.prototype);
    const error = read('__proto__^1^^^#0|$0|1]]') as Error;
    assert.equal(Object.getPrototypeOf(error), Error.prototype);
    assert.deepEqual(Object.keys(error), ['__proto__']);
  });

  it('values of another realm', () => {
    const value: unknown = runInNewContext('[new Date(5), new TypeError("wrong"), new Uint8Array([1])]');
    const [date, error, bytes] = read(textOf(value)) as unknown[];
    assert.deepEqual([date, bytes], [new Date(5), Buffer.of(1)]);
    assert.ok(error instanceof Error && error.message === 'wrong');
  });
});

describe('serialize-json changes', () => {
  const changed: [what: string, value: unknown, copy: unknown][] = [
    [
      'a function, a symbol or a BigInt to null',
      [() => 1, Symbol('s'), 1n, { a: 1n }],
      [null, null, null, { a: null }],
    ],
    ['an Uint8Array to a Buffer', [Uint8Array.of(1, 2)], [Buffer.of(1, 2)]],
    ['other typed arrays to objects', Float64Array.of(0.5), { 0: 0.5 }],
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    ['a hole to undefined', [, 1], [undefined, 1]],
    [
      'any other object to its own enumerable properties',
      [new Map([[1, 2]]), new Set([1]), /a/, new URL('http://a/')],
      [{}, {}, {}, {}],
    ],
    ['a lone surrogate to U+FFFD', '\ud800', '\ufffd'],
  ];
  for (const [what, value, copy] of changed) {
    it(what, () => {
      assert.deepEqual(read(textOf(value)), copy);
      assert.deepEqual(real.decode(Buffer.from(codec.encode(value))), copy);
    });
  }

  it('an object that occurs twice, also a Date, to two', () => {
    const shared = { list: [1], at: new Date(1) };
    const copies = read(textOf([shared, shared])) as (typeof shared)[];
    assert.deepEqual(copies, [shared, shared]);
    assert.notEqual(copies[0], copies[1]);
    const [first, second] = read('^^^1^@0|0]') as Date[];
    assert.notEqual(first, second);
  });

  it('what only looks like a Date or an Error to an object or an Error without fields', () => {
    assert.deepEqual(read(textOf(Object.create(Date.prototype))), {});
    assert.ok(read(textOf(Object.create(Error.prototype))) instanceof Error);
  });
});

describe('serialize-json refuses to write', () => {
  it('a value that holds itself, and says so', () => {
    const array: unknown[] = [1];
    array.push({ array });
    const error = new Error('e');
    for (const value of [array, Object.assign(error, { error })]) {
      assert.throws(() => codec.encode(value), {
        name: 'TypeError',
        message: 'the value is circular: it holds itself',
      });
    }
    assert.deepEqual(read(textOf([1])), [1]);
  });

  it('what is nested deeper than 1000 levels, and says so', () => {
    const nested = (depth: number) => {
      let value: unknown[] = [];
      for (let level = 1; level < depth; level++) value = [value];
      return value;
    };
    const most = Buffer.from(codec.encode(nested(1000)));
    assert.deepEqual(serializeJson({ maxDepth: 1000 }).decode(most), nested(1000));
    assert.throws(() => codec.encode(nested(1001)), {
      name: 'RangeError',
      message: 'the value is nested deeper than 1000 levels',
    });
    assert.throws(() => codec.encode(nested(1_000_000)), RangeError);
  });

  it('nothing else: what a getter throws is thrown', () => {
    const value = {
      get secret(): never {
        throw new Error('not now');
      },
    };
    assert.throws(() => codec.encode(value), { message: 'not now' });
  });
});

describe('serialize-json keeps small', () => {
  it('a Buffer: three bytes for each, where the package takes eight', () => {
    const bytes = Buffer.from(Array.from({ length: 65_536 }, (_, n) => (n * 7919) & 0xff));
    const encoded = Buffer.from(codec.encode(bytes));
    assert.ok(encoded.length < 3 * bytes.length);
    assert.ok(real.encode(bytes).length > 7 * bytes.length);
    assert.deepEqual(real.decode(encoded), bytes);
  });

  it('records with the same keys', () => {
    const records = Array.from({ length: 100 }, () => ({ name: 'a name', port: 80 }));
    assert.equal(
      textOf(records)
        .split('|')
        .filter((part) => part.startsWith('name')).length,
      1,
    );
  });
});
