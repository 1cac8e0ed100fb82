import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close, invoke, status } from 'cluster-client';
import { isolated } from '../helpers/isolated.js';
import { until } from '../helpers/until.js';
import { build, collect, open } from './modes.js';

describe('calls while there is no leader', () => {
  it('are settled within their own time (3.7.0: responseTimeout is ignored, pending for 9 s)', async (t) => {
    const client = build({ ...isolated(t), isLeader: false, responseTimeout: 50 }, {});
    t.after(() => close(client));
    const calls = [client.getAsync(1), invoke(client, 'getAsync', [2], { timeout: 100 })];
    for (const call of calls)
      await assert.rejects(call, { code: 'ERR_CLUSTER_TIMEOUT', outcome: 'not sent' });
    assert.equal(status(client).pendingCalls, 0);
  });

  it('wait up to maxBacklog of them (3.7.0: without end); one more is refused, and those that wait are answered', async (t) => {
    const options = isolated(t);
    const client = build({ ...options, isLeader: false, maxBacklog: 2 }, {});
    t.after(() => close(client));
    const waiting = [client.getAsync(1), client.getAsync(2)];
    assert.equal(status(client).backlog, 2);
    await assert.rejects(client.getAsync(3), {
      code: 'ERR_CLUSTER_BACKLOG',
      outcome: 'not sent',
      maxBacklog: 2,
    });
    const leader = build(options, {});
    t.after(() => close(leader));
    assert.deepEqual(await Promise.all(waiting), [1, 2]);
    assert.equal(status(client).backlog, 0);
    assert.equal(await client.getAsync(4), 4);
  });
});

describe('values while there is no leader', () => {
  it('stay, marked stale in the status', async (t) => {
    const options = isolated(t);
    const leader = build(options, {});
    await leader.ready();
    const client = build({ ...options, isLeader: false }, {});
    t.after(() => close(client));
    await client.ready();
    assert.equal(status(client).stale, false);
    await close(leader);
    await until(() => status(client).stale);
    assert.equal(status(client).role, undefined);
  });
});

describe('unsubscribing and subscribing anew', () => {
  it('replays nothing stale (3.7.0: the old value comes first)', async (t) => {
    const { client, real } = await open(t, 'follower', { unsubscribeLinger: 1 });
    const first = collect(client, { key: 'k' });
    await until(() => real.listeners_.get('k')?.size === 1);
    real.push('k', 'old');
    assert.equal(await first.next(), 'old');
    client.unSubscribe({ key: 'k' });
    await until(() => real.listeners_.get('k')?.size === 0);
    const second = collect(client, { key: 'k' });
    await until(() => real.listeners_.get('k')?.size === 1);
    real.push('k', 'new');
    assert.equal(await second.next(), 'new');
    assert.deepEqual(second.values, []);
  });
});
