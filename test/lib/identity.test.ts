import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { differences, identify } from '../../lib/identity.js';

const KEY = Buffer.alloc(32, 7);
const of = (...args: unknown[]) => identify(args, KEY);
const names = (settings: readonly string[]) => settings.map((entry) => entry.slice(9));
const keys = (count: number, prefix = 'k') =>
  Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`${prefix}${`${index}`.padStart(3, '0')}`, index]),
  );

/** What a warning would name. */
const between = (one: unknown[], other: unknown[]) => differences(of(...one).settings, of(...other).settings);

describe('the identity of a client', () => {
  it('is the same for the same settings, in another order, beside loggers and callbacks', () => {
    const first = of({ endpoint: 'http://x', retry: { times: 3, pause: 10 } });
    const second = of({ retry: { pause: 10, times: 3 }, logger: console, endpoint: 'http://x', done() {} });
    assert.deepEqual(second, first);
    assert.match(first.digest, /^[0-9a-f]{16}$/);
    for (const entry of first.settings) assert.match(entry, /^[0-9a-f]{8} \w+$/);
  });

  it('is another for other settings, or under another key', () => {
    const { digest, settings } = of({ endpoint: 'http://x' });
    assert.notEqual(of({ endpoint: 'http://y' }).digest, digest);
    const elsewhere = identify([{ endpoint: 'http://x' }], Buffer.alloc(32, 8));
    assert.notEqual(elsewhere.digest, digest);
    assert.notEqual(elsewhere.settings[0], settings[0]);
  });

  it('shows no value, nor that two settings have one value', () => {
    const { digest, settings } = of({ user: 'swordfish', password: 'swordfish' });
    assert.doesNotMatch(JSON.stringify(settings), /swordfish/);
    const digests = [digest.slice(0, 8), ...settings.map((entry) => entry.slice(0, 8))];
    assert.equal(new Set(digests).size, 3);
    const only = of({ password: 'swordfish' });
    assert.notEqual(only.settings[0]?.slice(0, 8), only.digest.slice(0, 8));
  });

  it('depends on strings exactly, also on half pairs', () => {
    assert.notEqual(of('\ud800').digest, of('\ufffd').digest);
    assert.notDeepEqual(of('\ud800').settings, of('\ufffd').settings);
  });

  it('has no settings where there are no arguments, and a digest all the same', () => {
    const { digest, settings } = of();
    assert.deepEqual(settings, []);
    assert.match(digest, /^[0-9a-f]{16}$/);
    for (const value of [
      undefined,
      () => {},
      new Proxy([], { get: fails }),
      revoked(),
      [undefined, console.log],
    ])
      assert.deepEqual(identify(value, KEY), of());
  });

  it('is another for each kind of value, so that equal digests are equal settings', () => {
    const values = [[], {}, 1, [1], ['1'], [[1]], [[]], [{}], [null], null, 'null', [undefined, 1], [1, 2]];
    const keyed = [
      { a: 1 },
      [{ a: 1 }],
      [{ a: 1 }, 2],
      [{ '0.a': 1, 1: 2 }],
      [{ a: 1 }, { b: 2 }],
      [{ '0.a': 1, '1.b': 2 }],
      [{ 0: 1 }],
      { 0: 1 },
      [[undefined, 1]],
    ];
    const all = [...values, ...keyed].map((value) => identify(value, KEY));
    assert.equal(new Set(all.map(({ digest }) => digest)).size, all.length);
    assert.equal(new Set(all.map(({ settings }) => settings.join())).size, all.length);
  });
});

