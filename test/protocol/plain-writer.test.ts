import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { PlainReader } from '../../protocol/plain-reader.js';
import { PlainWriter } from '../../protocol/plain-writer.js';
import { plain } from './plain-values.js';

const PREFIX = 0xc1;
const writer = new PlainWriter();
const reader = new PlainReader({ maxDepth: 256, maxItems: 4 * 1024 * 1024 });

function written(value: unknown): Buffer {
  return writer.write(value, PREFIX) ?? assert.fail('it is plain');
}

function hex(value: unknown): string {
  return written(value).toString('hex');
}

function writes(cases: [name: string, value: unknown, expected: string][]): void {
  for (const [name, value, expected] of cases) {
    it(name, () => assert.equal(hex(value), `c1${expected.replaceAll(' ', '')}`));
  }
}

/** An object literal cannot have some keys. */
const parse = (text: string): unknown => JSON.parse(text);

describe('the writer of plain data writes', () => {
  writes([
    ['undefined, null and booleans', [undefined, null, false, true], '94 d40000 c0 c2 c3'],
    ['small integers', [0, 63, -1, -32], '94 00 3f ff e0'],
    ['integers of 8 bits', [64, 127, 128, 255, -33, -128], '96 cc40 cc7f cc80 ccff d0df d080'],
    ['integers of 16 bits', [256, 65535, -129, -32768], '94 cd0100 cdffff d1ff7f d18000'],
    [
      'integers of 32 bits',
      [65536, 2 ** 31 - 1, -32769, -(2 ** 31)],
      '94 ce00010000 ce7fffffff d2ffff7fff d280000000',
    ],
    ['larger integers as doubles', [2 ** 31, -(2 ** 31) - 1], '92 cb41e0000000000000 cbc1e0000000200000'],
    ['doubles', [0.5, NaN, -Infinity], '93 cb3fe0000000000000 cb7ff8000000000000 cbfff0000000000000'],
    ['-0 as 0', [-0], '91 00'],
    ['arrays of 0 and 15', [[], Array(15).fill(1)], `92 90 9f${'01'.repeat(15)}`],
    ['an array of 16', Array(16).fill(1), `dc0010 ${'01'.repeat(16)}`],
    ['an array of 65,535', Array(65_535).fill(1), `dcffff ${'01'.repeat(65_535)}`],
    ['an array of 65,536', Array(65_536).fill(1), `dd00010000 ${'01'.repeat(65_536)}`],
    ['a hole as undefined', Array(1), '91 d40000'],
    ['an object without keys', {}, '80'],
    ['an object, its keys first', { a: 1, bc: 'd' }, '82 a161a26263 01a164'],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), '81 a161 01'],
    ['integer-like keys first, and an empty one', { b: 1, 5: 2, '': 3 }, '83 a135a162a0 020103'],
    ['a key __proto__', parse('{"__proto__":1}'), '81 a95f5f70726f746f5f5f 01'],
    [
      'keys __keys__ and constructor',
      { __keys__: 1, constructor: 2 },
      '82 a85f5f6b6579735f5f ab636f6e7374727563746f72 0102',
    ],
    ['the second object of its kind by its number', [{ a: 1 }, { a: 2 }], '92 81a16101 4002'],
    [
      'objects of several kinds',
      [{ a: 1 }, { a: 2 }, { b: 1 }, { a: 3 }, { b: 2 }],
      '95 81a16101 4002 81a16201 4003 4102',
    ],
    [
      'the same keys in another order as another kind',
      [
        { a: 1, b: 2 },
        { b: 1, a: 2 },
      ],
      '92 82a161a1620102 82a162a1610102',
    ],
    ['objects of one kind within each other', { a: { a: { a: 1 } } }, '81a161 40 40 01'],
    ['objects without keys', [{}, {}, {}], '93 80 40 40'],
    ['a small object that occurs twice, twice', Array(3).fill([1]), '93 9101 9101 9101'],
  ]);

  const map = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));

  it('objects of 15, 16, 65,535 and 65,536 keys', () => {
    assert.match(hex(map(15)), /^c18fa26b30a26b31/);
    assert.match(hex(map(16)), /^c1de0010a26b30a26b31/);
    assert.match(hex(map(65_535)), /^c1deffffa26b30a26b31/);
    assert.match(hex(map(65_536)), /^c1df00010000a26b30a26b31/);
  });

  it('numbers for 32 kinds, and keys for all others', () => {
    const kinds = Array.from({ length: 33 }, (_, n) => ({ [String.fromCharCode(0x61 + n)]: 1 }));
    const heads = kinds.map((_, n) => `81${n < 31 ? 'a1' : 'a2c2'}${(0x61 + n).toString(16)}01`);
    const numbers = heads.map((head, n) => (n < 32 ? `${(0x40 + n).toString(16)}01` : head));
    const expected = ['92', 'dc0021', ...heads, 'dc0021', ...numbers].join('');
    assert.equal(hex([kinds, kinds.map((kind) => ({ ...kind }))]), `c1${expected}`);
  });

  it('an object of more than 1024 keys by itself, and counts it', () => {
    const numbers = (length: number) => Object.fromEntries(Array.from({ length }, (_, n) => [`k${n}`, 0]));
    const large = hex(numbers(1025)).slice(2);
    assert.equal(hex([numbers(1025), { a: 1 }, numbers(1025), { a: 2 }]), `c194${large}81a16101${large}4102`);
    const most = hex(numbers(1024)).slice(2);
    assert.equal(hex([numbers(1024), numbers(1024)]), `c192${most}40${'00'.repeat(1024)}`);
  });

  it('objects of many kinds with the same first key, the last sixteen by their numbers', () => {
    const kinds = Array.from({ length: 17 }, (_, n) => ({ a: 0, [`b${n}`]: 0 }));
    const heads = kinds.map(
      (_, n) => `82a161${n < 10 ? 'a262' : 'a36231'}${(0x30 + (n % 10)).toString(16)}0000`,
    );
    const expected = ['92', 'dc0011', ...heads, '92', '500000', heads[0]].join('');
    const [first, last] = [{ ...kinds[0] }, { ...kinds[16] }];
    assert.equal(hex([kinds, [last, first]]), `c1${expected}`);
  });

  it('an object by itself whose keys are more than 64 Ki characters', () => {
    const object = { ['k'.repeat(65_536)]: 0 };
    const each = hex(object).slice(2);
    assert.equal(hex([object, { ...object }]), `c192${each}${each}`);
  });

  it('the same whatever it has written before', () => {
    for (let n = 0; n < 10_000; n++) written({ [`key ${n}`]: 1, y: [{ y: n }] });
    assert.equal(hex([{ y: 1 }, { a: 1 }, { y: 2 }]), 'c19381a1790181a161014002');
  });
});

