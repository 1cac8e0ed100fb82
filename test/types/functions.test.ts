import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type ClusterClient,
  type ClusterStatus,
  callContext,
  close,
  cluster,
  invoke,
  type SessionState,
  status,
  watch,
  watchStatus,
} from '../../lib/index.js';
import { ARGUMENTS, Config, single } from './config.js';
import { type Equal, expectType, typesOnly } from './expect-type.js';

const make = () =>
  cluster(Config, single())
    .delegate('isStale')
    .delegate('size')
    .delegate('publish', 'invokeOneway')
    .override('later', 1)
    .create(ARGUMENTS);

describe('the type of invoke', () => {
  it('knows the names that can be invoked, their arguments and results', async () => {
    const client = make();
    const value = await invoke(client, 'get', ['a'], { timeout: 500, idempotent: true });
    expectType<Equal<typeof value, string>>();
    const stale = await invoke(client, 'isStale', ['a', 1]);
    expectType<Equal<typeof stale, boolean>>();
    const size = await invoke(client, 'size', ['abc']);
    expectType<Equal<typeof size, number>>();
    const walked = await invoke(client, 'walk', ['abc']);
    expectType<Equal<typeof walked, number>>();
    assert.deepEqual([value, stale, size, walked], ['a', false, 3, 3]);
    typesOnly(() => {
      // @ts-expect-error the key is a string
      void invoke(client, 'get', [1]);
      // @ts-expect-error the key is missing
      void invoke(client, 'get', []);
      // @ts-expect-error there is no such method
      void invoke(client, 'missing', []);
      // @ts-expect-error not delegated
      void invoke(client, 'find', ['a']);
      // @ts-expect-error subscribed to, not invoked
      void invoke(client, 'subscribe', [{ key: 'a' }, () => {}]);
      // @ts-expect-error overridden: it is not the class's any more
      void invoke(client, 'later', ['a']);
      // @ts-expect-error invoke waits for the callback itself
      void invoke(client, 'size', ['abc', () => {}]);
      // @ts-expect-error a timeout is a number
      void invoke(client, 'get', ['a'], { timeout: '1s' });
      // @ts-expect-error there is no such option
      void invoke(client, 'get', ['a'], { timeOut: 1 });
      // @ts-expect-error no client
      void invoke({}, 'get', ['a']);
    });
    await close(client);
  });

  it('takes an explicit undefined for each option', async () => {
    const client = make();
    const options = { timeout: undefined, signal: undefined, idempotent: undefined };
    assert.equal(await invoke(client, 'get', ['a'], options), 'a');
    await close(client);
  });
});

describe('the type of watch', () => {
  it('knows reg and value', async () => {
    const client = make();
    for await (const value of watch(client, { key: 'a' }, { signal: undefined })) {
      expectType<Equal<typeof value, number>>();
      assert.equal(value, 1);
      break;
    }
    typesOnly(() => {
      // @ts-expect-error a reg has a key
      watch(client, { kee: 'a' });
      // @ts-expect-error a signal is an AbortSignal
      watch(client, { key: 'a' }, { signal: new AbortController() });
    });
    await close(client);
  });

  it('follows the method that was delegated to subscribe, and needs one', () => {
    class Renamed {
      follow(_reg: 'x', _listener: (value: Date) => void): void {}
    }
    typesOnly(async () => {
      const client = cluster(Renamed).delegate('follow', 'subscribe').create();
      for await (const value of watch(client, 'x')) expectType<Equal<typeof value, Date>>();
      // @ts-expect-error there is nothing to subscribe to
      watch(cluster(Renamed).create(), 'x');
    });
  });
});

describe('the type of status', () => {
  it('is the same for status and watchStatus', async () => {
    const client = make();
    const now = status(client);
    expectType<Equal<typeof now, ClusterStatus>>();
    expectType<Equal<typeof now.state, SessionState>>();
    expectType<Equal<typeof now.role, 'leader' | 'follower' | undefined>>();
    expectType<Equal<typeof now.epoch, number | undefined>>();
    for await (const next of watchStatus(client)) {
      expectType<Equal<typeof next, ClusterStatus>>();
      assert.equal(next.name, now.name);
      break;
    }
    await close(client);
  });
});

describe('ClusterClient as a declared type', () => {
  it('is what the builder makes', async () => {
    const plain: ClusterClient<Config> = cluster(Config, single()).create(ARGUMENTS);
    const delegated: ClusterClient<Config, { isStale: 'invoke' }> = cluster(Config, single())
      .delegate('isStale')
      .create(ARGUMENTS);
    const more: ClusterClient<Config> = delegated;
    const value = await plain.get('a');
    expectType<Equal<typeof value, string>>();
    const stale = await delegated.isStale('a', 1);
    expectType<Equal<typeof stale, boolean>>();
    const invoked = await invoke(more, 'get', ['a']);
    expectType<Equal<typeof invoked, string>>();
    assert.deepEqual([value, stale, invoked], ['a', false, 'a']);
    typesOnly(() => {
      // @ts-expect-error nothing is delegated here
      plain.isStale('a');
      // @ts-expect-error this one delegates less
      const less: ClusterClient<Config, { isStale: 'invoke' }> = plain;
      return less;
    });
    await Promise.all([close(plain), close(delegated)]);
  });

  it('has what every client has', async () => {
    const client: ClusterClient<Config> = cluster(Config, single()).create(ARGUMENTS);
    expectType<Equal<typeof client.isReady, boolean>>();
    expectType<Equal<typeof client.isClusterClientLeader, boolean | undefined>>();
    expectType<Equal<typeof client.options.responseTimeout, number>>();
    await client.ready();
    client.ready((error) => expectType<Equal<typeof error, Error | undefined>>());
    client.on('error', () => {}).once('close', () => {});
    assert.equal(client.isReady, true);
    await using _closed = client;
  });
});

describe('the type of callContext', () => {
  it('is undefined outside of a call', () => {
    const context = callContext();
    typesOnly(() => {
      // @ts-expect-error there may be no call
      context.epoch;
    });
    assert.equal(context?.epoch, undefined);
  });
});
