import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { close, cluster, status, watchStatus } from 'cluster-client';
import { isolated, quietLogger } from '../helpers/isolated.js';
import type { RegistryClient } from '../helpers/registry-client.js';
import { until } from '../helpers/until.js';
import { build, type Client, collect, MODES, open, subscribed } from './modes.js';

for (const mode of MODES) {
  describe(`ready, ${mode}`, () => {
    it('is a promise, takes callbacks, and calls them on a later tick', async (t) => {
      const { client } = await open(t, mode);
      let called = false;
      const callback = new Promise<unknown>((resolve) => {
        client.ready((error) => {
          called = true;
          resolve(error);
        });
      });
      assert.equal(called, false);
      assert.equal(await callback, undefined);
      await client.ready();
    });

    it('rejects with the cause when the real client fails, and so do calls', async (t) => {
      const failWith = Object.assign(new RangeError('no route'), { code: 'E_ROUTE' });
      const options =
        mode === 'single mode' ? { singleMode: true, name: 'fails', logger: quietLogger() } : isolated(t);
      const clients = [build(options, { failWith }), build(options, { failWith })];
      t.after(() => Promise.all(clients.map((one) => close(one))));
      const client = (mode === 'follower' ? clients[1] : clients[0]) as Client;
      await Promise.all(
        clients.map((one) =>
          assert.rejects(one.ready(), { name: 'RangeError', message: 'no route', code: 'E_ROUTE' }),
        ),
      );
      assert.equal(client.isReady, false);
      const error = await client.ready().catch((thrown: Error) => thrown);
      assert.match(String((error as Error).stack), /no route/);
      await assert.rejects(client.getAsync(1), { message: 'no route', code: 'E_ROUTE' });
      assert.equal(client.oneway(1), undefined);
      assert.equal(status(client).error?.message, 'no route');
    });

    it('that nobody waits for and that fails is an error event', async (t) => {
      const options = mode === 'single mode' ? { singleMode: true, name: 'fails too' } : isolated(t);
      const clients = [build(options, { failWith: new Error('unheard') }), build(options, {})];
      t.after(() => Promise.all(clients.map((one) => close(one))));
      const [error] = await once((mode === 'follower' ? clients[1] : clients[0]) as Client, 'error').catch(
        (e) => [e],
      );
      assert.equal((error as Error).message, 'unheard');
    });
  });

  describe(`events, ${mode}`, () => {
    it('of the real client are those of its process, and of no other', async (t) => {
      const { client, real, all } = await open(t, mode);
      const heard: unknown[][] = [];
      for (const one of all) one.on('weather', (...args: unknown[]) => heard.push([one === client, ...args]));
      real.emit('weather', 'rain', 3);
      await client.getAsync(1);
      assert.deepEqual(heard, [[mode !== 'follower', 'rain', 3]]);
    });

    it('have listeners that may throw, which is the process’s to handle and cuts no link', async (t) => {
      const { client, real, all } = await open(t, mode, { unsubscribeLinger: 5 });
      const thrown = new Error('in a listener of error');
      const handlers = process.listeners('uncaughtException');
      process.removeAllListeners('uncaughtException');
      t.after(() => {
        for (const handler of handlers) process.on('uncaughtException', handler);
      });
      const uncaught = once(process, 'uncaughtException');
      for (const one of all) {
        one.once('error', () => {
          throw thrown;
        });
      }
      client.subscribe({ key: 'db' }, () => {
        throw new Error('in a listener of values');
      });
      await subscribed(real, 'db');
      real.push('db', 1);
      assert.equal((await uncaught)[0], thrown);
      for (const one of all) one.removeAllListeners('error').on('error', () => {});
      assert.deepEqual(await client.getSync(1), { sync: 1 });
      assert.ok(status(client).ready);
    });

    it('named error do not end the process when nobody listens at the real client', async (t) => {
      const { real, all } = await open(t, mode);
      const reported = once(all[0] as Client, 'error');
      real.emit('error', new Error('from the real client'));
      assert.match(String(await reported), /from the real client/);
    });
  });

  describe(`close, ${mode}`, () => {
    it('can be called without this and with further arguments, and again', async (t) => {
      const { client, real } = await open(t, mode);
      const all = [client];
      await Promise.all(all.map(close as (client: Client, index: number, all: Client[]) => Promise<void>));
      await close(client);
      await client.close();
      assert.equal(real.closed, mode === 'follower' ? 0 : 1);
      assert.equal(status(client).state, 'closed');
    });

    it('emits close, once', async (t) => {
      const { client } = await open(t, mode);
      let closed = 0;
      client.on('close', () => {
        closed += 1;
      });
      await Promise.all([close(client), close(client)]);
      assert.equal(closed, 1);
    });

    it('is what await using does', async (t) => {
      const { client, real } = await open(t, mode);
      await client[Symbol.asyncDispose]();
      assert.equal(real.closed, mode === 'follower' ? 0 : 1);
    });

    it('settles calls that are under way', async (t) => {
      const { client, real } = await open(t, mode);
      const waiting = once(real, 'waiting');
      const call = client.never();
      await waiting;
      const settled = assert.rejects(call, { code: 'ERR_CLUSTER_CLOSED' });
      await close(client);
      await settled;
    });

    it('waits until a real client that is starting has started', async (t) => {
      let start = () => {};
      const readyAfter = new Promise<void>((resolve) => {
        start = resolve;
      });
      const options = mode === 'single mode' ? { singleMode: true, name: 'starting' } : isolated(t);
      let real: RegistryClient | undefined;
      const building = new Promise<void>((resolve) => {
        const client = build(options, {
          readyAfter,
          onBuild: (one) => {
            real = one;
            resolve();
          },
        });
        t.after(() => close(client));
        queueMicrotask(() => void building.then(() => closing(client)));
      });
      const done: Promise<void>[] = [];
      const closing = (client: Client) => {
        done.push(close(client));
        assert.equal(real?.closed, 0);
        start();
      };
      await building;
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(done);
      assert.equal(real?.closed, 1);
    });

    it('forwards what the real close fails with, after all else is closed', async (t) => {
      const { client, real } = await open(t, mode);
      if (mode === 'follower') return;
      Object.assign(real, {
        async close() {
          throw new Error('cannot close');
        },
      });
      await assert.rejects(close(client), /cannot close/);
      assert.equal(status(client).state, 'closed');
    });

    it('refuses what is no client', () => {
      for (const nothing of [undefined, null, {}, 'client']) {
        assert.throws(() => close(nothing as object), {
          name: 'AssertionError',
          code: 'ERR_CLUSTER_ARGUMENT',
        });
      }
    });
  });

  describe(`status, ${mode}`, () => {
    it('tells role, epoch and leader, and watchStatus each change until the close', async (t) => {
      const { client } = await open(t, mode);
      const { state, role, ready, epoch, leaderPid, stale } = status(client);
      assert.deepEqual(
        { state, role, ready, leaderPid, stale },
        {
          state: mode === 'follower' ? 'following' : 'leading',
          role: mode === 'follower' ? 'follower' : 'leader',
          ready: true,
          leaderPid: process.pid,
          stale: false,
        },
      );
      assert.ok((epoch ?? 0) > 0);
      const states: string[] = [];
      for await (const one of watchStatus(client)) {
        states.push(one.state);
        if (states.length === 1) void close(client);
      }
      assert.deepEqual(states, [state, 'closed']);
    });
  });
}

