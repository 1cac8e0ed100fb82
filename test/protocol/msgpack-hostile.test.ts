import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { resolveLimits } from '../../protocol/limits.js';
import { MsgpackGuard } from '../../protocol/msgpack-guard.js';
import { structured } from './codec-arbitraries.js';
import { kept } from './codec-values.js';

const guard = new MsgpackGuard(resolveLimits({}));

/** Through `toJSON` msgpackr writes ids before anything. */
class Json {
  readonly #value: unknown;
  constructor(value: unknown) {
    this.#value = value;
  }
  toJSON(): unknown {
    return this.#value;
  }
}

function circular(): unknown {
  const value: Record<string, unknown> = { list: [1] };
  value['self'] = [value, new Map([[value, value]]), new Set([value])];
  return value;
}

function aliased(): unknown {
  const shared = { a: 1 };
  const all = [new Json(shared), shared, new Json('text'), new Json(5n), new Json(new Json(shared))];
  return [...all, ...all];
}

const named: [name: string, value: unknown][] = [
  ...kept,
  ['circular references', circular()],
  ['objects with toJSON that occur again', aliased()],
  ['errors', [new Error('a', { cause: new TypeError('b', { cause: [1] }) }), new Set([new RangeError('c')])]],
  ['keys __proto__', JSON.parse('[{"__proto__":{"__proto__":1}},{"__proto__":2},{"__proto__":3}]')],
];
/** As msgpackr writes it: beside a Map no value is plain. */
const packed = (value: unknown) => Buffer.from(msgpack().encode([value, new Map()]));
const isShort = ({ length }: Buffer) => length < 10_000;
const encodings = named.map(([, value]) => packed(value));
const packedOnes = encodings.filter(isShort);
/** As the codec writes it: most of them are plain. */
const shortOnes = named.map(([, value]) => Buffer.from(msgpack().encode(value))).filter(isShort);

describe('the guard of msgpack takes what the codec writes', () => {
  for (const [index, [name]] of named.entries()) {
    it(name, () => void guard.check(encodings[index] ?? assert.fail()));
  }

  it('of any value', () => {
    const codec = msgpack();
    fc.assert(
      fc.property(structured, (value) => void guard.check(Buffer.from(codec.encode([value, new Map()])))),
      { numRuns: 500 },
    );
  });
});

/** Tokens that msgpackr and this codec give a meaning to: a random byte is rarely one. */
const tokens = '6269707273656674747842ff4041427f808190919293a0a1c0c1c4c7c8c9cad4d5d6d7d8d9dcdddedfe00001';
const token = fc.constantFrom(...Buffer.from(tokens, 'hex'));
const change = fc.record({
  at: fc.nat(),
  /** How many bytes are taken out there. */
  out: fc.constantFrom(0, 1, 1, 1, 4),
  in: fc.oneof(
    fc.array(token, { maxLength: 4 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 2 }).map((bytes) => Buffer.from(bytes)),
    fc
      .record({ of: fc.constantFrom(...packedOnes, ...shortOnes), from: fc.nat(), length: fc.nat(12) })
      .map(part),
  ),
});

function part({ of, from, length }: { of: Buffer; from: number; length: number }): Buffer {
  const start = from % of.length;
  return of.subarray(start, start + length);
}

/** Encodings in which a few bytes are others, and pieces of others have come in. */
const mutatedOf = (encoded: readonly Buffer[]) =>
  fc
    .record({
      bytes: fc.constantFrom(...encoded),
      changes: fc.array(change, { minLength: 1, maxLength: 4 }),
    })
    .map(({ bytes, changes }) => {
      let result = bytes;
      for (const { at, out, in: inserted } of changes) {
        const start = at % (result.length + 1);
        result = Buffer.concat([result.subarray(0, start), inserted, result.subarray(start + out)]);
      }
      return result;
    });
const mutated = mutatedOf([...packedOnes, ...shortOnes]);

describe('bytes that a peer has changed', () => {
  const objectKeys = Reflect.ownKeys(Object.prototype);
  const functionKeys = Reflect.ownKeys(Function.prototype);

  it('are refused by the guard, or are what msgpackr reads without fail, but for the syntax of a RegExp', () => {
    const packr = new Packr({ structuredClone: true });
    let taken = 0;
    fc.assert(
      fc.property(mutatedOf(packedOnes), (bytes) => {
        try {
          guard.check(bytes);
        } catch (error) {
          assert.ok(error instanceof Error);
          return;
        }
        taken++;
        try {
          packr.unpack(bytes);
        } catch (error) {
          assert.ok(
            error instanceof SyntaxError && /regular expression|RegExp/.test(error.message),
            String(error),
          );
        }
      }),
      { numRuns: 10_000 },
    );
    assert.ok(taken > 500, `${taken} were taken`);
  });

  it('are decoded or refused, in little time and memory, and leave nothing behind', () => {
    const codec = msgpack();
    const value = { a: [1, { a: 'b', __keys__: 1 }, { a: 'c', __keys__: 2 }], error: new Error('e') };
    const encoded = Buffer.from(msgpack().encode(value));
    const rss = process.resourceUsage().maxRSS;
    fc.assert(
      fc.property(mutated, (bytes) => {
        const before = Buffer.from(bytes);
        const start = process.cpuUsage();
        try {
          codec.decode(bytes);
        } catch (error) {
          assert.ok(error instanceof Error);
        }
        const { user, system } = process.cpuUsage(start);
        // In µs. None has more than 10 KB.
        assert.ok(user + system < 2_000_000, bytes.toString('hex'));
        assert.ok(bytes.equals(before));
        assert.deepEqual(codec.decode(encoded), value);
      }),
      { numRuns: 3_000 },
    );
    assert.deepEqual(Reflect.ownKeys(Object.prototype), objectKeys);
    assert.deepEqual(Reflect.ownKeys(Function.prototype), functionKeys);
    // In KiB.
    assert.ok(process.resourceUsage().maxRSS - rss < 300 * 1024);
  });

  it('do not change what the next payload is, whatever that is', () => {
    fc.assert(
      fc.property(fc.array(mutated, { minLength: 1, maxLength: 3 }), mutated, (earlier, bytes) => {
        const codec = msgpack();
        for (const each of earlier) attempt(() => codec.decode(each));
        const fresh = msgpack();
        assert.equal(
          attempt(() => codec.decode(bytes)),
          attempt(() => fresh.decode(bytes)),
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('a record of an earlier payload', () => {
  // Two of { a }, in the two forms of definitions, with one byte for the id and with two, and as plain data.
  const definitions = [
    '92 d47240 91a161 01 4002',
    '92 d5726001 91a161 01 600102',
    'c1 92 d47240 91a161 01 4002',
  ];

  it('is not known to the next, neither to another codec of the process', () => {
    for (const definition of definitions) {
      const codec = msgpack();
      attempt(() => codec.decode(hex(definition)));
      for (const each of [codec, msgpack()]) {
        for (const use of ['4002', '600102', 'c14002']) assert.throws(() => each.decode(hex(use)), Error);
      }
    }
  });

  it('does not change what the codec encodes', () => {
    const codec = msgpack();
    const value = { b: new Map() };
    codec.encode(value);
    codec.decode(hex('92 d47240 91a162 01 4002'));
    assert.equal(Buffer.from(codec.encode(value)).toString('hex'), 'd4724091a16280');
  });
});

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex');
}

/** What came of it, as text: two invalid dates are never equal. */
function attempt(run: () => unknown): string {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return inspect(run(), { depth: 20, maxStringLength: null });
  } catch (error) {
    return inspect(error);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
