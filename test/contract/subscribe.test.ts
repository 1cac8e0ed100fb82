import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { close, status, watch } from 'cluster-client';
import { collect, MODES, open, subscribed } from './modes.js';

const reg = { key: 'db' };

for (const mode of MODES) {
  describe(`subscribe, ${mode}`, () => {
    it('delivers the values of a key to its listeners', async (t) => {
      const { client, real } = await open(t, mode);
      const db = collect(client, reg);
      const other = collect(client, { key: 'other' });
      await subscribed(real, 'db');
      await subscribed(real, 'other');
      real.push('db', { v: 1 });
      assert.deepEqual(await db.next(), { v: 1 });
      real.push('other', 'x');
      assert.equal(await other.next(), 'x');
      assert.deepEqual(db.values, []);
    });

    it('asks the real client once for each key, whoever subscribes', async (t) => {
      const { client, real, another } = await open(t, mode);
      const second = await another();
      const collected = [collect(client, reg), collect(client, reg), collect(second, reg)];
      await subscribed(real, 'db');
      real.push('db', 1);
      for (const { next } of collected) assert.equal(await next(), 1);
      assert.equal(real.callsOf('subscribe').length, 1);
    });

    it('gives a late subscriber the newest value, asynchronously', async (t) => {
      const { client, real, another } = await open(t, mode);
      const first = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', 'old');
      real.push('db', 'new');
      assert.equal(await first.next(), 'old');
      assert.equal(await first.next(), 'new');
      const late = collect(client, reg);
      assert.deepEqual(late.values, []);
      assert.equal(await late.next(), 'new');
      const elsewhere = collect(await another(), reg);
      assert.equal(await elsewhere.next(), 'new');
    });

    it('gives each listener a copy of its own', async (t) => {
      const { client, real } = await open(t, mode);
      const first = collect(client, reg);
      const second = collect(client, reg);
      await subscribed(real, 'db');
      const value = { list: [1], bytes: Buffer.from('abc') };
      real.push('db', value);
      const copy = (await first.next()) as typeof value;
      assert.deepEqual(copy, value);
      assert.notEqual(copy, value);
      copy.list.push(2);
      copy.bytes.fill(0);
      assert.deepEqual(await second.next(), { list: [1], bytes: Buffer.from('abc') });
      assert.deepEqual(await collect(client, reg).next(), { list: [1], bytes: Buffer.from('abc') });
    });

    it('gives each listener its own bytes where the value is a Buffer', async (t) => {
      const { client, real } = await open(t, mode);
      const first = collect(client, reg);
      const second = collect(client, reg);
      await subscribed(real, 'db');
      const bytes = Buffer.from('abc');
      real.push('db', bytes);
      bytes.fill(1);
      ((await first.next()) as Buffer).fill(0);
      assert.deepEqual(await second.next(), Buffer.from('abc'));
    });

    it('calls a listener that was given twice, twice', async (t) => {
      const { client, real } = await open(t, mode);
      const values: unknown[] = [];
      const listener = (value: unknown) => values.push(value);
      client.subscribe(reg, listener);
      client.subscribe(reg, listener);
      const last = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', 1);
      await last.next();
      assert.deepEqual(values, [1, 1]);
    });

    it('tells keys apart by formatKey, and marks circles in them', async (t) => {
      const { client, real } = await open(t, mode);
      const circular: { key: string; self?: unknown } = { key: 'circle' };
      circular.self = circular;
      const values = collect(client, circular);
      await subscribed(real, 'circle');
      real.push('circle', 'round');
      assert.equal(await values.next(), 'round');
    });

    it('goes on when a listener throws, and reports it as an error event', async (t) => {
      const { client, real } = await open(t, mode);
      const reported = once(client, 'error');
      client.subscribe(reg, () => {
        throw new Error('in the listener');
      });
      const other = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', 1);
      assert.equal(await other.next(), 1);
      assert.match(String(await reported), /in the listener/);
    });

    it('refuses a listener that is no function, at the call', async (t) => {
      const { client } = await open(t, mode);
      assert.throws(() => client.subscribe(reg, 'nothing' as never), {
        name: 'AssertionError',
        code: 'ERR_CLUSTER_ARGUMENT',
        message: /listener should be a function/,
      });
    });

    it('reports a value that cannot be encoded, and goes on', async (t) => {
      const { client, real, all } = await open(t, mode);
      const reported = once(all[0] ?? client, 'error');
      const values = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', () => {});
      assert.match(String(await reported), /cannot encode a value of subscription/);
      real.push('db', 2);
      assert.equal(await values.next(), 2);
    });
  });

  describe(`unSubscribe, ${mode}`, () => {
    it('with a listener removes all copies of it and nothing else (3.x: a follower drops one)', async (t) => {
      const { client, real } = await open(t, mode);
      const values: unknown[] = [];
      const listener = (value: unknown) => values.push(value);
      client.subscribe(reg, listener);
      client.subscribe(reg, listener);
      const other = collect(client, reg);
      client.unSubscribe(reg, listener);
      await subscribed(real, 'db');
      real.push('db', 1);
      assert.equal(await other.next(), 1);
      assert.deepEqual(values, []);
    });

    it('without a listener removes them all, for this client only', async (t) => {
      const { client, real, another } = await open(t, mode);
      const second = collect(await another(), reg);
      const gone = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', 1);
      await gone.next();
      await second.next();
      client.unSubscribe(reg);
      real.push('db', 2);
      assert.equal(await second.next(), 2);
      assert.deepEqual(gone.values, []);
      assert.equal(status(client).subscriptions, 0);
    });

    it('of the last listener anywhere reaches the real client after the linger, with what it was given', async (t) => {
      const { client, real } = await open(t, mode, { unsubscribeLinger: 10 });
      const values = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', 1);
      await values.next();
      const unsubscribed = once(real, 'unsubscribed');
      client.unSubscribe(reg);
      assert.deepEqual(await unsubscribed, ['db']);
      assert.equal(real.listeners_.get('db')?.size, 0);
      // All is forgotten: who comes now is subscribed anew and gets nothing stale.
      const anew = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', 2);
      assert.equal(await anew.next(), 2);
      assert.equal(real.callsOf('subscribe').length, 2);
    });

    it('taken back within the linger replays the newest value, and the real client is asked nothing', async (t) => {
      const { client, real } = await open(t, mode);
      const values = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', 1);
      await values.next();
      client.unSubscribe(reg);
      real.push('db', 2);
      assert.equal(await collect(client, reg).next(), 2);
      assert.equal(real.callsOf('subscribe').length, 1);
      assert.equal(real.callsOf('unSubscribe').length, 0);
    });
  });

  describe(`watch, ${mode}`, () => {
    it('yields the newest value first, then each change, skipping what came meanwhile', async (t) => {
      const { client, real } = await open(t, mode);
      const marker = collect(client, reg);
      await subscribed(real, 'db');
      real.push('db', 1);
      await marker.next();
      const seen: unknown[] = [];
      for await (const value of watch(client, reg)) {
        seen.push(value);
        if (value === 4) break;
        if (value !== 1) continue;
        for (const n of [2, 3, 4]) {
          real.push('db', n);
          await marker.next();
        }
      }
      assert.deepEqual(seen, [1, 4]);
      assert.equal(status(client).subscriptions, 1);
    });

    it('ends with the reason of its signal, and when the client is closed', async (t) => {
      const { client } = await open(t, mode);
      const controller = new AbortController();
      const aborted = (async () => {
        for await (const value of watch(client, reg, { signal: controller.signal }))
          assert.fail(String(value));
      })();
      controller.abort(new Error('enough'));
      await assert.rejects(aborted, /enough/);
      const ended = (async () => {
        for await (const value of watch(client, reg)) assert.fail(String(value));
        return 'ended';
      })();
      await close(client);
      assert.equal(await ended, 'ended');
    });
  });

  describe(`publish, ${mode}`, () => {
    it('reaches the real client with the reg alone', async (t) => {
      const { client, real } = await open(t, mode);
      const published = once(real, 'published');
      assert.equal(client.publish({ key: 'db', value: 1 }), undefined);
      assert.deepEqual(await published, [{ key: 'db', value: 1 }]);
    });

    it('that fails is an error event at the publisher', async (t) => {
      const { client, real, all } = await open(t, mode);
      for (const one of all) if (one !== client) one.on('error', () => {});
      Object.assign(real, {
        publish() {
          throw new Error('registry is full');
        },
      });
      const reported = once(client, 'error');
      client.publish({ key: 'db', value: 1 });
      assert.match(String(await reported), /registry is full/);
    });
  });
}

