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
    [
      'objects of two kinds by their numbers',
      '94 81a16101 82a162a16302c2 4104c3 4005',
      [{ a: 1 }, { b: 2, c: false }, { b: 4, c: true }, { a: 5 }],
    ],
    [
      'objects of the same keys by two numbers',
      '94 81a16101 81a16102 4003 4104',
      [1, 2, 3, 4].map((a) => ({ a })),
    ],
    ['an object within the first of its kind', '81a161 40 01', { a: { a: 1 } }],
    ['objects without keys', '92 80 40', [{}, {}]],
    [
      'keys of every kind',
      '84 a0 a135 a85f5f6b6579735f5f ab636f6e7374727563746f72 00 01 02 03',
      { '': 0, 5: 1, __keys__: 2, constructor: 3 },
    ],
    ['a key twice, with the later value', '82 a161a161 01 02', { a: 2 }],
    ['strings apart', '92 c60000000a c503 c502 0005 6162636465', ['abc', 'de']],
    [
      'strings apart that are no ASCII',
      '93 c60000000c c501 c502 c501 0008 e282ac f09f9880 78',
      ['€', '😀', 'x'],
    ],
    ['strings apart in two segments', '92 c60000000a c503 c502 0003 616263 0002 6465', ['abc', 'de']],
    ['strings apart after others', '92 a161 c60000000a c503 0003 626364', ['a', 'bcd']],
    [
      'strings apart that are halves of a character',
      '92 c60000000a c501 c501 0004 f09f9880',
      ['\ud83d', '\ude00'],
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

  it('a key __proto__ as an own property', () => {
    for (const object of read(`92 81a95f5f70726f746f5f5f80 4080`) as object[]) {
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
    ['keys without values', '82a161a162 01', cut],
    ['an object of a kind that has not been there', '40', /^byte 0: no object was of this kind yet$/],
    ['an object of a kind that comes later', '92 40 80', /^byte 1: no object was of this kind yet$/],
    ['undefined in other bytes', 'd40001', /^byte 0: d4 is nothing/],
    ['keys that are no strings', '81 01 01', /^byte 1: a string is expected$/],
    [
      'keys that are strings apart',
      '92 c60000000c c501 81 c501 01 0002 6162',
      /^byte 9: a string is expected$/,
    ],
    ['a string apart without texts', '92 01 c501', cut],
    [
      'texts that begin elsewhere a second time',
      '92 c60000000f c501 c60000000f c501 0002 6162',
      /^byte 8: c6 is nothing/,
    ],
    ['texts that begin where they are named', 'c600000003 c501 0001 61', cut],
    ['texts that begin before the string apart ends', 'c600000006 c501 0001 61', cut],
    ['texts that begin behind the end', 'c6ffffffff c501 0001 61', cut],
    ['texts of another value than a string', '91 c600000008 c0 c0 0001 61', /^byte 6: c0 is nothing/],
    ['more texts than strings', 'c600000007 c501 0002 6162', /^1 bytes or characters of texts follow/],
    [
      'a segment that no string is from',
      'c600000007 c501 0001 61 0001 62',
      /^3 bytes or characters of texts follow/,
    ],
    ['less texts than strings', '92 c60000000a c501 c501 0001 61', cut],
    ['a string apart that goes beyond its segment', '92 c60000000a c501 c502 0002 6162 0001 63', cut],
    ['a segment that is cut short', 'c600000007 c502 0003 6162', cut],
    [
      'a segment of more than 6909 bytes',
      `c600000007 c501 1afe ${'61'.repeat(6910)}`,
      /^byte 7: a segment of 6910 bytes/,
    ],
    ...['60', '7f', 'c1', 'c4', 'c7', 'ca', 'cf', 'd3', 'd5', 'd6', 'd8'].map(
      (token): [string, string, RegExp] => [
        `token ${token}`,
        `92 01 ${token} ${'00'.repeat(20)}`,
        new RegExp(`^byte 2: ${token} is nothing that`),
      ],
    ),
  ];
  for (const [name, hex, message] of cases) {
    it(`${name}, and reads the next as ever`, () => {
      assert.throws(() => reader.read(bytesOf(hex), 0), { message });
      assert.deepEqual(reader.read(bytesOf('92 81a16101 4002'), 0), [{ a: 1 }, { a: 2 }]);
    });
  }

  it('an object of a kind of an earlier payload, also of one that was refused', () => {
    reader.read(bytesOf('81a16101'), 0);
    assert.throws(() => reader.read(bytesOf('4001'), 0), { message: /no object was of this kind/ });
    assert.throws(() => reader.read(bytesOf('92 81a16101 c1'), 0), { message: /^byte 5: c1/ });
    assert.throws(() => reader.read(bytesOf('4001'), 0), { message: /no object was of this kind/ });
  });

  it('texts of an earlier payload, also of one that was refused', () => {
    assert.throws(() => reader.read(bytesOf('92 c600000009 c501 c1 0002 6162'), 0), {
      message: /^byte 8: c1/,
    });
    assert.throws(() => reader.read(bytesOf('c501'), 0), { message: cut });
  });

  it('a kind after the 32nd by its number', () => {
    const kinds = (count: number) =>
      Array.from({ length: count }, (_, n) => `81a2${(0x6130 + n).toString(16)}01`).join('');
    const list = (count: number, last: string) => `dc00${(count + 1).toString(16)}${kinds(count)}${last}`;
    assert.deepEqual((read(list(33, '5f02')) as object[])[33], { aO: 2 });
    assert.throws(() => read(list(33, '6002')), { message: /60 is nothing/ });
  });

  it('keys of more than 16,383 bytes', () => {
    const key = (length: number) => `da${length.toString(16)}${'61'.repeat(length)}`;
    assert.equal(Object.keys(read(`81${key(16_383)}01`) as object)[0]?.length, 16_383);
    assert.throws(() => read(`81${key(16_384)}01`), {
      name: 'RangeError',
      message: 'a key of 16384 bytes, at most 16383 are taken',
    });
  });

  it('what nests deeper than maxDepth', () => {
    for (const level of ['91', '81a161']) {
      const limits = { maxDepth: 4, maxItems: 1000 };
      assert.ok(read(`${level.repeat(3)}90`, limits));
      assert.ok(read(`${level.repeat(4)}01`, limits));
      for (const innermost of ['90', '80']) {
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
    ['the first object of its kind, 5 for each key with a number', '82 a161a162 0102', 11],
    ['an object in an array', '91 81a16101', 7],
    ['one more of its kind', '92 82a161a162 0102 40 0304', 15],
    ['a string apart', '92 c60000000a c503 c502 0005 6162636465', 3],
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
