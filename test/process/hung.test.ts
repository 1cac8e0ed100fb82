import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertOneLeader, Member, shared } from './members.js';

const name = 'config';
const heartbeatInterval = 100;

/** A leader and its followers, all of them subscribed to one key. */
async function group(t: Parameters<typeof shared>[0], count: number, more: Record<string, unknown> = {}) {
  const options = { ...shared(t), heartbeatInterval, ...more };
  const leader = new Member(t, { channels: [name], options });
  const { epoch = 0 } = await leader.ready(name);
  const followers = Array.from({ length: count }, () => new Member(t, { channels: [name], options }));
  for (const member of [leader, ...followers]) {
    await member.ready(name);
    member.send({ type: 'subscribe', name, key: 'db' });
  }
  return { options, leader, followers, epoch };
}

describe('a leader that is stopped', () => {
  it('is replaced within a few beats, and follows when it wakes up (3.7.0: no takeover)', async (t) => {
    const { leader, followers, epoch } = await group(t, 3);
    leader.send({ type: 'push', name, key: 'db', value: 'before' });
    for (const member of followers) await member.until('value', ({ value }) => value === 'before');
    leader.stop();
    const successor = await assertOneLeader(followers, name, epoch);
    successor.send({ type: 'push', name, key: 'db', value: 'after' });
    for (const member of followers) await member.until('value', ({ value }) => value === 'after');

    leader.wake();
    // All that its real client still brings comes too late.
    leader.send({ type: 'push', name, key: 'db', value: 'from the past' });
    const { leaderPid, role } = await leader.ready(name, epoch);
    assert.deepEqual([leaderPid, role], [successor.pid, 'follower']);
    await leader.until('value', ({ value }) => value === 'after');
    const heard = leader.reports.flatMap((report) => (report.type === 'value' ? [report.value] : []));
    assert.deepEqual(heard, ['before', 'after']);
    const states = leader.reports.flatMap((report) => (report.type === 'status' ? [report.state] : []));
    assert.deepEqual(states.slice(-3), ['lost', 'electing', 'following']);
  });

  it('gives up the cluster port when it wakes up, and its successor takes it', async (t) => {
    const { options, leader, followers, epoch } = await group(t, 1);
    const [successor] = followers as [Member];
    leader.stop();
    await successor.ready(name, epoch);
    leader.wake();
    await leader.ready(name, epoch);
    await leader.kill();
    const newcomer = new Member(t, { channels: ['registry'], options: { ...options, isLeader: false } });
    // Who only follows waits at the cluster port: it can hear of a leader there alone.
    await newcomer.until('status', ({ state }) => state === 'electing');
    successor.send({ type: 'open', name: 'registry' });
    assert.equal((await newcomer.ready('registry')).leaderPid, successor.pid);
  });

  it('begins nothing of what it was asked for meanwhile', async (t) => {
    const { leader, followers, epoch } = await group(t, 1, { responseTimeout: 60_000 });
    const [follower] = followers as [Member];
    leader.stop();
    follower.send({ type: 'invoke', name, id: 1, method: 'getAsync', args: ['lost'] });
    const options = { idempotent: true };
    follower.send({ type: 'invoke', name, id: 2, method: 'getAsync', args: ['again'], options });
    const lost = await follower.until('outcome', ({ id }) => id === 1);
    assert.deepEqual([lost.code, lost.outcome], ['ERR_CLUSTER_LEADER_LOST', 'unknown']);
    assert.equal((await follower.until('outcome', ({ id }) => id === 2)).value, 'again');
    leader.wake();
    await leader.ready(name, epoch);
    const calls = await leader.ask({ type: 'noted', name, method: 'getAsync' }, 'noted');
    assert.deepEqual(calls.calls, []);
  });

  it('is waited for where takeover is false, and goes on under its epoch', async (t) => {
    const { leader, followers, epoch } = await group(t, 1, { takeover: false, responseTimeout: 200 });
    const [follower] = followers as [Member];
    leader.stop();
    await follower.until('status', ({ state }) => state === 'lost');
    follower.send({ type: 'invoke', name, id: 1, method: 'getAsync' });
    const { code, outcome } = await follower.until('outcome', ({ id }) => id === 1);
    assert.deepEqual([code, outcome], ['ERR_CLUSTER_TIMEOUT', 'not sent']);
    leader.wake();
    const again = await follower.until('status', ({ ready, state }) => ready && state === 'following');
    assert.deepEqual([again.epoch, again.leaderPid], [epoch, leader.pid]);
    assert.equal((await leader.status(name)).role, 'leader');
  });

  it('is replaced by one that may lead, and followed there by those that may not', async (t) => {
    const options = { ...shared(t), heartbeatInterval };
    const leader = new Member(t, { channels: [name], options });
    const { epoch = 0 } = await leader.ready(name);
    const fixed = [1, 2].map(
      () => new Member(t, { channels: [name], options: { ...options, isLeader: false } }),
    );
    for (const member of fixed) await member.ready(name);
    leader.stop();
    for (const member of fixed) await member.until('status', ({ state }) => state === 'lost');
    const successor = new Member(t, { channels: [name], options });
    assert.equal((await successor.ready(name, epoch)).leaderPid, successor.pid);
    for (const member of fixed) assert.equal((await member.ready(name, epoch)).leaderPid, successor.pid);
  });

  it('that holds the port for other channels, too, is replaced in each', async (t) => {
    const options = { ...shared(t), heartbeatInterval };
    const channels = [name, 'registry'];
    const leader = new Member(t, { channels, options });
    const epochs = new Map<string, number>();
    for (const channel of channels) epochs.set(channel, (await leader.ready(channel)).epoch ?? 0);
    const members = [1, 2].map(() => new Member(t, { channels, options }));
    for (const member of members) for (const channel of channels) await member.ready(channel);
    leader.stop();
    for (const channel of channels) await assertOneLeader(members, channel, epochs.get(channel));
    leader.wake();
    for (const channel of channels)
      assert.equal((await leader.ready(channel, epochs.get(channel))).role, 'follower');
  });
});

