import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { close, status } from 'cluster-client';
import { until } from '../helpers/until.js';
import { collect, open, subscribed } from './modes.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
const MIB = 1024 * 1024;

/** MiB that are in use once nothing is left that could be collected. */
async function used(): Promise<number> {
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
  }
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MIB;
}

describe('memory', () => {
  for (const [kind, make] of [
    ['Buffers (3.7.0: 64 MB end the leader)', (size: number) => Buffer.alloc(size, 1)],
    ['strings (3.7.0: keeps twice their size)', (size: number) => 'x'.repeat(size)],
  ] as const) {
    it(`is given back after big ${kind}`, async (t) => {
      const { client, real } = await open(t, 'follower', { responseTimeout: 60_000 });
      const echo = async (size: number) => {
        const result = (await client.getAsync(make(size))) as string | Buffer;
        real.calls.length = 0;
        return result.length;
      };
      await echo(1024);
      const before = await used();
      for (const size of [1, 16, 64]) assert.equal(await echo(size * MIB), size * MIB);
      const after = await used();
      assert.ok(after - before < 8, `${before} MiB before, ${after} MiB after`);
    });
  }

  it('is given back after many subscriptions, of which the real client is told (3.7.0: +67 MB, and it is not)', async (t) => {
    const { client, real } = await open(t, 'follower', { unsubscribeLinger: 1 });
    const cycle = async (count: number) => {
      for (let from = 0; from < count; from += 500) {
        const keys = Array.from({ length: 500 }, (_, index) => `${count} ${from + index}`);
        for (const key of keys) client.subscribe({ key }, () => {});
        await until(() => keys.every((key) => real.listeners_.get(key)?.size === 1));
        for (const key of keys) client.unSubscribe({ key });
        await until(() => keys.every((key) => real.listeners_.get(key)?.size === 0));
        for (const key of keys) real.listeners_.delete(key);
        real.calls.length = 0;
      }
    };
    await cycle(1000);
    const before = await used();
    await cycle(10_000);
    const after = await used();
    assert.equal(status(client).subscriptions, 0);
    assert.ok(after - before < 4, `${before} MiB before, ${after} MiB after`);
  });

  it('is given back after many calls, values and clients', async (t) => {
    const { client, real, another } = await open(t, 'follower');
    const load = async () => {
      const extra = await another();
      const { next } = collect(extra, { key: 'k' });
      await subscribed(real, 'k');
      for (let round = 0; round < 20; round += 1) {
        await Promise.all(Array.from({ length: 100 }, (_, index) => client.getAsync({ index })));
        real.push('k', { round, text: 'x'.repeat(1000) });
        await next();
      }
      real.calls.length = 0;
      await close(extra);
    };
    await load();
    const before = await used();
    for (let round = 0; round < 10; round += 1) await load();
    const after = await used();
    assert.ok(after - before < 4, `${before} MiB before, ${after} MiB after`);
  });
});
