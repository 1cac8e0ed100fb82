import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Packr } from 'msgpackr';
import { msgpack } from '../../protocol/codecs/msgpack.js';

const codec = msgpack({ maxItems: 10_000 });

/** As msgpackr writes it, also what is plain. */
const pack = (value: unknown) => new Packr({ structuredClone: true }).pack(value);

/** That an array of so many is taken, and that it is refused with one more. */
function assertMost(count: number, make: (n: number) => unknown, encode = codec.encode): void {
  const list = (length: number) => Buffer.from(encode(Array.from({ length }, (_, n) => make(n))));
  assert.equal((codec.decode(list(count)) as unknown[]).length, count);
  assert.throws(() => codec.decode(list(count + 1)), {
    name: 'RangeError',
    message: 'the value holds more than the 10000 items of option maxItems',
  });
}

describe('what costs more than a number counts for more:', () => {
  it('nothing else', () => {
    for (const encode of [codec.encode, pack]) {
      assertMost(9999, (n) => n, encode);
      assertMost(9999, () => 'text', encode);
      assertMost(9999, () => [], encode);
      assertMost(4999, (n) => [n], encode);
    }
  });

  it('a Map, a Set or a Buffer for 5', () => {
    assertMost(1999, () => new Map());
    assertMost(1999, () => new Set());
    assertMost(1999, () => Buffer.alloc(0));
    assertMost(1999, () => Buffer.alloc(300));
    assertMost(1428, () => new Map([[1, 2]]));
    assertMost(14, () => new Map(Array.from({ length: 350 }, (_, n) => [n, n])));
  });

  it('a typed array for 9', () => {
    for (const make of [
      () => new Uint8Array(0),
      () => new ArrayBuffer(3),
      () => new DataView(new ArrayBuffer(1)),
    ]) {
      assertMost(1111, make);
    }
  });

  it('a Date for 3', () => {
    for (const time of [0, 1, -1, NaN]) assertMost(3333, () => new Date(time));
  });

  it('an object that occurs again for 8 more', () => {
    // Each has an array, twice; the second time it is a pointer. The pair counts, too.
    assertMost(
      909,
      () => {
        const shared: unknown[] = [];
        return [shared, shared];
      },
      pack,
    );
  });

  it('an error for more than 128', () => {
    const list = (length: number) => codec.encode(Array.from({ length }, (_, n) => new Error(`${n}`)));
    assert.equal((codec.decode(Buffer.from(list(60))) as unknown[]).length, 60);
    assert.throws(() => codec.decode(Buffer.from(list(80))), RangeError);
  });

  it('a BigInt of more than 64 bits for one more every 4 bytes', () => {
    assertMost(9, () => 1n << (4096n * 8n - 2n));
    assertMost(1999, () => 1n << 64n);
  });

  it('a RegExp for each byte of its source, more with flag u and far more with flag v', () => {
    assertMost(9, () => new RegExp('x'.repeat(1000)));
    assertMost(12, () => new RegExp('x'.repeat(100), 'gu'));
    assertMost(3, () => new RegExp('x'.repeat(10), 'iv'));
  });

  it('a property in a RegExp with flag u for 512, with flag v for 131,072', () => {
    assertMost(18, () => /\p{L}/u);
    assertMost(18, () => /\P{L}/u);
    const source = '[\\p{L}--[a-z]]';
    assert.throws(() => codec.decode(Buffer.from(codec.encode(new RegExp(source, 'v')))), RangeError);
    assert.ok(msgpack({ maxItems: 140_000 }).decode(Buffer.from(codec.encode(new RegExp(source, 'v')))));
  });

  it('a shape of objects for 8 and 4 for each key', () => {
    assertMost(714, (n) => ({ [`k${n}`]: n }), pack);
    const five = (n: number) => ({ [`a${n}`]: 1, [`b${n}`]: 1, [`c${n}`]: 1, [`d${n}`]: 1, [`e${n}`]: 1 });
    assertMost(294, five, pack);
  });

  it('a shape of which there are four objects for 256 more, and 32 for each key', () => {
    const of = (shape: number, length: number) => Array.from({ length }, () => ({ [`k${shape}`]: 1 }));
    assertMost(32, (n) => of(n, 4), pack);
    assertMost(31, (n) => of(n, 9), pack);
    assertMost(526, (n) => of(n, 3), pack);
  });

  it('in plain data a key for 4 more, at the first object that has it', () => {
    assertMost(1666, (n) => ({ [`k${n}`]: n }));
    assertMost(909, (n) => ({ [`k${n}`]: n, [`l${n}`]: n }));
    assertMost(4997, (n) => ({ k: n }));
    assertMost(3330, (n) => ({ k: n, l: n }));
  });
});

describe('what takes out of proportion is refused at any maxItems:', () => {
  const all = msgpack({ maxItems: 2_147_483_647 });
  const decode = (value: unknown) => all.decode(Buffer.from(all.encode(value)));

  it('a BigInt of more than 64 KiB', () => {
    const most = 1n << (65_536n * 8n - 2n);
    assert.equal(decode(most), most);
    assert.throws(() => decode(1n << (65_537n * 8n - 2n)), {
      message: /a BigInt of 65537 bytes, at most 65536 are/,
    });
  });

  it('a RegExp with a source of more than 64 KiB', () => {
    assert.equal((decode(new RegExp('x'.repeat(65_536))) as RegExp).source.length, 65_536);
    assert.throws(() => decode(new RegExp('x'.repeat(65_537))), {
      message: /a RegExp of 65537 bytes, at most 65536/,
    });
  });
});
