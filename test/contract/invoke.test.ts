import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { close, cluster, invoke, status } from 'cluster-client';
import co from 'co';
import { RegistryClient } from '../helpers/registry-client.js';
import { MODES, open } from './modes.js';

for (const mode of MODES) {
  describe(`invoke, ${mode}`, () => {
    it('resolves with the result of an async method', async (t) => {
      const { client } = await open(t, mode);
      assert.deepEqual(await client.getAsync({ a: 1 }), { a: 1 });
    });

    it('resolves with what a plain method returns, be it a value, undefined or a promise', async (t) => {
      const { client, real } = await open(t, mode);
      assert.deepEqual(await client.getSync(1), { sync: 1 });
      assert.equal(await client.setSync(2), undefined);
      assert.deepEqual(real.callsOf('setSync'), [[2]]);
      assert.deepEqual(await client.getPromise(3), { promise: 3 });
    });

    it('resolves with the first result of a method whose last parameter is a callback', async (t) => {
      const { client } = await open(t, mode);
      assert.equal(await client.getCallback('x'), 'x');
    });

    it('finds the callback parameter of a method that takes rest arguments', async (t) => {
      const { client } = await open(t, mode);
      assert.deepEqual(await client.getRest(1, 2), [1, 2]);
    });

    it('calls back where the last argument is a function', async (t) => {
      const { client } = await open(t, mode);
      const results = await new Promise<unknown[]>((resolve) => {
        client.getCallback('x', (...args: unknown[]) => resolve(args));
      });
      // The one difference that 3.x has: results beyond the first do not travel.
      assert.deepEqual(results, mode === 'follower' ? [null, 'x'] : [null, 'x', 'second']);
      const error = await new Promise((resolve) => client.getSync(1, (...args: unknown[]) => resolve(args)));
      assert.deepEqual(error, [null, { sync: 1 }]);
    });

    it('hands errors to the callback', async (t) => {
      const { client } = await open(t, mode);
      client.on('error', () => {});
      const error = await new Promise((resolve) =>
        client.failSync('no', (thrown: unknown) => resolve(thrown)),
      );
      assert.ok(error instanceof Error);
      assert.equal(error.message, 'no');
    });

    it('reports a callback that throws as an error event', async (t) => {
      const { client } = await open(t, mode);
      const reported = once(client, 'error');
      client.getSync(1, () => {
        throw new Error('in the callback');
      });
      assert.match(String(await reported), /in the callback/);
      assert.deepEqual(await client.getSync(2), { sync: 2 });
    });

    it('keeps generator methods generators, for co', async (t) => {
      const { client } = await open(t, mode);
      const result = await co(function* () {
        return yield* client.getGenerator('x');
      });
      assert.deepEqual(result, { generator: 'x' });
      assert.equal(Object.getPrototypeOf(client.getGenerator).constructor.name, 'GeneratorFunction');
    });

    it('gives the real method a callback as last argument, or undefined where nobody waits', async (t) => {
      const { client, real } = await open(t, mode);
      await client.getAsync('x');
      const [args] = real.callsOf('getAsync');
      assert.equal(args?.length, 2);
      assert.equal(typeof args[1], 'function');
      const called = once(real, 'oneway-called');
      assert.equal(client.oneway('y'), undefined);
      assert.deepEqual(await called, ['y', undefined]);
    });

    it('queues calls that are made before it is ready', async (t) => {
      let ready = () => {};
      const readyAfter = new Promise<void>((resolve) => {
        ready = resolve;
      });
      setImmediate(() => ready());
      const { client, another } = await open(t, mode, {}, { readyAfter });
      const early = another().then((other) => other.getSync('early'));
      assert.deepEqual(await early, { sync: 'early' });
      assert.ok(client.isReady);
    });

    it('passes arguments and results by reference where the real client lives, as copies elsewhere', async (t) => {
      const { client } = await open(t, mode);
      const value = { nested: { a: 1 } };
      const result = await client.getAsync(value);
      assert.deepEqual(result, value);
      assert.equal(result === value, mode !== 'follower');
    });

    it('carries Buffers, dates, maps and undefined', async (t) => {
      const { client } = await open(t, mode);
      const value = { buffer: Buffer.from('b'), date: new Date(0), map: new Map([[1, { a: undefined }]]) };
      assert.deepEqual(await client.getAsync(value), value);
      assert.deepEqual(await client.getAsync(Buffer.from('whole')), Buffer.from('whole'));
      assert.equal(await client.getAsync(undefined), undefined);
    });

    it('carries a Buffer that is longer than a frame', async (t) => {
      const { client } = await open(t, mode);
      const bytes = Buffer.alloc(3 * 1024 * 1024 + 7, 'abc');
      const result = await client.getAsync(bytes);
      assert.ok(Buffer.isBuffer(result) && bytes.equals(result));
    });

    it('tells the method where, for whom and under which epoch it runs', async (t) => {
      const { client, real } = await open(t, mode);
      const { epoch } = status(client);
      assert.ok(epoch);
      assert.equal(real.epoch, epoch);
      const place = (await client.whereAmI()) as { epoch: number; local: boolean; deadline?: number };
      assert.equal(place.epoch, epoch);
      assert.equal(place.local, mode !== 'follower');
      // On the leader and in single mode a call has a deadline only if it was asked for.
      assert.equal(place.deadline === undefined, mode !== 'follower');
      const limited = (await invoke(client, 'whereAmI', [], { timeout: 60_000 })) as { deadline: number };
      assert.ok(limited.deadline > Date.now());
    });

    it('rejects when the time that was given is over, and tells the method', async (t) => {
      const { client, real } = await open(t, mode);
      const aborted = once(real, 'aborted');
      await assert.rejects(invoke(client, 'never', [], { timeout: 20 }), {
        name: 'ResponseTimeoutError',
        code: 'ERR_CLUSTER_TIMEOUT',
      });
      await aborted;
      assert.equal(status(client).pendingCalls, 0);
    });

    it('rejects with the reason of its signal, and tells the method', async (t) => {
      const { client, real } = await open(t, mode);
      const controller = new AbortController();
      const waiting = once(real, 'waiting');
      const aborted = once(real, 'aborted');
      const call = invoke(client, 'never', [], { signal: controller.signal, timeout: 60_000 });
      await waiting;
      controller.abort(new Error('changed my mind'));
      await assert.rejects(call, /changed my mind/);
      await aborted;
      await assert.rejects(invoke(client, 'getAsync', [1], { signal: controller.signal }), /changed my mind/);
    });

    it('refuses a stream as a result where it would have to travel', async (t) => {
      const { client, real } = await open(t, mode);
      client.on('error', () => {});
      Object.assign(real, { getSync: () => process.stdin });
      if (mode !== 'follower') return;
      await assert.rejects(client.getSync(1), { code: 'ERR_CLUSTER_ENCODE' });
    });

    it('keeps generator methods generators when they are delegated to invokeOneway', async (t) => {
      const { options } = await open(t, mode);
      const client = cluster(RegistryClient, options).delegate('getGenerator', 'invokeOneway').create({});
      t.after(() => close(client));
      assert.deepEqual(await co(() => client.getGenerator('x')), { generator: 'x' });
    });

    it('rejects calls after close, at once (3.x: they hang)', async (t) => {
      const { client } = await open(t, mode);
      await close(client);
      await assert.rejects(client.getAsync(1), { code: 'ERR_CLUSTER_CLOSED' });
      assert.equal(client.oneway(1), undefined);
    });

    it('answers many calls at once, each with its own result', async (t) => {
      const { client } = await open(t, mode);
      const results = await Promise.all(Array.from({ length: 1000 }, (_, n) => client.getAsync(n)));
      assert.deepEqual(
        results,
        Array.from({ length: 1000 }, (_, n) => n),
      );
    });
  });
}