describe('the writer of plain data writes strings of 8 to 255 characters', () => {
  const words = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => `word ${String(from + n).padStart(3, '0')}`);
  const bytesOf = (hex: string, ...parts: (string | Buffer)[]) =>
    Buffer.concat([Buffer.from(hex.replaceAll(' ', ''), 'hex'), ...parts.map((part) => Buffer.from(part))]);
  const inline = (text: string) => bytesOf('', Buffer.of(0xa0 + text.length), text);

  it('where they are, the first eight; the others apart, in one piece behind the structure', () => {
    const expected = bytesOf(
      'c19b',
      ...words(0, 8).map(inline),
      bytesOf('c60000005a c508'),
      inline('shorter'),
      bytesOf('c508'),
      bytesOf('0010', 'word 008word 009'),
    );
    assert.deepEqual(written([...words(0, 9), 'shorter', 'word 009']), expected);
  });

  it('in pieces of 2048 characters or a little more', () => {
    const long = 'x'.repeat(255);
    const expected = bytesOf(
      'c1dc0113',
      ...words(0, 8).map(inline),
      bytesOf('c600000266 c5ff', ...Array.from({ length: 254 }, () => bytesOf('c508'))),
      ...Array.from({ length: 12 }, () => bytesOf('c508')),
      bytesOf('0807', long, ...words(8, 233)),
      bytesOf('0148', ...words(233, 274)),
    );
    assert.deepEqual(written([...words(0, 8), long, ...words(8, 274)]), expected);
  });

  it('apart with their number of UTF-16 units, in UTF-8', () => {
    const list = [...words(0, 8), '€'.repeat(8), '😀'.repeat(4)];
    const expected = bytesOf(
      'c19a',
      ...words(0, 8).map(inline),
      bytesOf('c600000052 c508 c508 0028', '€'.repeat(8), '😀'.repeat(4)),
    );
    assert.deepEqual(written(list), expected);
  });

  it('apart, and never shorter or longer ones, nor keys', () => {
    for (const length of [7, 256]) {
      const bytes = written(Array.from({ length: 20 }, () => 'x'.repeat(length)));
      const head = length === 7 ? 'a7' : 'da0100';
      const each = bytesOf(head, 'x'.repeat(length));
      assert.deepEqual(bytes, bytesOf('c1dc0014', ...Array.from({ length: 20 }, () => each)));
    }
    const keys = words(0, 20);
    const object = Object.fromEntries(keys.map((key) => [key, 0]));
    assert.deepEqual(written(object), bytesOf('c1de0014', ...keys.map(inline), Buffer.alloc(20)));
  });
});

