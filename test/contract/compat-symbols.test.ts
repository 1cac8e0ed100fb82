import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { close, cluster, status } from 'cluster-client';
import * as symbols from 'cluster-client/lib/symbol';
import { RegistryClient } from '../helpers/registry-client.js';
import { until } from '../helpers/until.js';
import { type Client, MODES, open, subscribed } from './modes.js';

/** What `innerClient` shows. */
interface Inner {
  isLeader: boolean | undefined;
  _realClient: object | undefined;
  options: unknown;
}

const innerOf = (client: object) => Reflect.get(client, symbols.innerClient) as Inner | undefined;

/** Calls a member that has a symbol for its name. */
function call(client: object, name: symbol, ...args: unknown[]): unknown {
  return Reflect.apply(Reflect.get(client, name), client, args);
}

describe('the symbols of 3.x', () => {
  const names = [
    ...['init', 'logger', 'isReady', 'innerClient', 'subscribe', 'unSubscribe', 'publish', 'invoke'],
    ...['subInfo', 'pubInfo', 'closeHandler', 'close', 'subscribeMethodName', 'unSubscribeMethodName'],
    ...['publishMethodName', 'closeByUser', 'singleMode', 'createClient'],
  ];

  it('are all there, the same for every copy of the package', () => {
    assert.deepEqual(Object.keys(symbols).sort(), names.sort());
    for (const [name, symbol] of Object.entries(symbols))
      assert.equal(symbol, Symbol.for(`ClusterClient#${name}`));
  });

  it('can be required, with and without the extension', () => {
    const require = createRequire(import.meta.url);
    for (const path of ['cluster-client/lib/symbol', 'cluster-client/lib/symbol.js'])
      assert.deepEqual({ ...require(path) }, { ...symbols });
  });
});

for (const mode of MODES) {
  describe(`members under the symbols of 3.x, ${mode}`, () => {
    it('tell logger, readiness and single mode', async (t) => {
      const { client, options } = await open(t, mode);
      assert.equal(Reflect.get(client, symbols.logger), options.logger);
      assert.equal(Reflect.get(client, symbols.isReady), true);
      assert.equal(Reflect.get(client, symbols.singleMode), mode === 'single mode');
      const other = cluster(RegistryClient, options).create({});
      t.after(() => close(other));
      assert.equal(Reflect.get(other, symbols.isReady), false);
    });

    it('show the real client where it lives, from the moment in which a role is known', async (t) => {
      const { options, real } = await open(t, mode);
      const client = cluster(RegistryClient, options).create({});
      t.after(() => close(client));
      assert.equal(innerOf(client), undefined);
      await client.ready();
      const inner = innerOf(client);
      assert.ok(inner);
      assert.equal(innerOf(client), inner);
      assert.equal(inner.options, client.options);
      assert.equal(inner.isLeader, client.isClusterClientLeader);
      assert.equal(inner._realClient, mode === 'single mode' ? real : undefined);
      await close(client);
      assert.equal(innerOf(client), inner);
      assert.equal(inner._realClient, undefined);
    });

    it('subscribe and unsubscribe, and refuse a listener that is no function', async (t) => {
      const { client, real } = await open(t, mode);
      const values: unknown[] = [];
      const listener = (value: unknown) => values.push(value);
      call(client, symbols.subscribe, { key: 'db' }, listener);
      await subscribed(real, 'db');
      real.push('db', 1);
      await until(() => values.length > 0);
      call(client, symbols.unSubscribe, { key: 'db' }, listener);
      assert.equal(status(client).subscriptions, 0);
      assert.deepEqual(values, [1]);
      assert.throws(() => call(client, symbols.subscribe, { key: 'db' }, 'no function'), {
        name: 'AssertionError',
        message: /\[ClusterClient:.*listener should be a function/,
      });
    });

    it('publish', async (t) => {
      const { client, real } = await open(t, mode);
      const published = once(real, 'published');
      call(client, symbols.publish, { key: 'a', value: 1 });
      assert.deepEqual(await published, [{ key: 'a', value: 1 }]);
    });

    it('invoke, with a callback or without one, which nobody then waits for', async (t) => {
      const { client, real, all } = await open(t, mode);
      for (const one of all) one.on('error', () => {});
      const results = (method: string, args: unknown[]) =>
        new Promise<unknown[]>((resolve) => {
          call(client, symbols.invoke, method, args, (...given: unknown[]) => resolve(given));
        });
      assert.deepEqual(await results('getSync', [1]), [null, { sync: 1 }]);
      const [error] = await results('failSync', ['no']);
      assert.equal((error as Error).message, 'no');
      const called = once(real, 'oneway-called');
      assert.equal(call(client, symbols.invoke, 'oneway', ['y']), undefined);
      assert.deepEqual(await called, ['y', undefined]);
      const reported = once(client, 'error');
      call(client, symbols.invoke, 'getSync', [1], () => {
        throw new Error('in the callback');
      });
      assert.match(String(await reported), /in the callback/);
    });

    it('close, as the close of a copy of 3.x does it', async (t) => {
      const { client, real } = await open(t, mode);
      const closed = call(client, symbols.close);
      assert.ok(closed instanceof Promise);
      await closed;
      assert.equal(status(client).state, 'closed');
      assert.equal(real.closed, mode === 'follower' ? 0 : 1);
    });

    it('can be replaced, as mocks do', async (t) => {
      const { client } = await open(t, mode);
      Reflect.set(client, symbols.invoke, () => 'mocked');
      assert.equal(call(client, symbols.invoke, 'getSync', [1]), 'mocked');
      Reflect.deleteProperty(client, symbols.invoke);
      assert.equal(call(client, symbols.invoke, 'oneway', []), undefined);
    });

    it('do not show inner state of 3.x that there is no more', async (t) => {
      const { client } = await open(t, mode);
      const { init, createClient, subInfo, pubInfo, closeHandler, closeByUser } = symbols;
      const { subscribeMethodName, unSubscribeMethodName, publishMethodName } = symbols;
      for (const name of [init, createClient, subInfo, pubInfo, closeHandler, closeByUser])
        assert.ok(!(name in client), String(name));
      for (const name of [subscribeMethodName, unSubscribeMethodName, publishMethodName])
        assert.ok(!(name in client), String(name));
    });
  });
}

describe('innerClient', () => {
  it('shows the real client of a leader, and is the same after a change of leader', async (t) => {
    const built: RegistryClient[] = [];
    const onBuild = (real: RegistryClient) => void built.push(real);
    const { client, all } = await open(t, 'follower', {}, { onBuild });
    assert.equal(innerOf(all[0] as Client)?._realClient, built[0]);
    const inner = innerOf(client);
    assert.deepEqual([inner?.isLeader, inner?._realClient], [false, undefined]);
    await close(all[0] as Client);
    await until(() => client.isClusterClientLeader === true && client.isReady);
    assert.equal(innerOf(client), inner);
    assert.equal(inner?.isLeader, true);
    assert.equal(inner?._realClient, built[1]);
  });
});
