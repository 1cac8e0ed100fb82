import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { status } from 'cluster-client';
import { MODES, open } from './modes.js';

for (const mode of MODES) {
  describe(`errors of the real client, ${mode}`, () => {
    it('reach the caller with name, message, stack, code, cause and data', async (t) => {
      const { client, all } = await open(t, mode);
      for (const one of all) one.on('error', () => {});
      const error = await client.failAs('rich').catch((thrown: unknown) => thrown);
      assert.ok(error instanceof Error);
      const { name, message, stack, cause, code, limit } = error as Error & { code: string; limit: unknown };
      assert.deepEqual(
        { name, message, code, limit },
        { name: 'RangeError', message: 'out of range', code: 'E_RANGE', limit: { max: 10 } },
      );
      assert.match(String(stack), /registry-client/);
      assert.equal((cause as Error).message, 'the cause');
    });

    it('are the original object where the real client lives', async (t) => {
      const { client, all } = await open(t, mode);
      for (const one of all) one.on('error', () => {});
      const original = new Error('original');
      const error = await client.fail(original).catch((thrown: unknown) => thrown);
      assert.equal(error === original, mode !== 'follower');
      assert.equal((error as Error).message, 'original');
    });

    it('reach the caller when the method throws instead of rejecting (3.x: lost, and the leader dies)', async (t) => {
      const { client, all } = await open(t, mode);
      for (const one of all) one.on('error', () => {});
      await assert.rejects(client.failSync('thrown at once'), {
        message: 'thrown at once',
        name: 'TypeError',
      });
    });

    it('reach the caller when the method hands them to its callback', async (t) => {
      const { client, all } = await open(t, mode);
      for (const one of all) one.on('error', () => {});
      await assert.rejects(client.failCallback('called back'), { message: 'called back' });
    });

    it('that are no errors reject with one that says so (3.x: null resolves, a string times out)', async (t) => {
      const { client, all } = await open(t, mode);
      for (const one of all) one.on('error', () => {});
      for (const [kind, shown] of [
        ['null', 'null'],
        ['undefined', 'undefined'],
        ['string', '"just a string"'],
      ] as const) {
        await assert.rejects(client.failAs(kind), {
          code: 'ERR_CLUSTER_THROWN_VALUE',
          message: `failAs failed with ${shown}, which is not an Error`,
        });
      }
    });

    it('of a call that nobody waits for are an error event at the leader', async (t) => {
      const { client, all, real } = await open(t, mode);
      Object.assign(real, {
        async oneway() {
          throw new Error('nobody waited');
        },
      });
      const reported = once(all[0] ?? assert.fail(), 'error');
      client.oneway(1);
      assert.match(String(await reported), /nobody waited/);
    });

    it('may be frozen', async (t) => {
      const { client, all } = await open(t, mode);
      for (const one of all) one.on('error', () => {});
      await assert.rejects(client.failAs('frozen'), { message: 'frozen' });
      assert.deepEqual(await client.getSync(1), { sync: 1 });
    });
  });
}

describe('errors of calls by followers', () => {
  it('are also an error event at the leader, with the method', async (t) => {
    const { client, all } = await open(t, 'follower');
    const reported = once(all[0] ?? assert.fail(), 'error');
    await assert.rejects(client.fail(new Error('reported')), /reported/);
    const [error] = (await reported) as [Error & { method: string }];
    assert.equal(error.message, 'reported');
    assert.equal(error.method, 'fail');
  });

  it('name a method that the leader does not delegate (3.x: runs it, or the leader dies)', async (t) => {
    const { client, all } = await open(t, 'follower');
    const leader = all[0] ?? assert.fail();
    leader.on('error', assert.fail);
    const invokeByName = (await import('cluster-client')).invoke as (
      c: object,
      m: string,
      a: unknown[],
    ) => Promise<unknown>;
    for (const method of [
      'nothing',
      'constructor',
      '__proto__',
      'toString',
      'emit',
      'close',
      '_hidden',
      'ready',
    ]) {
      await assert.rejects(invokeByName(client, method, []), { code: 'ERR_CLUSTER_METHOD_NOT_DELEGATED' });
    }
  });

  it('that the codec cannot carry whole lose only what it cannot', async (t) => {
    const { client, all, real } = await open(t, 'follower');
    all[0]?.on('error', () => {});
    Object.assign(real, {
      getSync: () => {
        throw Object.assign(new Error('with a function'), { code: 'E_FN', helper() {} });
      },
    });
    await assert.rejects(client.getSync(1), { message: 'with a function', code: 'E_FN' });
  });

  it('come at once for an argument that cannot be encoded, and for that call alone', async (t) => {
    const { client } = await open(t, 'follower');
    const bad = client.getAsync({ callback() {} });
    const good = client.getAsync('fine');
    await assert.rejects(bad, { code: 'ERR_CLUSTER_ENCODE' });
    assert.equal(await good, 'fine');
  });

  it('come at once for a publication that cannot be encoded, which then waits for nobody', async (t) => {
    const { client } = await open(t, 'follower');
    const reported = once(client, 'error');
    client.publish({ key: 'a', value: () => {} });
    assert.equal((await reported)[0].code, 'ERR_CLUSTER_ENCODE');
    assert.deepEqual([status(client).publications, status(client).pendingPublications], [1, 0]);
  });

  it('come at once for arguments and results that are too large, and for that call alone', async (t) => {
    const { client, all, real } = await open(t, 'follower', { maxMessageBytes: 1000 });
    all[0]?.on('error', () => {});
    await assert.rejects(client.getAsync('x'.repeat(1001)), { code: 'ERR_CLUSTER_MESSAGE_TOO_LARGE' });
    Object.assign(real, { getSync: () => Buffer.alloc(1001) });
    await assert.rejects(client.getSync(1), { code: 'ERR_CLUSTER_MESSAGE_TOO_LARGE' });
    assert.equal(await client.getAsync('fine'), 'fine');
  });

  it('come at once for a result that cannot be encoded', async (t) => {
    const { client, all, real } = await open(t, 'follower');
    all[0]?.on('error', () => {});
    Object.assign(real, { getSync: () => ({ callback() {} }) });
    await assert.rejects(client.getSync(1), { code: 'ERR_CLUSTER_ENCODE' });
    assert.equal(await client.getAsync('fine'), 'fine');
  });

  it('say so when a result comes too late to be of use, at the leader', async (t) => {
    const { client, all, real } = await open(t, 'follower', { responseTimeout: 30 });
    const reported = once(all[0] ?? assert.fail(), 'error');
    let finish: ((error: null, value: unknown) => void) | undefined;
    Object.assign(real, {
      getCallback: (_value: unknown, callback: (error: null, value: unknown) => void) => {
        finish = callback;
      },
    });
    await assert.rejects(client.getCallback('late'), { name: 'ResponseTimeoutError' });
    // The cancellation that follows the time-out has reached the leader when a later call is answered.
    await client.getAsync('later');
    finish?.(null, 'at last');
    const [error] = (await reported) as [Error & { method: string; args: unknown[] }];
    assert.equal(error.name, 'ClusterLeaderTimeoutError');
    assert.equal(error.method, 'getCallback');
    assert.deepEqual(error.args, ['late']);
  });
});