describe('single mode', () => {
  const singles = (name: string) => {
    const built: RegistryClient[] = [];
    const onBuild = (real: RegistryClient) => void built.push(real);
    return { built, make: () => build({ singleMode: true, name, logger: quietLogger() }, { onBuild }) };
  };

  it('closes the real client when the last client is closed', async () => {
    const { built, make } = singles('counted');
    const [first, second] = [make(), make()];
    await Promise.all([first.ready(), second.ready()]);
    await close(first);
    assert.equal(built[0]?.closed, 0);
    assert.deepEqual(await second.getSync(1), { sync: 1 });
    await close(second);
    assert.equal(built[0]?.closed, 1);
  });

  it('does not count a client that is closed twice, twice (3.x: steals the reference of another)', async () => {
    const { built, make } = singles('counted once');
    const [first, second] = [make(), make()];
    await close(first);
    await close(first);
    assert.deepEqual(await second.getSync(1), { sync: 1 });
    await close(second);
    assert.equal(built[0]?.closed, 1);
  });

  it('builds a new real client after the last was closed', async () => {
    const { built, make } = singles('again');
    await close(make());
    const second = make();
    await second.ready();
    assert.equal(built.length, 2);
    await close(second);
  });

  it('with isBroadcast: false calls one listener for each value', async (t) => {
    const { client, real } = await open(t, 'single mode', { isBroadcast: false });
    let calls = 0;
    const count = () => {
      calls += 1;
    };
    for (const _ of [1, 2, 3]) client.subscribe({ key: 'db' }, count);
    for (let n = 0; n < 10; n += 1) real.push('db', n);
    assert.equal(calls, 10);
  });
});