describe('the writer of plain data writes strings', () => {
  const head = (bytes: number) => {
    if (bytes < 32) return Buffer.of(0xa0 + bytes);
    if (bytes < 256) return Buffer.of(0xd9, bytes);
    if (bytes < 65_536) return Buffer.of(0xda, bytes >> 8, bytes & 255);
    return Buffer.of(0xdb, 0, bytes >> 16, (bytes >> 8) & 255, bytes & 255);
  };
  const characters: [string, number[]][] = [
    ['x', [0x78]],
    ['é', [0xc3, 0xa9]],
    ['€', [0xe2, 0x82, 0xac]],
    ['😀', [0xf0, 0x9f, 0x98, 0x80]],
  ];
  const limits = [0, 23, 24, 25, 31, 32, 39, 40, 255, 256, 65_535, 65_536];
  for (const [character, utf8] of characters) {
    it(`of ${character}, of every length, with the shortest head`, () => {
      const lengths = limits.flatMap((bytes) => [
        bytes,
        Math.floor(bytes / utf8.length),
        Math.ceil(bytes / utf8.length),
      ]);
      for (const length of lengths) {
        const expected = [
          Buffer.of(PREFIX),
          head(length * utf8.length),
          Buffer.alloc(length * utf8.length, Buffer.from(utf8)),
        ];
        assert.ok(written(character.repeat(length)).equals(Buffer.concat(expected)), `${length}`);
      }
    });
  }

  it('with a character that is no ASCII at the end', () => {
    assert.equal(hex('abé'), 'c1a46162c3a9');
    assert.equal(hex(`${'x'.repeat(30)}é`), `c1d920${'78'.repeat(30)}c3a9`);
  });

  it('with U+FFFD for a lone surrogate', () => {
    assert.equal(hex('a\ud800b'), 'c1a561efbfbd62');
    assert.equal(hex(['\udc00', 1]), 'c192a3efbfbd01');
    assert.equal(hex(`${'x'.repeat(40)}\ud83d`), `c1d92b${'78'.repeat(40)}efbfbd`);
  });
});

describe('the writer of plain data leaves to others', () => {
  const circle: unknown[] = [];
  circle.push([circle]);
  const twice = { a: [] };
  const many = Array.from({ length: 20 }, () => [{}]);
  const nested = (depth: number) => {
    let value: unknown = [];
    for (let n = 1; n < depth; n++) value = n % 2 ? { value } : [value];
    return value;
  };
  const cases: [string, unknown][] = [
    ['a Map', new Map()],
    ['a Set', new Set()],
    ['a Date', new Date(0)],
    ['a Buffer', Buffer.of(1)],
    ['an error', new Error('e')],
    ['an instance of a class', new (class Point {})()],
    ['an object with another prototype', Object.create({ a: 1 })],
    ['a function', () => 1],
    ['a symbol', Symbol('s')],
    ['a BigInt', 1n],
    ['an object that holds another and occurs twice', [twice, twice]],
    ['an object of more than 64 bytes that occurs twice', Array(2).fill(Array(64).fill(0))],
    [
      'an object that occurs twice whose strings apart make it as large',
      [...Array.from({ length: 8 }, () => 'x'.repeat(8)), ...Array(2).fill(['x'.repeat(62)])],
    ],
    ['an array that occurs twice', { a: circle, b: circle }],
    ['one of many objects that occurs twice', [...many, many[0]]],
    ['one after many objects that occurs twice', [...many, many[19]]],
    ['a circle', circle],
    ['what is nested deeper than 128 levels', nested(129)],
  ];
  for (const [name, value] of cases) {
    it(`${name}, alone and within, and writes the next as ever`, () => {
      for (const each of [value, [1, value], { a: { a: value } }, [{ a: 1 }, { a: 2 }, { a: value }]]) {
        assert.equal(writer.write(each, PREFIX), undefined);
        assert.equal(hex([{ a: 1 }, { a: 2 }]), 'c19281a161014002');
        assert.equal(writer.write(nested(128), PREFIX)?.[0], PREFIX);
      }
    });
  }

  it('a circle as soon as it is closed: what it holds is looked at once', () => {
    let looks = 0;
    const list: unknown[] = [];
    const value = {
      get text() {
        looks += 1;
        return 'text';
      },
      list,
    };
    list.push({ around: value });
    assert.equal(writer.write([value], PREFIX), undefined);
    assert.equal(looks, 1);
  });

  it('what is large and occurs twice when it has been written twice, not more often', () => {
    let looks = 0;
    const large = {
      get text() {
        looks += 1;
        return 'x'.repeat(100);
      },
    };
    assert.equal(writer.write(Array(50).fill(large), PREFIX), undefined);
    assert.equal(looks, 2);
  });

  it('nothing of 1000 objects that are all others', () => {
    const objects = Array.from({ length: 1000 }, (_, n) => ({ n }));
    assert.deepEqual(reader.read(written(objects), 1), objects);
  });
});

