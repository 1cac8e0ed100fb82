import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { msgpack } from '../../protocol/codecs/msgpack.js';

const codec = msgpack();

function copyOf<T>(value: T): T {
  return codec.decode(Buffer.from(codec.encode(value))) as T;
}

function objectOf(keys: readonly string[], n: number): Record<string, unknown> {
  const object = Object.create(null) as Record<string, unknown>;
  for (const [index, key] of keys.entries()) object[key] = n + index;
  return object;
}

/** So many that code is made for their keys. */
const MANY = 200;

describe('of many objects of one kind each has the keys it had, and no other:', () => {
  const kinds: [name: string, keys: string[]][] = [
    ['names', ['a', 'b', 'longer name']],
    ['none', []],
    ['what ends a string', ['"', "'", '`', '\\', '\\"', '\n', '\r', '\u2028', '\u2029', '\0', '*/', '//']],
    ['what is no UTF-8', ['\ud800', 'x\udfff']],
    [
      'what would be code',
      ['": 0, a: (globalThis.isBroken = true), "b', `\${globalThis.isBroken = true}`, 'get a'],
    ],
    ['numbers', ['0', '7', '4294967295', '-1', '1.5']],
    [
      'what JavaScript has a use for',
      ['constructor', 'toString', 'async', 'get', 'class', 'values', 'depth'],
    ],
    ['as many as code is made for', Array.from({ length: 64 }, (_, n) => `k${n}`)],
    ['more', Array.from({ length: 65 }, (_, n) => `k${n}`)],
    ['the name of the prototype', ['a', '__proto__', 'b']],
    ['the name of the prototype alone', ['__proto__']],
  ];
  for (const [name, keys] of kinds) {
    it(name, () => {
      const objects = Array.from({ length: MANY }, (_, n) => objectOf(keys, n));
      const copies = copyOf(objects);
      for (const [n, copy] of copies.entries()) {
        const expected = keys.map((key, index) => [Buffer.from(key).toString(), n + index]);
        assert.deepEqual(Object.entries(copy), Object.entries(Object.fromEntries(expected)));
        assert.equal(Object.getPrototypeOf(copy), Object.prototype);
      }
      assert.equal('isBroken' in globalThis, false);
    });
  }
});

describe('objects of more kinds than are remembered', () => {
  it('have their own keys each, whatever was read before', () => {
    for (let round = 0; round < 3; round++) {
      for (let n = 0; n < 2000; n++) {
        const value = [{ [`a${n}`]: 1 }, { [`a${n}`]: { [`b${n % 7}`]: n, c: 2 } }];
        assert.deepEqual(copyOf(value), value);
      }
    }
  });
});

describe('many objects that hold objects of their own kind', () => {
  it('are read as they were', () => {
    const value = Array.from({ length: MANY }, (_, n) => ({
      n,
      left: { n, left: null },
      list: [{ n, left: 1 }],
    }));
    assert.deepEqual(copyOf(value), value);
  });
});

describe('where Node may make no code at run time', () => {
  it('objects are read all the same', () => {
    const url = new URL('../../protocol/codecs/msgpack.js', import.meta.url).href;
    const program = `
      import assert from 'node:assert/strict';
      import { msgpack } from '${url}';
      assert.throws(() => new Function('return 1'), EvalError);
      const codec = msgpack();
      const value = Array.from({ length: ${MANY} }, (_, n) => ({ n, text: 'text ' + n }));
      assert.deepEqual(codec.decode(Buffer.from(codec.encode(value))), value);
      console.log('read');`;
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program];
    const cwd = fileURLToPath(new URL('.', import.meta.url));
    assert.equal(execFileSync(process.execPath, flags, { cwd, encoding: 'utf8' }).trim(), 'read');
  });
});