describe('subscribe', () => {
  it('in single mode delivers within the tick of the push', async (t) => {
    const { client, real } = await open(t, 'single mode');
    const values: unknown[] = [];
    client.subscribe(reg, (value: unknown) => values.push(value));
    real.push('db', 1);
    assert.deepEqual(values, [1]);
  });

  it('at the leader delivers after the tick of the push', async (t) => {
    const { client, real } = await open(t, 'leader');
    const db = collect(client, reg);
    real.push('db', 1);
    assert.deepEqual(db.values, []);
    assert.equal(await db.next(), 1);
  });

  it('at a follower reports a subscription that brings no value within subscribeTimeout', async (t) => {
    const { client, real } = await open(t, 'follower', { subscribeTimeout: 20 });
    const reported = once(client, 'error');
    collect(client, reg);
    const [error] = (await reported) as [Error & { code: string }];
    assert.equal(error.code, 'ERR_CLUSTER_SUBSCRIBE_TIMEOUT');
    assert.match(error.message, /subscribe timeout/);
    // What comes later is delivered all the same.
    const late = collect(client, reg);
    real.push('db', 1);
    assert.equal(await late.next(), 1);
  });

  it('with a generator function as listener runs it', async (t) => {
    const { client, real } = await open(t, 'follower');
    const seen = new Promise((resolve) => {
      client.subscribe(reg, function* (value: unknown) {
        resolve(yield Promise.resolve(value));
      } as never);
    });
    await subscribed(real, 'db');
    real.push('db', 'generated');
    assert.equal(await seen, 'generated');
  });

  it('with isBroadcast: false gives each value to one subscriber, without replay to others', async (t) => {
    const { client, real, another, all } = await open(t, 'follower', { isBroadcast: false });
    await another();
    const counts = all.map(() => 0);
    const total = () => counts.reduce((sum, count) => sum + count, 0);
    let arrived = () => {};
    all.forEach((one, index) => {
      one.subscribe(reg, () => {
        counts[index] = (counts[index] ?? 0) + 1;
        arrived();
      });
    });
    await subscribed(real, 'db');
    // The requests of both followers have been served when calls that came after them are answered.
    await Promise.all(all.map((one) => one.getAsync(1)));
    const done = new Promise<void>((resolve) => {
      arrived = () => total() === 300 && resolve();
    });
    for (let n = 0; n < 300; n += 1) real.push('db', n);
    await done;
    // Each of three has a chance of (2/3)^300 to get none.
    assert.ok(counts.every((count) => count > 0));
    assert.ok(client.isReady);
    // A second listener of a follower that has a value gets it; another subscriber's cache is none of its business.
    const values = collect(client, reg);
    assert.equal(typeof (await values.next()), 'number');
  });
});