describe('the writer of plain data, where objects are not what they seem,', () => {
  /** An enumerable property of all objects, for as long as the function runs. */
  function polluted(run: () => void): void {
    Object.defineProperty(Object.prototype, 'b', {
      value: 9,
      enumerable: true,
      configurable: true,
      writable: true,
    });
    try {
      run();
    } finally {
      Reflect.deleteProperty(Object.prototype, 'b');
    }
  }

  it('never writes what they inherit', () => {
    const own = { a: 1 };
    Object.defineProperty(own, 'b', { value: 2, enumerable: true });
    let bytes = '';
    polluted(() => {
      bytes = hex([own, { a: 3 }, { a: 4 }, {}]);
    });
    assert.equal(bytes, 'c19482a161a162010281a1610381a1610480');
  });

  it('passes on what a getter throws, and writes the next as ever', () => {
    const value = [
      { a: 1 },
      { a: 2 },
      {
        get a() {
          throw new RangeError('no');
        },
      },
    ];
    assert.throws(() => writer.write(value, PREFIX), RangeError);
    assert.equal(hex([{ a: 1 }, { a: 2 }]), 'c19281a161014002');
  });

  it('may be used by a getter', () => {
    let inner = '';
    const value = {
      get a() {
        inner = hex({ b: [{ b: 1 }] });
        return 1;
      },
      b: 2,
    };
    assert.equal(hex([{ a: 1, b: 2 }, value]), 'c19282a161a1620102400102');
    assert.equal(inner, 'c181a162914001');
  });

  it('writes no object that lacks a property that a getter has taken away', () => {
    const make = (): Record<string, unknown> => ({
      get a() {
        Reflect.deleteProperty(this, 'b');
        return 1;
      },
      b: 2,
    });
    assert.equal(writer.write([{ a: 1, b: 2 }, make()], PREFIX), undefined);
    assert.equal(writer.write(make(), PREFIX), undefined);
  });
});

describe('what the writer of plain data has written', () => {
  it('is the same value to its reader, of any plain value', () => {
    fc.assert(
      fc.property(plain, (value) => {
        const bytes = writer.write(value, PREFIX);
        // fast-check may use one object at two places.
        if (!bytes) return;
        assert.deepEqual(reader.read(bytes, 1), value);
      }),
      { numRuns: 500 },
    );
  });

  it('is not overwritten by what it writes later, nor has bytes in common with it', () => {
    const values = Array.from({ length: 400 }, (_, n) => ({
      n,
      text: 'x'.repeat((n * 97) % 3000),
      list: [n],
    }));
    const all = values.map((value) => written(value));
    const copies = all.map((bytes) => Buffer.from(bytes));
    for (const [n, bytes] of all.entries()) bytes.fill(n & 255);
    for (const [n, bytes] of all.entries()) assert.ok(bytes.every((byte) => byte === (n & 255)));
    for (const [n, bytes] of copies.entries()) assert.deepEqual(reader.read(bytes, 1), values[n]);
  });

  it('is whole wherever room has to grow', () => {
    for (let length = 16_300; length < 16_400; length++) {
      const value = ['x'.repeat(length), { a: 1, b: 0.5 }, 'é', { a: 1, b: 0.5 }, 300, 'x'.repeat(50)];
      assert.deepEqual(reader.read(written(value), 1), value);
    }
    const doubles = Array.from({ length: 100_000 }, (_, n) => n + 0.5);
    const keys = Object.fromEntries(doubles.map((double) => [`€${double}`, double]));
    assert.deepEqual(reader.read(written([doubles, keys, '€'.repeat(200_000)]), 1), [
      doubles,
      keys,
      '€'.repeat(200_000),
    ]);
  });
});