describe('a leader that was stopped for a moment', () => {
  it('does not begin calls whose time is over, and runs oneway calls and those in time', async (t) => {
    const { leader, followers } = await group(t, 1, { heartbeatInterval: 60_000 });
    const [follower] = followers as [Member];
    // The clocks are known to each other by a call that did not wait.
    follower.send({ type: 'invoke', name, id: 1, method: 'getAsync', args: ['first'] });
    await follower.until('outcome', ({ id }) => id === 1);
    leader.stop();
    const expired = { timeout: 50 };
    follower.send({ type: 'invoke', name, id: 2, method: 'getAsync', args: ['late'], options: expired });
    follower.send({ type: 'oneway', name, value: 'oneway' });
    const patient = { timeout: 60_000 };
    follower.send({ type: 'invoke', name, id: 3, method: 'getAsync', args: ['last'], options: patient });
    assert.equal((await follower.until('outcome', ({ id }) => id === 2)).code, 'ERR_CLUSTER_TIMEOUT');
    leader.wake();
    assert.equal((await follower.until('outcome', ({ id }) => id === 3)).value, 'last');
    const { calls } = await leader.ask({ type: 'noted', name, method: 'getAsync' }, 'noted');
    assert.deepEqual(
      calls.map(([first]) => first),
      ['first', 'last'],
    );
    const oneway = await leader.ask({ type: 'noted', name, method: 'oneway' }, 'noted');
    assert.deepEqual(oneway.calls, [['oneway', null]]);
    assert.equal((await leader.status(name)).expiredCalls, 1);
  });
});

describe('a process with an inspector attached', () => {
  it('declares nobody dead: it may be the one that was stopped', async (t) => {
    const { options, leader, followers, epoch } = await group(t, 1);
    const [follower] = followers as [Member];
    const inspected = new Member(t, { channels: [name], options }, {}, ['--inspect=127.0.0.1:0']);
    await inspected.ready(name);
    leader.stop();
    await follower.ready(name, epoch);
    const status = await inspected.status(name);
    assert.deepEqual([status.state, status.epoch], ['following', epoch]);
    await leader.kill();
    assert.equal((await inspected.ready(name, epoch)).leaderPid, follower.pid);
  });
});