describe('the loss of the leader', () => {
  it('is survived: another leads, subscriptions and publications are restored, values flow', async (t) => {
    const built: RegistryClient[] = [];
    const { all, client, another } = await open(
      t,
      'follower',
      {},
      { onBuild: (real) => void built.push(real) },
    );
    const third = await another();
    const values = [collect(client, { key: 'db' }), collect(third, { key: 'db' })];
    client.publish({ key: 'p', value: 1 });
    client.publish({ key: 'p', value: 2 });
    client.publish({ key: 'p', value: 1 });
    await client.getAsync('after the publications');
    const events: string[] = [];
    void (async () => {
      for await (const { state } of watchStatus(client)) events.push(state);
    })();
    await close(all[0] as Client);
    while (built.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const real = built[1] as RegistryClient;
    await subscribed(real, 'db');
    real.push('db', 'from the new leader');
    for (const { next } of values) assert.equal(await next(), 'from the new leader');
    await Promise.all([client.ready(), third.ready()]);
    await until(() => real.callsOf('publish').length >= 2);
    await until(() => status(client).pendingPublications === 0);
    assert.deepEqual(
      real.callsOf('publish').map(([reg]) => reg),
      [
        { key: 'p', value: 2 },
        { key: 'p', value: 1 },
      ],
    );
    assert.equal(built.length, 2);
    assert.equal([client, third].filter((one) => one.isClusterClientLeader).length, 1);
    assert.deepEqual(events.slice(0, 2), ['following', 'lost']);
    assert.deepEqual(await client.getSync(1), { sync: 1 });
  });

  it('makes the client not ready, and ready again', async (t) => {
    const { all, client } = await open(t, 'follower');
    const epoch = status(client).epoch ?? 0;
    const lost = (async () => {
      for await (const one of watchStatus(client)) if (!one.ready) return one;
      return undefined;
    })();
    await close(all[0] as Client);
    const during = await lost;
    const { warnings } = client.options.logger as ReturnType<typeof quietLogger>;
    assert.match(String(warnings), /lost leader \d+/);
    assert.equal(during?.stale, true);
    await client.ready();
    assert.ok((status(client).epoch ?? 0) > epoch);
    assert.equal(client.isClusterClientLeader, true);
  });

  it('makes calls wait for the next leader while the real client of the last one is closing', async (t) => {
    const { all, client, real } = await open(t, 'follower');
    let finish = () => {};
    const closing = new Promise<void>((resolve) => {
      Object.assign(real, {
        close: () =>
          new Promise<void>((done) => {
            finish = done;
            resolve();
          }),
      });
    });
    const closed = close(all[0] as Client);
    await closing;
    while (client.isReady) await new Promise((resolve) => setImmediate(resolve));
    const waiting = client.getSync('waited');
    finish();
    await closed;
    assert.deepEqual(await waiting, { sync: 'waited' });
    assert.equal(client.isClusterClientLeader, true);
  });

  it('rejects calls that were under way, and sends idempotent ones again', async (t) => {
    const { all, client, real } = await open(t, 'follower');
    const { invoke } = await import('cluster-client');
    let waiting = once(real, 'waiting');
    const rejected = assert.rejects(client.never(), {
      name: 'SocketCloseError',
      code: 'ERR_CLUSTER_LEADER_LOST',
      outcome: 'unknown',
    });
    await waiting;
    Object.assign(real, { getAsync: () => real.never() });
    waiting = once(real, 'waiting');
    const repeated = invoke(client, 'getAsync', ['again'], { idempotent: true, timeout: 60_000 });
    await waiting;
    await close(all[0] as Client);
    await rejected;
    assert.equal(await repeated, 'again');
  });

  it('of one channel leaves others on the port alone, and its followers find another (3.x: they stay with the closed one)', async (t) => {
    const options = isolated(t);
    const [a1, b1, a2, b2] = ['a', 'b', 'a', 'b'].map((name) => build({ ...options, name }, {})) as [
      Client,
      Client,
      Client,
      Client,
    ];
    t.after(() => Promise.all([a1, b1, a2, b2].map((one) => close(one))));
    await Promise.all([a1, b1, a2, b2].map((one) => one.ready()));
    assert.deepEqual(
      [a1, b1, a2, b2].map((one) => one.isClusterClientLeader),
      [true, true, false, false],
    );
    await close(a1);
    assert.deepEqual(await b2.getSync(1), { sync: 1 });
    assert.equal(b1.isClusterClientLeader, true);
    while (!a2.isClusterClientLeader) await new Promise((resolve) => setImmediate(resolve));
    await a2.ready();
    assert.deepEqual(await a2.getSync(2), { sync: 2 });
  });
});

describe('heartbeat', () => {
  it('keeps a follower whose only call takes many intervals (3.x: its link is ended)', async (t) => {
    const { client, real } = await open(t, 'follower', { heartbeatInterval: 10 });
    const waiting = once(real, 'waiting');
    const call = client.never();
    call.catch(() => {});
    await waiting;
    const { epoch } = status(client);
    // Ten intervals, of which three without a sign of life would be enough.
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.deepEqual(await client.getSync(1), { sync: 1 });
    assert.deepEqual(
      [status(client).pendingCalls, status(client).epoch, client.isClusterClientLeader],
      [1, epoch, false],
    );
  });
});

describe('isLeader', () => {
  it('true leads, or fails where another does, and leads when that one goes', async (t) => {
    const options = isolated(t);
    const first = build({ ...options, isLeader: true }, {});
    await first.ready();
    assert.equal(first.isClusterClientLeader, true);
    const second = build({ ...options, isLeader: true }, {});
    t.after(() => close(second));
    await assert.rejects(second.ready(), {
      code: 'ERR_CLUSTER_LEADER_EXISTS',
      message: /create "RegistryClient" leader failed/,
    });
    await close(first);
    while (!second.isReady) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(second.isClusterClientLeader, true);
  });

  it('false waits for a leader, however late, and never leads (3.x: dead for ever after maxWaitTime)', async (t) => {
    const options = isolated(t);
    const follower = build({ ...options, isLeader: false, maxWaitTime: 30 }, {});
    t.after(() => close(follower));
    await assert.rejects(follower.ready(), { code: 'ERR_CLUSTER_NO_LEADER', message: /not active in 30 ms/ });
    const leader = build(options, {});
    t.after(() => close(leader));
    await leader.ready();
    while (!follower.isReady) await new Promise((resolve) => setImmediate(resolve));
    await follower.ready();
    assert.equal(follower.isClusterClientLeader, false);
    assert.deepEqual(await follower.getSync(1), { sync: 1 });
  });

  it('false queues calls until a leader comes, each until its own deadline', async (t) => {
    const options = isolated(t);
    const follower = build({ ...options, isLeader: false }, {});
    t.after(() => close(follower));
    const { invoke } = await import('cluster-client');
    await assert.rejects(invoke(follower, 'getSync', [1], { timeout: 20 }), {
      code: 'ERR_CLUSTER_TIMEOUT',
      outcome: 'not sent',
    });
    const patient = invoke(follower, 'getSync', [2], { timeout: 60_000 });
    const leader = build({ ...options, isLeader: true }, {});
    t.after(() => close(leader));
    assert.deepEqual(await patient, { sync: 2 });
  });

  it('false finds a channel that a leader opens later, at a hub that leads another', async (t) => {
    const options = isolated(t);
    const other = build({ ...options, name: 'other' }, {});
    await other.ready();
    const follower = build({ ...options, name: 'late', isLeader: false }, {});
    while (status(follower).state !== 'electing') await new Promise((resolve) => setImmediate(resolve));
    const leader = build({ ...options, name: 'late', isLeader: true }, {});
    t.after(() => Promise.all([other, follower, leader].map((one) => close(one))));
    await Promise.all([follower.ready(), leader.ready()]);
    assert.deepEqual(await follower.getSync(1), { sync: 1 });
  });
});

describe('a constructor that throws', () => {
  it('fails ready and leaves the name free (3.x: the name is lost)', async (t) => {
    const options = isolated(t);
    class Broken {
      constructor() {
        throw new Error('cannot be built');
      }
      async get(): Promise<void> {}
    }
    const broken = cluster(Broken, { ...options, name: 'same' }).create();
    await assert.rejects(broken.ready(), /cannot be built/);
    await close(broken);
    const client = build({ ...options, name: 'same' }, {});
    await client.ready();
    assert.equal(client.isClusterClientLeader, true);
    await close(client);
  });
});
