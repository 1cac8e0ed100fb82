import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { APIClientBase, type ClusterOptions, close, cluster, invoke, status } from 'cluster-client';
import { isolated } from '../helpers/isolated.js';
import { until } from '../helpers/until.js';
import { MODES, open } from './modes.js';

class Slow {
  running = 0;
  most = 0;
  readonly #waiting: (() => void)[] = [];

  constructor({ onBuild }: { onBuild?: (real: Slow) => void } = {}) {
    onBuild?.(this);
  }

  async work(value: number): Promise<number> {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.running -= 1;
    return value;
  }

  release(count: number): void {
    for (const resolve of this.#waiting.splice(0, count)) resolve();
  }

  subscribe(reg: string, listener: (value: string) => void): void {
    listener(`value of ${reg}`);
  }
}

async function pair(t: TestContext, more: ClusterOptions) {
  const built: Slow[] = [];
  const onBuild = (real: Slow) => void built.push(real);
  const options = { ...isolated(t), responseTimeout: 600_000, ...more };
  const make = async () => {
    const client = cluster(Slow, options).create({ onBuild });
    t.after(() => close(client));
    await client.ready();
    return client;
  };
  const [leader, follower] = [await make(), await make()];
  return { leader, follower, real: built[0] as Slow };
}

describe('a follower that makes more calls than may run at a time', () => {
  it('has the others wait, and all are answered', async (t) => {
    const { leader, follower, real } = await pair(t, { maxCallsPerLink: 4 });
    const calls = Promise.all(Array.from({ length: 20 }, (_, value) => follower.work(value)));
    await until(() => real.running === 4);
    assert.deepEqual([status(follower).pendingCalls, status(follower).backlog], [20, 16]);
    let isOver = false;
    void calls.then(() => {
      isOver = true;
    });
    while (!isOver) {
      real.release(1);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(
      await calls,
      Array.from({ length: 20 }, (_, value) => value),
    );
    assert.equal(real.most, 4);
    assert.equal(status(leader).refused.calls, 0);
  });

  it('goes on when those that ran are given up', async (t) => {
    const { follower, real } = await pair(t, { maxCallsPerLink: 2 });
    const given = [1, 2].map((value) => invoke(follower, 'work', [value], { timeout: 50 }));
    await until(() => real.running === 2);
    const waiting = follower.work(3);
    for (const call of given) await assert.rejects(call, { code: 'ERR_CLUSTER_TIMEOUT' });
    await until(() => real.running === 3);
    real.release(3);
    assert.equal(await waiting, 3);
  });
});

describe('a follower that subscribes to more keys than it may', () => {
  it('hears of it as an error with a code, and keeps what it has', async (t) => {
    const { leader, follower } = await pair(t, { maxKeysPerLink: 2 });
    const errors: (Error & { code?: string })[] = [];
    follower.on('error', (error: Error) => errors.push(error));
    const values: string[] = [];
    for (const key of ['a', 'b', 'c']) follower.subscribe(key, (value) => values.push(value));
    await until(() => errors.length === 1);
    assert.equal(errors[0]?.code, 'ERR_CLUSTER_LIMIT');
    assert.match(errors[0]?.message ?? '', /2 is the limit \(maxKeysPerLink\)/);
    await until(() => values.length === 2);
    assert.equal(status(leader).refused.keys, 1);
    assert.equal(status(follower).ready, true);
  });
});

for (const mode of MODES) {
  describe(`methods that are not delegated, ${mode}`, () => {
    it('cannot be invoked, whatever their name', async (t) => {
      const { client, real } = await open(t, mode);
      const names = [
        'constructor',
        '__proto__',
        'prototype',
        'toString',
        'hasOwnProperty',
        '_private',
        'emit',
        'on',
      ];
      for (const name of [...names, 'close', 'subscribe', 'push', 'callsOf', '', 'no such method']) {
        await assert.rejects(
          invoke(client, name as 'getAsync', ['argument']),
          (error: Error & { code: string; method: string }) => {
            assert.equal(error.code, 'ERR_CLUSTER_METHOD_NOT_DELEGATED', name);
            assert.ok(error.message.includes(JSON.stringify(name)));
            return true;
          },
        );
      }
      assert.equal(real.calls.length, 0);
      assert.equal(real.closed, 0);
    });
  });
}

describe('what a follower delegates', () => {
  it('does not widen what the leader does', async (t) => {
    const options = { ...isolated(t), name: 'Slow' };
    class Wider extends Slow {
      plain(): string {
        return 'plain';
      }
    }
    const leader = cluster(Wider, options).create({});
    await leader.ready();
    const follower = cluster(Wider, options).delegate('plain').delegate('release').create({});
    t.after(() => Promise.all([close(follower), close(leader)]));
    await follower.ready();
    await assert.rejects(follower.plain(), { code: 'ERR_CLUSTER_METHOD_NOT_DELEGATED' });
    await assert.rejects(follower.release(1), { code: 'ERR_CLUSTER_METHOD_NOT_DELEGATED' });
  });
});

describe('a secret', () => {
  it('is in nothing that can be printed: client, status, errors, logs', async (t) => {
    const secret = 'Hw6-canary-of-a-secret';
    const printed: unknown[] = [];
    const print = (...args: unknown[]) => void printed.push(...args);
    const logger = { info: print, warn: print, error: print };
    const options = { ...isolated(t), secret: [secret, `${secret}-old`], logger };
    class Api extends APIClientBase {
      override get DataClient() {
        return Slow;
      }
      override get clusterOptions() {
        return options;
      }
    }
    const leader = cluster(Slow, options).create({});
    const follower = cluster(Slow, options).create({});
    const api = new Api();
    await Promise.all([leader.ready(), follower.ready(), api.ready()]);
    const stranger = cluster(Slow, {
      ...options,
      secret: 'another of those secrets',
      isLeader: false,
      maxWaitTime: 50,
    });
    const lost = stranger.create({});
    await lost.ready().catch(print);
    print(leader, follower, api, status(leader), status(follower), status(api), status(lost), stranger);
    await Promise.all([api, lost, follower, leader].map((client) => close(client)));
    const text = printed.map((one) => inspect(one, { depth: 20, showHidden: true })).join('\n');
    for (const form of ['utf8', 'hex', 'base64'] as const)
      for (const one of [secret, 'another of those secrets'])
        assert.ok(!text.includes(Buffer.from(one).toString(form)), form);
    assert.ok(printed.length > 6);
  });
});
