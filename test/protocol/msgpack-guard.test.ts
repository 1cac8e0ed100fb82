import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MsgpackGuard } from '../../protocol/msgpack-guard.js';

const guard = new MsgpackGuard({ maxDepth: 4, maxItems: 2_000 });

function check(hex: string): readonly number[] {
  return guard.check(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

/** Each with the beginning of what is said about it. */
function refuses(cases: [name: string, hex: string, message: RegExp][]): void {
  for (const [name, hex, message] of cases) {
    it(name, () => {
      assert.throws(() => check(hex), { message });
      // It goes on with the next.
      assert.deepEqual(check('93 d4 72 40 91 a1 61 01 40 02 c0'), []);
    });
  }
}

function takes(cases: [name: string, hex: string][]): void {
  for (const [name, hex] of cases) it(name, () => assert.deepEqual(check(hex), []));
}

describe('the guard of msgpack takes', () => {
  takes([
    ['integers', '9c 00 3f e0 ff cc40 cd0100 ce00010000 d080 d18000 d280000000 cc7f 01'],
    ['64 bits', '93 cf8000000000000000 d3ffffffffffffffff cb3fb999999999999a'],
    ['nil and booleans', '93 c0 c2 c3'],
    ['undefined', 'd4 00 00'],
    ['strings with headers of every width', '95 a0 a161 d90161 da000161 db0000000161'],
    ['Buffers with headers of every width', '93 c40101 c5000101 c60000000101'],
    ['arrays with headers of every width', '94 90 9101 dc000101 dd0000000101'],
    ['Maps with headers of every width', '94 80 810102 de00010102 df000000010102'],
    ['a record, and one more of its kind', '92 d47240 92a161a162 0102 40 0304'],
    ['a record without keys, and one more of its kind', '92 d47240 90 40'],
    ['the last record id', '92 d4727f 91a161 01 7f 02'],
    ['a record that is defined again with other keys', '94 d47240 91a161 01 40 02 d47240 90 40'],
    ['a record in its own first field', 'd47240 91a161 d47241 91a162 40 c0'],
    ['keys that occur again', '92 d47240 d66900000001 91a161 01 d47240 d67000000001 02'],
    ['an Error', 'd46500 93 a5 4572726f72 a0 00'],
    ['a TypeError with a cause', 'd46500 93 a9 547970654572726f72 a0 92c0c0'],
    ['a RegExp', 'd47800 92 a161 a167'],
    ['a Set', 'd47300 920102'],
    ['an empty Set', 'd47300 90'],
    ['Dates of every width', '94 d4ffff d6ff00000001 d7ff0000000000000001 c70cff000000000000000000000001'],
    ['a value that occurs again', '92 d66900000001 90 d67000000001'],
    ['a value that occurs within itself', 'd66900000001 91 d67000000001'],
    ['a primitive that a toJSON has made twice', '92 d66900000001 a161 d67000000001'],
    [
      'three ids of one value',
      '94 d66900000002 d66900000001 d66900000003 90 d67000000001 d67000000002 d67000000003',
    ],
    ['a pointer that has an id', '94 d66900000001 90 d66900000002 d67000000001 d67000000001 d67000000002'],
    ['a BigInt of 65 bits', 'd842 0000000000000001 0000000000000000'],
    ['a BigInt of 192 bits', `c71842 ${'01'.repeat(24)}`],
    ['a BigInt with a long header', `c8001842 ${'01'.repeat(24)}`],
    ['typed arrays', `93 c7017400 c7057406 00000000 c8000974 08 ${'00'.repeat(8)}`],
    ['an ArrayBuffer and a DataView', '92 c7027410 01 c7027411 01'],
    ['as many levels as maxDepth', '91 91 91 90'],
  ]);

  it('64 records, one after the other, and the first again', () => {
    const records = Array.from({ length: 64 }, (_, n) => `d472${(0x40 + n).toString(16)}90`);
    assert.deepEqual(check(`dc0041 ${records.join('')} 40`), []);
  });
});

describe('the guard of msgpack refuses', () => {
  const cut = /^the value is cut short$/;
  refuses([
    ['no bytes', '', cut],
    ['a byte too many', 'c0 c0', /^1 bytes follow the value$/],
    ['a value too many', '9101 a3616263', /^4 bytes follow the value$/],
    ['what msgpackr has for a byte that means nothing', 'c1', /^byte 0: c1 is nothing that/],
    ['that byte within a value', '92 01 c1', /^byte 2: c1 is nothing that/],
    ['floats of 32 bits', 'ca00000000', /^byte 0: ca0000 is nothing that/],

    ['an array of more elements than bytes', 'dd 01c9c380 00', cut],
    ['an array of the greatest length', 'dd ffffffff 00', cut],
    ['arrays that together have more elements than bytes', '92 dc0002 01 dc0002 01', cut],
    ['a Map of more entries than bytes', 'df 01c9c380 0000', cut],
    ['a Map without its last value', '81 01', cut],
    ['a Set of more values than bytes', 'd47300 dd01c9c380 00', cut],
    ['a record without its last field', 'd47240 92a161a162 01', cut],
    ['more keys than bytes', 'd47240 dd01c9c380 a161', cut],
    ['a key that is not all there', 'd47240 91a361', cut],
    ['a string that is not all there', 'd90361', cut],
    ['a long string that is not all there', 'db ffffffff 61', cut],
    ['a Buffer that is not all there', 'c6 7fffffff 00', cut],
    ['a typed array that is not all there', 'c97fffffff 7400 00', cut],
    ['a double that is not all there', 'cb 00000000', cut],
    ['a pointer that is not all there', '92 d6690000000190 d670 0000', cut],

    ['bundled strings', 'd66200000004 c103 a0 a3616263', /^byte 0: d66200 is/],
    ['records with ids of two bytes, which would stay defined', 'd5726001 90', /^byte 0: d57260 is/],
    ['other extensions of two bytes', 'd5ff0000', /^byte 0: d5ff00 is/],
    ['an extension that the application may know', 'c70105 00', /^byte 0: c70105 is/],
    ['an invalid Date in other bytes', 'd4 ff 00', /^byte 0: d4ff00 is/],
    ['undefined in other bytes', 'd4 00 01', /^byte 0: d40001 is/],
    ['an Error in other bytes', 'c700 65 93a54572726f72a000', /^byte 0: c70065 is/],
    ['a Set in other bytes', 'd5730000 90', /^byte 0: d57300 is/],
    ['a RegExp in other bytes', 'c70078 92a161a0', /^byte 0: c70078 is/],
    ['an id in other bytes', 'c70469 00000001 90', /^byte 0: c70469 is/],
    ['a pointer in other bytes', '92 d6690000000190 c7047000000001', /^byte 8: c70470 is/],
    ['a small BigInt in other bytes', 'c70142 01', /^byte 0: c70142 is/],
    ['an empty BigInt', 'c70042', /^byte 0: c70042 is/],
    ['a Date of a width that there is none of', 'c703ff 000000', /^byte 0: c703ff is/],
    ['a long Date in other bytes', 'c8000cff 000000000000000000000001', /^byte 0: c8000c is/],

    ['a record that nothing defines', '40', /^byte 0: a record that is not defined$/],
    ['a record before its definition', '92 41 d47241 90', /^byte 1: a record that is not defined$/],
    ['a record id that is none', 'd4723f 90', /^byte 0: d4723f is/],
    ['a record id that msgpackr would take for another', 'd472c0 90', /^byte 0: d472c0 is/],
    ['keys that are no array', 'd47240 a161 01', /^byte 3: an array is expected$/],
    ['keys that are no strings', 'd47240 9101 01', /^byte 4: a string is expected$/],
    ['keys that are objects', 'd47240 9190 01', /^byte 4: a string is expected$/],
    [
      'keys that are a value',
      '92 d66900000001 91a161 d47240 d67000000001 01',
      /^byte 13: a pointer to no keys$/,
    ],
    ['keys that are nowhere', 'd47240 d67000000001 01', /^byte 3: a pointer to no keys$/],
    ['a pointer to keys', '92 d47240d6690000000191a161 01 d67000000001', /^byte 14: a pointer to nothing$/],

    ['a pointer to nothing', 'd67000000001', /^byte 0: a pointer to nothing$/],
    ['a pointer to what comes later', '92 d67000000001 d66900000001 90', /^byte 1: a pointer to nothing$/],
    ['an id that is 0', '92 d66900000000 90 c0', /^byte 1: 0 cannot be an id here$/],
    ['an id that occurs before', '92 d66900000001 90 d66900000001 90', /^byte 8: 1 cannot be an id here$/],
    ['an id far from others', '92 d66900000fff 90 c0', /^byte 1: 4095 cannot be an id here$/],
    [
      'ids that leave one out',
      '93 d66900000002 90 d66900000003 90 da000461626364',
      /^the ids are not numbered from 1 on$/,
    ],
    ['an id of nothing', 'd66900000001', cut],
    [
      'four ids of one value, which would be copied four times',
      'd66900000001 d66900000002 d66900000003 d66900000004 90',
      /^byte 0: too many ids/,
    ],

    [
      'an Error whose name leads msgpackr to a method',
      'd46500 93 a7 76616c75654f66 a0 00',
      /^byte 5: not the name/,
    ],
    [
      'an Error whose name leads it to a prototype',
      'd46500 93 a9 5f5f70726f746f5f5f a0 00',
      /^byte 5: not the/,
    ],
    [
      'an AggregateError',
      `d46500 93 ae ${Buffer.from('AggregateError').toString('hex')} a0 00`,
      /^byte 5: not/,
    ],
    ['an Error without a name', 'd46500 93 c0 a0 00', /^byte 4: a string is expected$/],
    [
      'an Error with a message that is none',
      'd46500 93 a5 4572726f72 05 00',
      /^byte 10: a string is expected$/,
    ],
    ['an Error that is no array of three', 'd46500 92 a5 4572726f72 a0', /^byte 0: d46500 is/],
    ['an Error with a name that is not all there', 'd46500 93 a5 457272', /^byte 5: not the name/],

    ['a Set of no array', 'd47300 a3616263', /^byte 3: an array is expected$/],
    ['a Set of a Map', 'd47300 810102', /^byte 3: an array is expected$/],
    ['a Set of a pointer', '92 d6690000000190 d47300 d67000000001', /^byte 11: an array is expected$/],
    ['a RegExp without flags', 'd47800 91 a161', /^byte 0: d47800 is/],
    ['a RegExp whose source is no string', 'd47800 92 01 a0', /^byte 4: a string is expected$/],
    ['a RegExp whose flags are no string', 'd47800 92 a161 01', /^byte 6: a string is expected$/],
    ['a RegExp of more flags than there are', 'd47800 92 a161 a9 676767676767676767', /^byte 4: a RegExp of/],

    ['a typed array of no type', 'c70074', /^byte 0: c70074 is/],
    ['a typed array of no type before another value', '92 c70074 00', /^byte 1: c70074 is/],
    ['a typed array of a type that there is none of', 'c702740b 00', /^byte 0: c70274 is/],
    ['what msgpackr writes for an array that it does not know', 'c70274ff 00', /^byte 0: c70274 is/],
    ['a typed array of half an element', 'c7047406 000000', /^byte 0: c70474 is/],
    [
      'a typed array with a header that has no length',
      'd8740000000000000000000000000000000000',
      /^byte 0: d87400/,
    ],

    [
      'a level more than maxDepth',
      '91 91 91 91 90',
      /^the value is nested deeper than the 4 levels of option/,
    ],
    [
      'that level in a Map, a Set, a record and an Error',
      '81 c0 d47300 91 d47240 91a161 d46500 93 a5 4572726f72 a0 90',
      /^the value is nested deeper/,
    ],
    [
      'more items than maxItems',
      `dc07d0 ${'00'.repeat(2000)}`,
      /^the value holds more than the 2000 items of/,
    ],
    [
      'more items than maxItems in several arrays',
      `92 ${`dc03e8 ${'00'.repeat(1000)}`.repeat(2)}`,
      /^the value holds/,
    ],
  ]);

  it('a value with three ids that would be copied three times, were it circular, sooner than with one', () => {
    const ids = 'd66900000001 d66900000002 d66900000003';
    const array = (count: number) => `dc${count.toString(16).padStart(4, '0')} ${'00'.repeat(count)}`;
    assert.deepEqual(check(`${ids} ${array(100)}`), []);
    assert.throws(() => check(`${ids} ${array(130)}`), { message: /^the value holds more than/ });
    assert.deepEqual(check(`d66900000001 ${array(1900)}`), []);
    // It is a string that has them, not the array.
    assert.deepEqual(check(`92 ${ids} a161 ${array(1900)}`), []);
  });

  it('every part of what it takes', () => {
    const hex =
      '9e d47240d6690000000191a16105 40c0 d46500 93a54572726f72a000 d4780092a161a167 d473009101 d6ff00000001 ' +
      'd6690000000290 d67000000002 c7097408 0000000000000000 d84200000000000000010000000000000000 d90161 c40101 81c0c3 cd0100';
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    assert.deepEqual(guard.check(bytes), []);
    for (let length = 0; length < bytes.length; length++) {
      assert.throws(() => guard.check(bytes.subarray(0, length)), Error, `${length} bytes`);
    }
  });

  it('more items than maxItems as soon as they are announced', () => {
    assert.throws(() => check(`dc07d0 c1 ${'00'.repeat(2000)}`), { message: /^the value holds more than/ });
  });

  it('nothing because of a Set that was not all there', () => {
    const set = (values: number) => `d47300 dc0046 ${'01'.repeat(values)}`;
    assert.throws(() => check(`91 ${set(10)} c1`), { message: cut });
    assert.throws(() => check(`91 ${set(10)} c1 ${'00'.repeat(80)}`), { message: /^byte 17: c1/ });
    const numbers = Array.from({ length: 70 }, (_, n) => `cc${n.toString(16).padStart(2, '0')}`).join('');
    assert.deepEqual(check(`93 d47300 dc0046 ${numbers} 01 02`), []);
  });

  it('a record that an earlier payload has defined, also one that was refused', () => {
    check('92 d47240 91a161 01 40 02');
    assert.throws(() => check('40 02'), { message: /^byte 0: a record that is not defined/ });
    assert.throws(() => check('92 d47241 91a161 01 c1'), { message: /^byte 8: c1/ });
    assert.throws(() => check('41 02'), { message: /^byte 0: a record that is not defined/ });
  });

  it('a pointer to what an earlier payload has', () => {
    check('92 d66900000001 90 d67000000001');
    assert.throws(() => check('d67000000001'), { message: /a pointer to nothing/ });
  });
});

describe('the guard of msgpack finds', () => {
  const proto = 'a95f5f70726f746f5f5f';

  it('keys __proto__, however their lengths are written', () => {
    assert.deepEqual(check(`d47240 91${proto} 01`), [5]);
    assert.deepEqual(check('d47240 91 d9095f5f70726f746f5f5f 01'), [6]);
    assert.deepEqual(check(`92 d47240 91${proto} 01 d47241 92a161${proto} 0102`), [6, 23]);
  });

  it('keys __proto__ among those that occur again', () => {
    assert.deepEqual(check(`92 d47240 d66900000001 91${proto} 01 d47240 d67000000001 02`), [12]);
  });

  it('no others, and none that are no keys of records', () => {
    assert.deepEqual(check('d47240 94a95f5f70726f746f5f60a85f5f70726f746f5fa0a55f5f70726f 01020304'), []);
    assert.deepEqual(check(`81 ${proto} ${proto}`), []);
  });
});
