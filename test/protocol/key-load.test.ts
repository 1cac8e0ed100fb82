import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Packr } from 'msgpackr';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { hashLong, hashNumber, KeyLoad } from '../../protocol/key-load.js';

type Key = number | bigint;

const integer = (n: number): Key => n;
const double = (n: number): Key => n + 0.5;
const bigint = (n: number): Key => BigInt(n);

function hash(key: Key): number {
  if (typeof key === 'number') return hashNumber(key);
  const amount = key < 0n ? -key : key;
  return hashLong(Number((amount >> 32n) & 0xffff_ffffn), Number(amount & 0xffff_ffffn));
}

/** Keys that fall into the same one of so many chains, a power of two. */
function colliding(make: (n: number) => Key, count: number, chains: number): Key[] {
  const keys: Key[] = [];
  for (let n = 1; keys.length < count; n++) {
    const key = make(n);
    if ((hash(key) & (chains - 1)) === 3) keys.push(key);
  }
  return keys;
}

/** Least ms of a few that a Set of them takes. */
function cost(keys: Key[]): number {
  let least = Infinity;
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    assert.equal(new Set(keys).size, keys.length);
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

describe('the hash of a key is that of this V8: keys with the same take long', () => {
  const kinds: [name: string, make: (n: number) => Key][] = [
    ['integers', integer],
    ['doubles', double],
    ['BigInts', bigint],
  ];
  for (const [name, make] of kinds) {
    it(name, () => {
      const count = 4096;
      const ordinary = cost(Array.from({ length: count }, (_, n) => make(n)));
      const slow = cost(colliding(make, count, count / 2));
      assert.ok(slow > 8 * ordinary, `${slow} ms, ${ordinary} ms with others`);
    });
  }

  it('BigInts that differ above 64 bits, or in their sign', () => {
    const above = Array.from({ length: 4096 }, (_, n) => (BigInt(n) << 64n) + 1n);
    assert.equal(new Set(above.map(hash)).size, 1);
    const ordinary = cost(Array.from({ length: 4096 }, (_, n) => (BigInt(n) << 64n) + BigInt(n)));
    assert.ok(cost(above) > 8 * ordinary);
  });
});

describe('a load of keys', () => {
  function load(keys: Key[]): void {
    const load = new KeyLoad();
    load.open();
    for (const key of keys) load.add(hash(key));
    load.close();
  }

  it('is taken where they are ordinary: counted, multiplied, shifted, times, fractions', () => {
    const patterns: ((n: number) => Key)[] = [
      integer,
      double,
      bigint,
      (n) => -n,
      (n) => n * 1000,
      (n) => n * 65_536,
      (n) => n / 1024,
      (n) => n * 0.1,
      (n) => 1.7e12 + n * 60_000,
      (n) => n * 2 ** 40,
      (n) => BigInt(n) << 20n,
      (n) => 7_000_000_000_000_000_000n + BigInt(n) * 4_194_304n,
    ];
    for (const pattern of patterns) {
      for (const count of [0, 1, 100, 1000, 30_000])
        load(Array.from({ length: count }, (_, n) => pattern(n)));
    }
  });

  it('is refused where they fall into one chain', () => {
    for (const make of [integer, double, bigint]) {
      assert.throws(() => load(colliding(make, 100, 64)), {
        message: /^100 keys of a Map or Set were chosen/,
      });
    }
  });

  it('is refused where they fall into one chain as long as there are few, and others follow', () => {
    const keys = colliding(integer, 2000, 1024);
    for (let n = 0; n < 20_000; n++) keys.push(n + 0.5);
    assert.throws(() => load(keys), { message: /^22000 keys/ });
  });

  it('is one of one Map or Set: those around and within it have their own', () => {
    const around = colliding(integer, 14, 64);
    const keys = new KeyLoad();
    for (let run = 0; run < 2; run++) {
      keys.open();
      for (const key of around.slice(0, 7)) keys.add(hash(key));
      keys.open();
      for (const key of around) keys.add(hash(key));
      keys.close();
      for (const key of around.slice(7)) keys.add(hash(key));
      keys.close();
      keys.open();
      // Some are left open.
      keys.reset();
    }
  });
});

describe('keys whose hashes cannot be told', () => {
  it('are 256 at most in one Map or Set, whatever is around or within it', () => {
    const keys = new KeyLoad();
    const add = (count: number) => {
      for (let n = 0; n < count; n++) keys.addUnknown();
    };
    keys.open();
    add(200);
    keys.open();
    add(256);
    keys.close();
    add(56);
    assert.throws(() => keys.addUnknown(), { message: /^257 keys/ });
    keys.reset();
    keys.open();
    add(256);
    assert.throws(() => keys.addUnknown(), { message: /^257 keys/ });
  });
});

describe('msgpack refuses to decode, though it would be slow only', () => {
  const chosen = /^\d+ keys of a Map or Set were chosen such that it would be slow$/;
  const codec = msgpack();
  const decode = (value: unknown) => codec.decode(Buffer.from(codec.encode(value)));
  const negative = (n: number): Key => -n;
  const negativeLong = (n: number): Key => -BigInt(n) * (2n ** 32n + 1n);
  const negativeHigh = (n: number): Key => -BigInt(n) * 2n ** 32n;
  const unsigned = (n: number): Key => 2 ** 31 + n;
  const high = (n: number): Key => 2n ** 63n + BigInt(n);
  const kinds: [name: string, make: (n: number) => Key][] = [
    ['integers', integer],
    ['negative integers', negative],
    ['integers beyond 31 bits', unsigned],
    ['doubles', double],
    ['BigInts', bigint],
    ['negative BigInts', negativeLong],
    ['negative BigInts that end in zeros', negativeHigh],
    ['BigInts beyond 63 bits', high],
    ['BigInts beyond 64 bits', (n) => 2n ** 64n + BigInt(n)],
    ['negative BigInts beyond 64 bits', (n) => -(2n ** 64n) - BigInt(n)],
    ['very long BigInts', (n) => 2n ** 4000n + BigInt(n)],
    ['negative, very long BigInts', (n) => -(2n ** 4000n) - BigInt(n)],
  ];
  for (const [name, make] of kinds) {
    const keys = colliding(make, 300, 256);

    it(`a Set or a Map of ${name}`, () => {
      assert.throws(() => decode(new Set(keys)), { message: chosen });
      assert.throws(() => decode({ a: [new Map(keys.map((key) => [key, [1, { b: 2 }]]))] }), {
        message: chosen,
      });
    });

    it(`not an array of ${name}, the values of a Map, or what lies within its keys`, () => {
      const values = new Map(keys.map((key, n) => [`k${n}`, key]));
      const within = new Set(keys.map((key) => [key]));
      const expected = [keys, values, within];
      assert.deepEqual(decode(expected), expected);
    });

    it(`nor a Set of 64 ${name}`, () => {
      const few = new Set(keys.slice(0, 64));
      assert.deepEqual(decode(few), few);
    });
  }

  it('not a Set of objects that are alike', () => {
    const make = () => [
      Float64Array.of(5),
      new Date(5),
      Buffer.alloc(20),
      /x/,
      new Map([[5, 5]]),
      new Set([5]),
      [5],
      { a: 5 },
    ];
    const set = new Set(Array.from({ length: 100 }, make).flat());
    assert.deepEqual(decode(set), set);
  });

  it('a Set of strings of 16 KiB, which V8 hashes by their length', () => {
    const long = (count: number) =>
      new Set(Array.from({ length: count }, (_, n) => `${'x'.repeat(16_384)}${String(n).padStart(5, '0')}`));
    assert.throws(() => decode(long(257)), { message: /^257 keys/ });
    assert.equal((decode(long(256)) as Set<string>).size, 256);
    const short = new Set(Array.from({ length: 300 }, (_, n) => `${'x'.repeat(10_000)}${n}`));
    assert.deepEqual(decode(short), short);
  });

  it('a Set of pointers to numbers', () => {
    // [number with an id, ..., Set of pointers to them]
    const count = 300;
    const ids = Array.from({ length: count }, (_, n) => (n + 1).toString(16).padStart(8, '0'));
    const numbers = ids.map((id, n) => `d669${id}d3${(n + 1).toString(16).padStart(16, '0')}`);
    const pointers = ids.map((id) => `d670${id}`);
    const hex = `dc012d${numbers.join('')}d47300dc012c${pointers.join('')}`;
    assert.throws(() => codec.decode(Buffer.from(hex, 'hex')), { message: /^257 keys/ });
    // As they are where objects occur again.
    const objects = ids.map((_, n) => ({ n }));
    assert.deepEqual(decode([objects, new Set(objects)]), [objects, new Set(objects)]);
  });

  it('such a Set that is a key of an ordinary Map or Set', () => {
    const ordinary = Array.from({ length: 100 }, (_, n) => n);
    const slow = new Set(colliding(integer, 300, 256));
    assert.throws(
      () => decode(new Map<unknown, unknown>([...ordinary.map((n) => [n, n] as const), [slow, 1]])),
      {
        message: chosen,
      },
    );
    assert.throws(() => decode(new Set([...ordinary, slow, ...ordinary])), { message: chosen });
    const within = new Set<unknown>([...ordinary, new Set(ordinary), ...ordinary.map((n) => n + 0.5)]);
    assert.deepEqual(decode(within), within);
  });

  it('what msgpackr would take seconds for', () => {
    const set = new Set(Array.from({ length: 20_000 }, (_, n) => n));
    const bytes = Buffer.from(
      new Packr({ structuredClone: true }).pack([...set].map((n) => (BigInt(n) << 64n) + 1n)),
    );
    const start = process.cpuUsage();
    // The array is made a Set.
    assert.throws(() => codec.decode(Buffer.concat([Buffer.from('d47300', 'hex'), bytes])), {
      message: chosen,
    });
    assert.ok(process.cpuUsage(start).user < 1_000_000);
  });
});
