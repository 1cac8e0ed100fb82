import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Codec } from '../../protocol/codec.js';
import { json } from '../../protocol/codecs/json.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import type { LimitOptions } from '../../protocol/limits.js';

const MI = 1024 * 1024;
const codecs: [name: string, make: (options?: LimitOptions) => Codec][] = [
  ['msgpack', msgpack],
  ['json', json],
  ['serialize-json', serializeJson],
];

function nested(depth: number): unknown {
  let value: unknown[] = [];
  for (let level = 1; level < depth; level++) value = [value];
  return value;
}

function nestedObjects(depth: number): unknown {
  let value = {};
  for (let level = 1; level < depth; level++) value = { a: value };
  return value;
}

for (const [name, make] of codecs) {
  const encode = (value: unknown) => Buffer.from(make().encode(value));
  const tooDeep = {
    name: 'RangeError',
    message: /^the value is nested deeper than the \d+ levels of option/,
  };
  const tooMany = {
    name: 'RangeError',
    message: /^the value holds more than the \d+ items of option maxItems$/,
  };

  describe(`${name} decodes`, () => {
    it('256 levels of arrays or objects, and no more', () => {
      for (const value of [nested, nestedObjects]) {
        assert.deepEqual(make().decode(encode(value(256))), value(256));
        assert.throws(() => make().decode(encode(value(257))), tooDeep);
      }
    });

    it('as many levels as maxDepth', () => {
      for (const maxDepth of [1, 2, 500]) {
        const codec = make({ maxDepth });
        assert.deepEqual(codec.decode(encode(nested(maxDepth))), nested(maxDepth));
        assert.throws(() => codec.decode(encode(nested(maxDepth + 1))), tooDeep);
        assert.equal(codec.decode(encode('next')), 'next');
      }
    });

    it('4 Mi values, and no more', () => {
      const codec = make();
      const most = new Array(4 * MI - 1).fill(1);
      assert.equal((codec.decode(encode(most)) as unknown[]).length, most.length);
      assert.throws(() => codec.decode(encode([...most, 1])), tooMany);
    });

    it('as many values as maxItems, in one array or in several', () => {
      const codec = make({ maxItems: 1000 });
      const values = (count: number) => new Array(count).fill(7);
      for (const value of [values(999), [values(499), values(498)]]) {
        assert.deepEqual(codec.decode(encode(value)), value);
      }
      for (const value of [values(1000), [values(499), values(499)]]) {
        assert.throws(() => codec.decode(encode(value)), tooMany);
      }
      assert.equal(codec.decode(encode('next')), 'next');
    });

    it('objects of as many values', () => {
      const object = (count: number) =>
        Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]));
      assert.deepEqual(make({ maxItems: 1000 }).decode(encode(object(100))), object(100));
      assert.throws(() => make({ maxItems: 1000 }).decode(encode(object(1000))), tooMany);
    });

    it('a key of 16,383 bytes, and no longer one', () => {
      const value = (length: number) => [{ ['k'.repeat(length)]: 'v'.repeat(20_000) }];
      assert.deepEqual(make().decode(encode(value(16_383))), value(16_383));
      assert.throws(() => make().decode(encode(value(16_384))), {
        message: /a key of 16384 bytes, at most 16383/,
      });
    });
  });

  describe(`${name}()`, () => {
    it('takes no options, and undefined for the default', () => {
      const codec = make({ maxDepth: undefined, maxItems: undefined });
      assert.deepEqual(codec.decode(encode(nested(256))), nested(256));
      assert.throws(() => codec.decode(encode(nested(257))), tooDeep);
    });

    it('refuses limits that are none, at once', () => {
      const wrong = [0, -1, 1.5, NaN, Infinity, '10', null, {}, 2 ** 31];
      for (const option of ['maxDepth', 'maxItems'] as const) {
        for (const value of wrong) {
          const max = option === 'maxDepth' ? 1000 : 2147483647;
          const got = typeof value === 'number' ? value : typeof value;
          assert.throws(() => make({ [option]: value }), {
            name: 'ClusterError',
            code: 'ERR_CLUSTER_OPTION',
            message: `option ${option} must be a whole number from 1 to ${max}, got ${got}`,
            option,
            value,
          });
        }
      }
      assert.throws(() => make({ maxDepth: 1001 }), { code: 'ERR_CLUSTER_OPTION' });
      assert.ok(make({ maxDepth: 1000, maxItems: 2147483647 }));
    });
  });
}

describe('json counts', () => {
  const decode = (text: string, limits: LimitOptions) => json(limits).decode(Buffer.from(text));

  it('no brackets, commas or quotes within strings', () => {
    const strings = ['[[[[{{{{', ',,,,,', '\\"[[[[', '"', '\\', '\\\\"[', 'é[[', '\u2028{{'];
    const limits = { maxDepth: 1, maxItems: strings.length + 1 };
    assert.deepEqual(decode(JSON.stringify(strings), limits), strings);
  });

  it('levels that are open at the same time, not those that were', () => {
    assert.deepEqual(decode('[[],[[]],{"a":[]}]', { maxDepth: 3 }), [[], [[]], { a: [] }]);
    assert.throws(() => decode('[[],[[]],{"a":[{}]}]', { maxDepth: 3 }), RangeError);
  });

  it('also what is short, where the limits are', () => {
    assert.throws(() => decode('[[]]', { maxDepth: 1 }), RangeError);
    assert.throws(() => decode('[1,2]', { maxItems: 2 }), RangeError);
  });

  it('a long string as a key wherever the colon is, and as nothing else', () => {
    const long = JSON.stringify('x'.repeat(20_000));
    for (const space of ['', ' ', '\n\r\t ']) {
      assert.throws(() => decode(`{${long}${space}:1}`, {}), { message: /^a key of 20000 bytes/ });
      assert.deepEqual(decode(`{"a":${long}${space}}`, {}), { a: 'x'.repeat(20_000) });
    }
  });

  it('in what is not JSON, and leaves it to JSON.parse to say so', () => {
    const long = 'x'.repeat(300);
    for (const text of [`"${long}`, `"${long}\\`, `]]]]${long}`, `[${long}`, `{"a":"${long}"`]) {
      assert.throws(() => decode(text, {}), SyntaxError);
    }
  });
});
