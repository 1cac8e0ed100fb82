import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PlainReader } from '../../protocol/plain-reader.js';
import { PlainWriter } from '../../protocol/plain-writer.js';
import { plain } from './plain-values.js';

const reader = new PlainReader({ maxDepth: 8, maxItems: 1000 });

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function read(hex: string, limits = { maxDepth: 8, maxItems: 1000 }): unknown {
  return new PlainReader(limits).read(bytesOf(hex), 0);
}

describe('the reader of plain data reads', () => {
  const cases: [name: string, hex: string, value: unknown][] = [
    ['small integers', '94 00 3f e0 ff', [0, 63, -32, -1]],
    ['integers without a sign', '93 ccff cdfffe cefffffffd', [255, 65_534, 4_294_967_293]],
    ['integers with a sign', '93 d080 d18000 d280000000', [-128, -32_768, -(2 ** 31)]],
    ['doubles', '92 cb3fe0000000000000 cb7ff8000000000000', [0.5, NaN]],
    ['null, booleans and undefined', '94 c0 c2 c3 d40000', [null, false, true, undefined]],
    ['strings with heads of every width', '94 a161 d90162 da000163 db0000000164', ['a', 'b', 'c', 'd']],
    ['strings that are no ASCII', '92 a3e282ac a4f09f9880', ['€', '😀']],
    ['what is no UTF-8 as U+FFFD', '91 a2c328', ['\ufffd(']],
    ['arrays with heads of every width', '93 9101 dc000102 dd0000000103', [[1], [2], [3]]],
    [
      'objects with heads of every width',
      '93 81a16101 de0001a16102 df00000001a16103',
      [{ a: 1 }, { a: 2 }, { a: 3 }],
    ],
    ['records', '93 d47240 91a161 01 4002 40c0', [{ a: 1 }, { a: 2 }, { a: null }]],
    ['the last record id', '92 d4727f 91a161 01 7f02', [{ a: 1 }, { a: 2 }]],
    [
      'a record that is defined again',
      '93 d4724091a16101 d4724091a16202 4003',
      [{ a: 1 }, { b: 2 }, { b: 3 }],
    ],
    ['a record within its first object', 'd4724091a161 40 01', { a: { a: 1 } }],
    ['records without keys', '92 d4724090 40', [{}, {}]],
    [
      'keys of every kind',
      '84 a0 00 a135 01 a85f5f6b6579735f5f 02 ab636f6e7374727563746f72 03',
      { '': 0, 5: 1, __keys__: 2, constructor: 3 },
    ],
  ];
  for (const [name, hex, value] of cases) {
    it(`${name}, and no part of it`, () => {
      assert.deepEqual(read(hex), value);
      const bytes = bytesOf(hex);
      for (let length = 0; length < bytes.length; length++) {
        assert.throws(() => reader.read(bytes.subarray(0, length), 0), Error, `${length} bytes`);
      }
    });
  }

  it('a key __proto__ as an own property, in a map and in a record', () => {
    for (const hex of ['81a95f5f70726f746f5f5f80', 'd4724091a95f5f70726f746f5f5f80']) {
      const object = read(hex) as object;
      assert.deepEqual(Object.keys(object), ['__proto__']);
      assert.equal(Object.getPrototypeOf(object), Object.prototype);
    }
  });
});

