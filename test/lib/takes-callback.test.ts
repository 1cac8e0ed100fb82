import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { takesCallback } from '../../lib/real-client.js';

type Callback = (error: Error | null, value?: unknown) => void;
// biome-ignore lint/complexity/noBannedTypes: any function whatever is what is asked about
type Callable = Function;

/** A method as its class has it. */
function method(holder: Record<string, Callable>): Callable {
  return Object.values(holder)[0] as Callable;
}

/** Source that no formatter or linter may touch. */
const written = (source: string) => new Function(`return ${source}`)() as Callable;

/** How many arguments are given, and whether a callback after them would be found. */
function check(function_: Callable, expected: Record<number, boolean>): void {
  for (const [given, takes] of Object.entries(expected)) {
    assert.equal(takesCallback(function_, Number(given)), takes, `${function_} with ${given} arguments`);
  }
}

describe('a callback after the arguments', () => {
  it('is taken where there is a parameter for it, and not where there is none', () => {
    check(method({ get(_key: string, _callback: Callback) {} }), { 0: true, 1: true, 2: false });
    check(method({ get() {} }), { 0: false, 1: false });
    check((_key: string) => {}, { 0: true, 1: false });
    check(async (_key: string) => {}, { 0: true, 1: false });
  });

  it('is taken where its parameter has a default, however long that is', () => {
    check(method({ get(_key: string, _callback: Callback = () => {}) {} }), { 1: true, 2: false });
    check(
      method({
        get(
          _key: string,
          _options = { deep: { a: 1, b: [1, 2, 3] }, call: Math.max(1, 2) },
          _callback?: Callback,
        ) {},
      }),
      { 1: true, 2: true, 3: false },
    );
  });

  it('is not taken for a parameter with a default that was given', () => {
    check(method({ get(_key: string, _options = {}) {} }), { 1: true, 2: false });
    check(method({ get(_key: string, _options = { a: 1, b: 2 }) {} }), { 2: false });
    check(method({ get(_key: string, _text = 'a, b) => (c', _list = [1, 2]) {} }), { 2: true, 3: false });
  });

  it('is not taken for the parts of a parameter that is taken apart', () => {
    check(method({ get({ a: _a, b: _b }: { a: 1; b: 2 }, [_c, _d]: number[]) {} }), { 1: true, 2: false });
    check(method({ get({ a: _a = 1, b: _b = 2 } = {}) {} }), { 0: true, 1: false });
  });

  it('may be among the rest, or looked for in arguments', () => {
    check(method({ get(_key: string, ..._rest: unknown[]) {} }), { 0: true, 1: true, 9: true });
    check(method({ get(_key = Math.max(1, 2), ..._rest: unknown[]) {} }), { 1: true, 9: true });
    check(
      written('function (key) { const callback = arguments[arguments.length - 1]; callback(null, key); }'),
      {
        1: true,
        9: true,
      },
    );
    check(written('function () { return this.inner.get(...arguments); }'), { 0: true, 3: true });
  });

  it('is not taken where a text or a comment speaks of arguments', () => {
    check(written("function (key) { if (!key) throw new Error('wrong arguments'); return key; }"), {
      1: false,
    });
    check(written('function (key) { return key || "arguments"; }'), { 1: false });
    check(written('function (key) { return key || `no arguments`; }'), { 1: false });
    check(written('function (key) { // the arguments are checked\n return key; }'), { 1: false });
    check(written('function (key /* of arguments, and (more) */) { return key; }'), { 1: false });
  });

  it('is told for arrow functions without brackets', () => {
    check(written('key => key'), { 0: true, 1: false });
    check(written('async key => Math.max(key, 1, 2)'), { 0: true, 1: false });
    check(written('key => Math.max(key, 1, 2)'), { 0: true, 1: false });
    check(written('() => Math.max(1, 2)'), { 0: false });
  });

  it('is told for each kind of method, static, generator, getter name, computed name, trailing comma', () => {
    check(written('class { static async get(key, options) {} }.get'), { 1: true, 2: false });
    check(written('({ *get(key) { yield key; } }).get'), { 0: true, 1: false });
    check(written("({ ['get (it'](key) { return key; } })['get (it']"), { 0: true, 1: false });
    check(written('function (\n  key,\n  callback,\n) {}'), { 1: true, 2: false });
    check(written('function get(key, callback) {}'), { 1: true, 2: false });
  });

  it('is told by the length alone where the source cannot be seen: bound and native functions', () => {
    const bound = written('function (first, key, callback) {}').bind(undefined, 'first');
    check(bound, { 0: true, 1: true, 2: false });
    check(Math.max, { 0: true, 2: false });
    check(Array.prototype.slice, { 1: true, 2: false });
  });

  it('is told the same when it is asked again', () => {
    const get = written('function (key, options = {}) {}');
    for (let n = 0; n < 3; n += 1) check(get, { 1: true, 2: false });
  });
});
