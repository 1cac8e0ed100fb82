import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Hub, type HubOptions } from '../../lib/hub.js';
import { memory } from '../../lib/transports/memory.js';
import { Ear, farewell, Inbox } from '../helpers/links.js';
import { rawFollower } from '../helpers/raw-follower.js';
import { until } from '../helpers/until.js';

const ADDRESS = { host: 'memory', port: 1 };
const secret = (text: string) => Buffer.from(`the ${text} secret of this group`);

async function listening(t: TestContext, more: Partial<HubOptions> = {}) {
  const transport = memory();
  const runtime = { secrets: [secret('only')], id: 'b7', folder: undefined, restore: () => {} };
  const limits = { maxHandshakeBytes: 4096, maxFrameBytes: 1024 * 1024, maxHandshakes: 3, maxLinks: 2 };
  const settings = { group: 'g', port: 1, transport, runtime, connectTimeout: 60_000, ...limits };
  const hub = new Hub({ ...settings, warn: assert.fail, ...more }, () => {});
  hub.join();
  t.after(() => hub.leave());
  assert.equal(await hub.listen(ADDRESS), true);
  const stranger = async () => {
    const link = await transport.dial(ADDRESS, 1000);
    const ear = new Ear();
    link.open(ear);
    return { link, ear };
  };
  const follow = (secrets: readonly Buffer[] = hub.runtime.secrets) =>
    rawFollower(transport, ADDRESS, { secrets, id: 'b7' });
  return { hub, stranger, follow };
}

describe('links that have not proved themselves', () => {
  it('are limited: the oldest makes room, and is told the code', async (t) => {
    const { hub, stranger } = await listening(t);
    const crowd: Awaited<ReturnType<typeof stranger>>[] = [];
    for (let count = 0; count < 5; count += 1) crowd.push(await stranger());
    await until(() => crowd.filter(({ ear }) => ear.closes.length > 0).length === 2);
    for (const { ear } of crowd.slice(0, 2))
      assert.deepEqual(farewell(ear), { type: 'goodbye', code: 'ERR_CLUSTER_LIMIT', reason: '' });
    assert.deepEqual(
      crowd.map(({ ear }) => ear.closes.length),
      [1, 1, 0, 0, 0],
    );
    await until(() => hub.refusals.strangers === 2);
    assert.deepEqual(hub.refusals, { strangers: 2, crowdedOut: 2, links: 0 });
  });

  it('do not keep out one that proves itself at once, however many there are', async (t) => {
    const { stranger, follow } = await listening(t);
    for (let count = 0; count < 50; count += 1) await stranger();
    const { outcome } = await follow();
    assert.equal(outcome.type, 'parked');
  });

  it('make room when they go', async (t) => {
    const { hub, stranger } = await listening(t);
    for (let count = 0; count < 10; count += 1) {
      const { link } = await stranger();
      link.destroy();
      await until(() => hub.refusals.strangers === count + 1);
    }
    assert.equal(hub.refusals.crowdedOut, 0);
  });
});

describe('links of the group', () => {
  it('are limited: one more is refused with a code, until another has gone', async (t) => {
    const { hub, follow } = await listening(t);
    const [first] = [await follow(), await follow()];
    const third = await follow();
    assert.ok(third.outcome.type === 'refused');
    assert.equal(third.outcome.code, 'ERR_CLUSTER_LIMIT');
    assert.match(third.outcome.reason, /2 is the limit \(maxLinks\)/);
    assert.equal(hub.refusals.links, 1);
    const inbox = new Inbox(third.connection);
    await until(() => inbox.closes.length > 0);
    first.connection.destroy(new Error('gone'));
    let outcome = '';
    while (outcome !== 'parked') {
      const next = await follow();
      outcome = next.outcome.type;
      if (outcome === 'refused') next.connection.destroy(new Error('again'));
    }
  });
});

describe('a group whose secret is changed', () => {
  it('meets under any secret that two of it share, in both stages', async (t) => {
    const [old, next] = [secret('old'), secret('new')];
    const stages: [Buffer[], Buffer[]][] = [
      [[old], [next, old]],
      [[next, old], [old]],
      [[next, old], [next]],
      [[next], [next, old]],
    ];
    for (const [hubs, followers] of stages) {
      const runtime = { secrets: hubs, id: 'b7', folder: undefined, restore: () => {} };
      const { follow } = await listening(t, { runtime });
      const { connection, outcome } = await follow(followers);
      assert.equal(outcome.type, 'parked');
      connection.destroy(new Error('done'));
    }
  });

  it('does not meet who has none of them', async (t) => {
    const runtime = {
      secrets: [secret('new'), secret('old')],
      id: 'b7',
      folder: undefined,
      restore: () => {},
    };
    const { follow } = await listening(t, { runtime });
    await assert.rejects(follow([secret('older'), secret('oldest')]), { code: 'ERR_CLUSTER_AUTH' });
  });
});
