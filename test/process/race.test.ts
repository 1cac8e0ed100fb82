import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { freePort } from '../helpers/free-port.js';
import { assertOneLeader, clusterPorts, listensOn, Member, shared } from './members.js';

describe('processes of one group', () => {
  it('race for the port, and exactly one leads each channel', async (t) => {
    const options = shared(t);
    const channels = ['config', 'registry', 'feed'];
    const members = Array.from({ length: 6 }, () => new Member(t, { channels, options }));
    for (const name of channels) await assertOneLeader(members, name);
    const built = members.flatMap((member) => member.reports.filter(({ type }) => type === 'built'));
    assert.equal(built.length, channels.length);
    for (const member of members) {
      for (const name of channels) member.send({ type: 'call', name });
      for (const name of channels) {
        const { leaderPid } = await member.ready(name);
        assert.equal((await member.until('answer', (one) => one.name === name)).pid, leaderPid);
      }
    }
  });

  it('race for a port that is given, by option or by environment', async (t) => {
    const { runtimeDir } = shared(t);
    const port = await freePort();
    const byOption = new Member(t, { channels: ['config'], options: { runtimeDir, port } });
    const byEnvironment = new Member(
      t,
      { channels: ['config'], options: { runtimeDir } },
      { NODE_CLUSTER_CLIENT_PORT: String(port) },
    );
    await assertOneLeader([byOption, byEnvironment], 'config');
  });

  it('that open two channels in opposite order both get both', async (t) => {
    for (let round = 0; round < 5; round += 1) {
      const options = shared(t);
      const members = [
        new Member(t, { channels: ['config', 'registry'], options }),
        new Member(t, { channels: ['registry', 'config'], options }),
      ];
      for (const name of ['config', 'registry']) await assertOneLeader(members, name);
      await Promise.all(members.map((member) => member.kill()));
    }
  });

  it('lead channels that the holder of the cluster port does not have', async (t) => {
    const options = shared(t);
    const holder = new Member(t, { channels: ['config'], options });
    await holder.ready('config');
    const other = new Member(t, { channels: ['registry'], options });
    assert.equal((await other.ready('registry')).leaderPid, other.pid);
    const third = new Member(t, { channels: ['registry', 'config'], options });
    assert.equal((await third.ready('registry')).leaderPid, other.pid);
    assert.equal((await third.ready('config')).leaderPid, holder.pid);
    // Who led from another port takes over the cluster port when its holder goes.
    await third.kill();
    await holder.kill();
    await listensOn(clusterPorts(options)[0] as number);
    const fourth = new Member(t, { channels: ['registry'], options });
    assert.equal((await fourth.ready('registry')).leaderPid, other.pid);
  });

  it('that only follow wait at the cluster port, and are sent on to whoever leads elsewhere', async (t) => {
    const options = shared(t);
    const holder = new Member(t, { channels: ['config'], options });
    await holder.ready('config');
    const waiting = [1, 2].map(
      () => new Member(t, { channels: ['registry'], options: { ...options, isLeader: false } }),
    );
    for (const member of waiting) await member.until('status', ({ state }) => state === 'electing');
    const leader = new Member(t, { channels: ['registry'], options: { ...options, isLeader: true } });
    for (const member of waiting) assert.equal((await member.ready('registry')).leaderPid, leader.pid);
    assert.equal(
      holder.reports.some((report) => report.type === 'error'),
      false,
    );
  });

  it('restore subscriptions and publications when the leader is killed (3.7.0 does too: 15 ms, see benchmarks/failover)', async (t) => {
    const options = shared(t);
    const name = 'config';
    const first = new Member(t, { channels: [name], options });
    await first.ready(name);
    const rest = Array.from({ length: 3 }, () => new Member(t, { channels: [name], options }));
    const { epoch = 0 } = await (rest[0] as Member).ready(name);
    for (const member of rest) {
      await member.ready(name);
      member.send({ type: 'subscribe', name, key: 'db' });
      member.send({ type: 'publish', name, key: 'pid', value: member.pid });
    }
    for (const member of rest) await first.until('published', ({ reg }) => reg.value === member.pid);
    // The publications came after the subscriptions, on the same links.
    first.send({ type: 'push', name, key: 'db', value: 'before' });
    for (const member of rest) await member.until('value', ({ value }) => value === 'before');

    await first.kill();
    const leader = await assertOneLeader(rest, name, epoch);
    for (const member of rest) await leader.until('published', ({ reg }) => reg.value === member.pid);
    leader.send({ type: 'push', name, key: 'db', value: 'after' });
    for (const member of rest) {
      await member.until('value', ({ value }) => value === 'after');
      member.send({ type: 'call', name });
      assert.equal((await member.until('answer')).pid, leader.pid);
    }
  });

  it('go on through a series of killed leaders, each under a higher epoch', async (t) => {
    const options = shared(t);
    const name = 'config';
    let members = Array.from({ length: 5 }, () => new Member(t, { channels: [name], options }));
    let epoch = 0;
    while (members.length > 1) {
      const leader = await assertOneLeader(members, name, epoch);
      epoch = (await leader.ready(name, epoch)).epoch ?? 0;
      await leader.kill();
      members = members.filter((member) => member !== leader);
    }
    assert.equal((await (members[0] as Member).ready(name, epoch)).leaderPid, members[0]?.pid);
  });

  it('hand over at once when the leader closes, and the process that closed ends by itself', async (t) => {
    const options = shared(t);
    const name = 'config';
    const first = new Member(t, { channels: [name], options });
    const { epoch = 0 } = await first.ready(name);
    const second = new Member(t, { channels: [name], options });
    await second.ready(name);
    const exit = once(first.child, 'exit');
    first.send({ type: 'close', name });
    assert.equal((await second.ready(name, epoch)).leaderPid, second.pid);
    assert.deepEqual(await exit, [0, null]);
    const left = once(second.child, 'exit');
    second.send({ type: 'close', name });
    assert.deepEqual(await left, [0, null]);
  });
});