describe('the settings of an identity', () => {
  it('are named by the keys of an only argument', () => {
    assert.deepEqual(names(of({ b: 1, a: { c: 1 }, no: undefined }).settings), ['a', 'b']);
    assert.deepEqual(names(of({ a: 1 }, undefined, console).settings), ['a']);
    assert.deepEqual(names(identify({ b: 1, a: 2 }, KEY).settings), ['a', 'b']);
  });

  it('are named by index and key where there are several arguments', () => {
    assert.deepEqual(names(of({ endpoint: 'x', b: 1 }, 5, { c: 1 }).settings), [
      '0.b',
      '0.endpoint',
      '1',
      '2.c',
    ]);
    assert.deepEqual(names(of(console, undefined, { c: 1 }).settings), ['2.c']);
  });

  it('are named by index alone where an argument is no plain object, or has nothing that counts', () => {
    assert.deepEqual(names(of('http://x').settings), ['0']);
    assert.deepEqual(names(of(new Map([['a', 1]])).settings), ['0']);
    assert.deepEqual(names(of({ logger: console }).settings), ['0']);
    assert.deepEqual(names(of({}, [1, 2], new Date(0)).settings), ['0', '1', '2']);
    assert.deepEqual(names(identify('production', KEY).settings), ['0']);
  });

  it('have names of at most 40 characters, without control characters', () => {
    const [long, strange] = of({ [`a${'x'.repeat(100)}`]: 1, 'b\n\x1b[2J': 2 }).settings;
    assert.equal(long?.slice(9), `a${'x'.repeat(38)}…`);
    assert.equal(strange?.slice(9), 'b??[2J');
    assert.deepEqual(names(of({ 'a\x01': 1, 'a!': 2 }).settings), ['a!', 'a?']);
  });

  it('are told apart also where their names are cut alike', () => {
    const start = 'x'.repeat(50);
    const settings = { [`${start}1`]: 'one', [`${start}2`]: 'two' };
    const swapped = { [`${start}1`]: 'two', [`${start}2`]: 'one' };
    assert.equal(new Set(of(settings).settings).size, 2);
    assert.deepEqual(between([settings], [swapped]), [`${'x'.repeat(39)}…`]);
  });

  it('are at most 41, the last one for the rest, and fit three KiB', () => {
    assert.deepEqual(names(of(keys(40)).settings), Object.keys(keys(40)));
    assert.deepEqual(names(of(keys(1_000)).settings), [...Object.keys(keys(40)), '…']);
    for (const letter of ['x', '名', '🦊', '\n']) {
      const { settings } = of(keys(1_000, letter.repeat(60)));
      assert.equal(settings.length, 41);
      const bytes = settings.reduce((sum, entry) => sum + Buffer.byteLength(entry), 0);
      assert.ok(bytes <= 3 * 1024, `${letter}: ${bytes}`);
    }
  });
});

describe('the differences of two identities', () => {
  const config = { endpoint: 'http://x', user: 'u', retry: { times: 3 } };

  it('are the names of the settings that differ, and of those that only one has', () => {
    assert.deepEqual(between([config], [structuredClone(config)]), []);
    assert.deepEqual(between([config], [{ ...config, user: 'v', retry: { times: 4 } }]), ['retry', 'user']);
    assert.deepEqual(between([config], [{ ...config, zone: 1 }]), ['zone']);
    assert.deepEqual(between([{ ...config, zone: 1 }], [config]), ['zone']);
    assert.deepEqual(between([config, 1], [config, 2]), ['1']);
  });

  it('are never none where the digests differ', () => {
    const values = [[], [{}], [config], [config, 1], [1, config], [[config]], [undefined, config]];
    for (const one of values)
      for (const other of values) assert.equal(between(one, other).length === 0, one === other);
  });

  it('are told of the rest as a whole', () => {
    assert.deepEqual(between([keys(60)], [{ ...keys(60), k050: 'other' }]), ['…']);
    assert.deepEqual(between([keys(60)], [{ ...keys(60), k020: 'other' }]), ['k020']);
    assert.deepEqual(between([keys(40)], [keys(41)]), ['…']);
  });

  it('do not name a setting that one lists and the other has among the rest', () => {
    const more = { ...keys(40), a: 1 };
    assert.deepEqual(between([keys(40)], [more]), ['a', '…']);
    assert.deepEqual(between([more], [keys(40)]), ['a', '…']);
  });
});

function fails(): never {
  throw new Error('must not come out');
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable([], {});
  revoke();
  return proxy;
}