describe('the reader of plain data refuses', () => {
  const cut = /^the value is cut short$/;
  const cases: [name: string, hex: string, message: RegExp][] = [
    ['a byte too many', 'c0c0', /^1 bytes follow the value$/],
    ['a value too many', '9101 a3616263', /^4 bytes follow the value$/],
    ['an array of the greatest length', 'ddffffffff 00', cut],
    ['an object of the greatest length', 'dfffffffff 00', cut],
    ['a string of the greatest length', 'dbffffffff 00', cut],
    ['a definition of the greatest length', 'd47240 ddffffffff 00', cut],
    ['more values than a record has bytes for', 'd4724092a161a162 01', cut],
    ['a record that nothing defines', '40', /^byte 0: a record that is not defined$/],
    ['a record before its definition', '92 41 d4724190', /^byte 1: a record that is not defined$/],
    ['a record id below 40', 'd4723f90', /^byte 0: d4 is nothing/],
    ['a record id above 7f', 'd4728090', /^byte 0: d4 is nothing/],
    ['undefined in other bytes', 'd40001', /^byte 0: d4 is nothing/],
    ['keys that are no array', 'd47240 a161 01', /^byte 3: an array is expected$/],
    ['keys of records that are no strings', 'd47240 9101 01', /^byte 4: a string is expected$/],
    ['keys that are no strings', '81 01 01', /^byte 1: a string is expected$/],
    ...['c1', 'c4', 'c7', 'ca', 'cf', 'd3', 'd5', 'd6', 'd8'].map((token): [string, string, RegExp] => [
      `token ${token}`,
      `92 01 ${token} ${'00'.repeat(20)}`,
      new RegExp(`^byte 2: ${token} is nothing that`),
    ]),
  ];
  for (const [name, hex, message] of cases) {
    it(`${name}, and reads the next as ever`, () => {
      assert.throws(() => reader.read(bytesOf(hex), 0), { message });
      assert.deepEqual(reader.read(bytesOf('92 d4724091a16101 4002'), 0), [{ a: 1 }, { a: 2 }]);
    });
  }

  it('a record of an earlier payload, also of one that was refused', () => {
    reader.read(bytesOf('d4724091a16101'), 0);
    assert.throws(() => reader.read(bytesOf('4001'), 0), { message: /not defined/ });
    assert.throws(() => reader.read(bytesOf('92 d4724191a16101 c1'), 0), { message: /^byte 8: c1/ });
    assert.throws(() => reader.read(bytesOf('4101'), 0), { message: /not defined/ });
  });

  it('keys of more than 16,383 bytes, in maps and records', () => {
    const key = (length: number) => `da${length.toString(16)}${'61'.repeat(length)}`;
    const message = 'a key of 16384 bytes, at most 16383 are taken';
    for (const head of ['81', 'd4724091']) {
      assert.equal(Object.keys(read(`${head}${key(16_383)}01`) as object)[0]?.length, 16_383);
      assert.throws(() => read(`${head}${key(16_384)}01`), { name: 'RangeError', message });
    }
  });

  it('what nests deeper than maxDepth', () => {
    for (const level of ['91', '81a161', 'd4724091a161']) {
      const limits = { maxDepth: 4, maxItems: 1000 };
      assert.ok(read(`${level.repeat(3)}90`, limits));
      assert.ok(read(`${level.repeat(4)}01`, limits));
      for (const innermost of ['90', '80', 'd4724190']) {
        assert.throws(() => read(`${level.repeat(4)}${innermost}`, limits), {
          name: 'RangeError',
          message: /^the value is nested deeper than the 4 levels/,
        });
      }
    }
  });

  it('what nests a million deep', () => {
    const deepest = new PlainReader({ maxDepth: 1000, maxItems: 2 ** 31 - 1 });
    assert.throws(() => deepest.read(Buffer.alloc(1_000_000, 0x91), 0), RangeError);
    assert.ok(deepest.read(Buffer.concat([Buffer.alloc(999, 0x91), Buffer.of(0x90)]), 0));
  });

  const counted: [name: string, hex: string, items: number][] = [
    ['a number', '01', 1],
    ['an array, and what it holds', '93 01 a0 90', 4],
    ['a map, 5 for each of its keys with a number', '82 a16101 a16202', 11],
    ['a map in an array', '91 81 a16101', 7],
    ['a definition, 8 and 5 for each of its keys with a number', 'd4724092a161a162 0102', 19],
    ['one more of a record', '92 d4724092a161a162 0102 40 0304', 23],
  ];
  for (const [name, hex, items] of counted) {
    it(`more than maxItems: ${name}`, () => {
      assert.ok(read(hex, { maxDepth: 8, maxItems: items }));
      if (items === 1) return;
      assert.throws(() => read(hex, { maxDepth: 8, maxItems: items - 1 }), {
        name: 'RangeError',
        message: /^the value holds more than/,
      });
    });
  }

  it('more than maxItems before it reads what is announced', () => {
    assert.throws(() => read(`dc0400 c1 ${'00'.repeat(1024)}`), { message: /^the value holds more than/ });
  });
});

describe('any payload of plain data', () => {
  const writer = new PlainWriter();
  const small = new PlainReader({ maxDepth: 64, maxItems: 20_000 });
  const payload = plain
    .map((value) => writer.write(value, 0xc1))
    .filter((bytes): bytes is Buffer => bytes !== undefined && bytes.length < 2_000);

  function assertHarmless(bytes: Buffer): void {
    try {
      small.read(bytes, 1);
    } catch (error) {
      assert.ok(error instanceof Error);
    }
  }

  it('is refused where it is cut short, at whatever place', () => {
    fc.assert(
      fc.property(payload, fc.nat(), (bytes, at) => {
        assert.throws(() => small.read(bytes.subarray(0, 1 + (at % (bytes.length - 1))), 1), Error);
      }),
      { numRuns: 1000 },
    );
  });

  it('is read or refused with an Error where one byte is another, at whatever place', () => {
    fc.assert(
      fc.property(payload, fc.integer({ min: 1, max: 255 }), (bytes, change) => {
        const changed = Buffer.from(bytes);
        for (let at = 1; at < bytes.length; at++) {
          changed[at] = (bytes[at] as number) ^ change;
          assertHarmless(changed);
          changed[at] = bytes[at] as number;
        }
      }),
      { numRuns: 200 },
    );
  });
});
