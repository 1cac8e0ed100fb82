import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import type { LimitOptions } from '../../protocol/limits.js';

const tooMany = {
  name: 'RangeError',
  message: /^the value holds more than the \d+ items of option maxItems$/,
};

function decode(value: unknown, limits?: LimitOptions): unknown {
  return msgpack(limits).decode(Buffer.from(msgpack().encode(value)));
}

function decodeHex(hex: string, limits?: LimitOptions): unknown {
  return msgpack(limits).decode(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
}

/** Gives what it stands for one more id. */
class Alias {
  readonly toJSON: () => unknown;

  constructor(value: unknown) {
    this.toJSON = () => value;
  }
}

/** Pairs within pairs, `levels` deep, of which both halves are the same: a walk ends 2^levels times. */
function doubled(levels: number, pair: (half: unknown) => unknown, innermost: unknown = [1]): unknown {
  let value = innermost;
  for (let level = 0; level < levels; level++) value = pair(value);
  return value;
}

function numbers(length: number): number[] {
  return Array.from({ length }, (_, n) => n % 50);
}

describe('msgpack refuses parts that are shared so often that a walk through all would not end:', () => {
  const pairs: [what: string, pair: (half: unknown) => unknown][] = [
    ['arrays', (half) => [half, half]],
    ['objects', (half) => ({ left: half, right: half })],
    [
      'values of Maps',
      (half) =>
        new Map([
          [1, half],
          [2, half],
        ]),
    ],
    ['keys of Maps and values of Sets', (half) => new Map([[half, new Set([half])]])],
    ['arrays of arrays', (half) => [[half], [[half]]]],
    ['arrays with more than one id', (half) => [half, new Alias(half), new Alias(half), half]],
  ];
  for (const [what, pair] of pairs) {
    it(what, () => {
      assert.throws(() => decode(doubled(40, pair)), tooMany);
      // More than 2^100: also where the sum is.
      assert.throws(() => decode(doubled(100, pair)), tooMany);
      assert.ok(decode(doubled(8, pair)));
    });
  }

  it('causes of errors', () => {
    const pair = (half: unknown) => new Error('e', { cause: [half, half] });
    assert.throws(() => decode(doubled(40, pair)), tooMany);
    const copy = decode(doubled(8, pair)) as Error & { cause: unknown[] };
    assert.equal(copy.cause[0], copy.cause[1]);
  });

  it('data of errors', () => {
    const pair = (half: unknown) => Object.assign(new Error('e'), { left: half, right: half });
    assert.throws(() => decode(doubled(40, pair)), tooMany);
    assert.deepEqual(decode(doubled(8, pair)), doubled(8, pair));
  });

  it('one error in the place of many', () => {
    const error = Object.assign(new Error('e'), { list: numbers(1000) });
    const most = Array.from({ length: 900 }, () => error);
    assert.deepEqual(decode(most, { maxItems: 1_000_000 }), most);
    assert.throws(() => decode([...most, ...most], { maxItems: 1_000_000 }), tooMany);
  });

  it('a pointer to a pointer to a value that is open', () => {
    // 1: [10 numbers, 2: pointer to 1], and pointers to 2.
    const hex = `dc0065 d66900000001 9b ${'01'.repeat(10)} d66900000002 d67000000001 ${'d67000000002'.repeat(100)}`;
    assert.equal((decodeHex(hex, { maxItems: 1500 }) as unknown[]).length, 101);
    assert.throws(() => decodeHex(hex, { maxItems: 1000 }), tooMany);
  });
});

describe('a part that is shared counts each time', () => {
  /** What is around: the list itself, one id. */
  const taken = (value: unknown, items: number) => {
    assert.deepEqual(decode(value, { maxItems: items }), value);
    assert.throws(() => decode(value, { maxItems: items - 1 }), tooMany);
  };
  const times = (count: number, part: unknown) => Array.from({ length: count }, () => part);

  it('for what it holds, and 8 once', () => {
    taken(times(2, [numbers(10)]), 1 + 2 * 12 + 8);
    taken(times(100, [numbers(10)]), 1 + 100 * 12 + 8);
    taken(times(2, times(3, [1, 2])), 1 + 2 * (1 + 3 * 3) + 2 * 8);
  });

  it('for one if it is where it holds itself', () => {
    const circle: unknown[] = numbers(10);
    circle.push(circle, circle);
    taken(circle, 13 + 8);
    taken([circle, circle], 1 + 2 * 13 + 8);
  });

  it('for one more every 64 bytes', () => {
    const bytes = Buffer.alloc(6400);
    const text = 'x'.repeat(640);
    // A Buffer counts for 5 the first time.
    taken(times(3, bytes), 1 + 5 + 2 * 101 + 8);
    taken(times(3, [text]), 1 + 2 + 2 * (2 + 10) + 8);
  });

  it('as often as values of sound mind have it: 1000 times an object of 1000 numbers', () => {
    const part = Object.fromEntries(numbers(1000).map((number, n) => [`k${n}`, number]));
    assert.deepEqual(decode(times(1000, part)), times(1000, part));
    assert.equal((decode(times(400_000, { a: 1 })) as unknown[]).length, 400_000);
  });

  it('also where all know all', () => {
    interface Node {
      name: string;
      parent?: Node;
      children: Node[];
    }
    const root: Node = { name: 'root', children: [] };
    for (let n = 0; n < 1000; n++) root.children.push({ name: `child ${n}`, parent: root, children: [] });
    const value = { root, all: [...root.children, root], selected: root.children[7] };
    assert.deepEqual(decode(value), value);
  });

  it('in this value, not in the next', () => {
    const codec = msgpack({ maxItems: 1000 });
    const bytes = Buffer.from(codec.encode(times(80, numbers(10))));
    for (let turn = 0; turn < 5; turn++) assert.equal((codec.decode(bytes) as unknown[]).length, 80);
    const bomb = Buffer.from(codec.encode(doubled(40, (half) => [half, half])));
    assert.throws(() => codec.decode(bomb), tooMany);
    assert.equal((codec.decode(bytes) as unknown[]).length, 80);
  });
});
