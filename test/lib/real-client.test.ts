import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ServedCall } from '../../lib/call-context.js';
import { callContext } from '../../lib/exports.js';
import { callAndWait, callMethod, whenReady } from '../../lib/real-client.js';
import { isPending, until } from '../helpers/until.js';

type Callback = (error?: unknown, ...results: unknown[]) => void;

const CONTEXT = new ServedCall(7, { pid: 1, local: true });

/** A promise that is not the language's: all that it has is `then`. */
function thenable(value: unknown, error?: unknown) {
  return {
    // biome-ignore lint/suspicious/noThenProperty: that it has one is the point
    then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
      setImmediate(() => (error === undefined ? resolve(value) : reject(error)));
    },
  };
}

const target = {
  name: 'target',
  sync(this: { name: string }, a: number, b: number) {
    return `${this.name} ${a + b}`;
  },
  async later(value: unknown) {
    return value;
  },
  foreign: (value: unknown) => thenable(value),
  failsForeign: (error: unknown) => thenable(undefined, error),
  *generator(value: unknown): Generator<unknown, unknown, unknown> {
    return [yield Promise.resolve(value), yield [Promise.resolve(1), Promise.resolve(2)]];
  },
  callback(value: unknown, callback: Callback) {
    setImmediate(() => callback(null, value, 'second'));
  },
  failsCallback(error: unknown, callback: Callback) {
    callback(error);
  },
  both(value: unknown, callback: Callback) {
    callback(null, value);
    return Promise.resolve(value);
  },
  oneway(...args: unknown[]) {
    return args;
  },
  throws(value: unknown) {
    throw value;
  },
  context: () => callContext(),
};

/** What `done` is called with, the first time. */
function call(
  name: string,
  ...args: unknown[]
): Promise<{ error: Error | undefined; results: readonly unknown[] }> {
  return new Promise((resolve) => {
    callMethod(target, name, args, CONTEXT, (error, results) => resolve({ error, results }), {
      callback: true,
    });
  });
}

const fulfilled = (...results: unknown[]) => ({ error: undefined, results });

describe('callMethod', () => {
  it('settles with what a method returns, promises, or calls back with, of whatever kind it is', async () => {
    assert.deepEqual(await call('sync', 1, 2), fulfilled('target 3'));
    assert.deepEqual(await call('later', 'x'), fulfilled('x'));
    assert.deepEqual(await call('foreign', 'x'), fulfilled('x'));
    assert.deepEqual(await call('generator', 'x'), fulfilled(['x', [1, 2]]));
    assert.deepEqual(await call('callback', 'x'), fulfilled('x', 'second'));
  });

  it('fails with what a method throws, rejects with, or calls back with first', async () => {
    const error = new RangeError('no');
    for (const name of ['throws', 'failsCallback', 'failsForeign']) {
      assert.equal((await call(name, error)).error, error, name);
    }
  });

  it('makes an error of what is none, and says what it was', async () => {
    for (const [name, value] of [
      ['throws', 'just a text'],
      ['throws', null],
      ['throws', undefined],
      ['failsCallback', 'just a text'],
      ['failsForeign', null],
    ] as const) {
      const { error } = await call(name, value);
      assert.equal(Reflect.get(error as Error, 'code'), 'ERR_CLUSTER_THROWN_VALUE', `${name} ${value}`);
      assert.match(String(error), new RegExp(`${name} failed with .*${value}`));
    }
  });

  it('fails where there is no such method', async () => {
    for (const name of ['missing', 'name']) {
      assert.equal(
        Reflect.get((await call(name)).error as Error, 'code'),
        'ERR_CLUSTER_METHOD_NOT_IMPLEMENTED',
      );
    }
  });

  it('tells the method whom it serves', async () => {
    assert.deepEqual(await call('context'), fulfilled(CONTEXT));
    assert.equal(callContext(), undefined);
  });

  it('tells of each time that a method settles', async () => {
    const told: unknown[] = [];
    callMethod(target, 'both', ['x'], CONTEXT, (_error, [value]) => told.push(value), { callback: true });
    await until(() => told.length === 2);
    assert.deepEqual(told, ['x', 'x']);
  });

  it('gives no callback where nobody waits', () => {
    const seen: unknown[][] = [];
    const spy = { oneway: (...args: unknown[]) => void seen.push(args) };
    callMethod(spy, 'oneway', ['x'], CONTEXT, () => {}, { callback: false });
    assert.deepEqual(seen, [['x', undefined]]);
  });
});

describe('callAndWait', () => {
  it('waits for what a method returns, of whatever kind', async () => {
    assert.equal(await callAndWait(target, 'sync', [1, 2]), 'target 3');
    assert.equal(await callAndWait(target, 'later', ['x']), 'x');
    assert.equal(await callAndWait(target, 'foreign', ['x']), 'x');
    assert.deepEqual(await callAndWait(target, 'generator', ['x']), ['x', [1, 2]]);
    assert.equal(await callAndWait(target, 'missing'), undefined);
    await assert.rejects(callAndWait(target, 'throws', [new Error('no')]), /no/);
  });
});

describe('whenReady', () => {
  it('waits for the callback of ready', async () => {
    const callbacks: Callback[] = [];
    const ready = whenReady({ ready: (callback: Callback) => callbacks.push(callback) });
    assert.ok(await isPending(ready));
    callbacks[0]?.();
    await ready;
  });

  it('waits for the promise of ready, native or not', async () => {
    for (const promise of [Promise.resolve(), thenable(undefined)]) await whenReady({ ready: () => promise });
    await whenReady({ ready: async (_callback: Callback) => {} });
  });

  it('takes whichever comes first where ready has both', async () => {
    await whenReady({
      ready(callback: Callback) {
        callback();
        return new Promise(() => {});
      },
    });
    await whenReady({ ready: (_callback: Callback) => Promise.resolve() });
  });

  it('does not wait where there is no ready method', async () => {
    await whenReady({});
    await whenReady({ ready: true });
  });

  it('calls ready as a method', async () => {
    await whenReady({
      state: 'here',
      ready(this: { state: string }, callback: Callback) {
        callback(this.state === 'here' ? undefined : new Error('lost its this'));
      },
    });
  });

  it('fails with what ready fails with: called back, rejected or thrown', async () => {
    const error = new Error('no route');
    await assert.rejects(whenReady({ ready: (callback: Callback) => callback(error) }), error);
    await assert.rejects(whenReady({ ready: () => Promise.reject(error) }), error);
    await assert.rejects(whenReady({ ready: () => thenable(undefined, error) }), error);
    await assert.rejects(
      whenReady({
        ready() {
          throw error;
        },
      }),
      error,
    );
    await assert.rejects(whenReady({ ready: (callback: Callback) => callback('text') }), {
      code: 'ERR_CLUSTER_THROWN_VALUE',
    });
  });
});
