import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Member, shared } from './members.js';

const name = 'config';

describe('a process that only follows', () => {
  it('hears of a leader that starts later (3.7.0: polls every 3 s)', async (t) => {
    const options = shared(t);
    const follower = new Member(t, { channels: [name], options: { ...options, isLeader: false } });
    await follower.until('status', ({ state }) => state === 'electing');
    const leader = new Member(t, { channels: [name], options: { ...options, isLeader: true } });
    assert.equal((await follower.ready(name)).leaderPid, leader.pid);
  });

  it('hears of a channel that the owner of the port opens later (3.7.0: never, or by its next retry)', async (t) => {
    const options = shared(t);
    const owner = new Member(t, { channels: ['another'], options: { ...options, isLeader: true } });
    await owner.ready('another');
    const follower = new Member(t, { channels: [name], options: { ...options, isLeader: false } });
    await follower.until('status', ({ state }) => state === 'electing');
    owner.send({ type: 'open', name });
    assert.equal((await follower.ready(name)).leaderPid, owner.pid);
  });

  it('finds its leader again when that was restarted, each time (3.7.0: after 3 s)', async (t) => {
    const options = shared(t);
    const start = () => new Member(t, { channels: [name], options: { ...options, isLeader: true } });
    let leader = start();
    const followers = [1, 2, 3].map(
      () => new Member(t, { channels: [name], options: { ...options, isLeader: false } }),
    );
    let { epoch = 0 } = await leader.ready(name);
    for (let round = 0; round < 3; round += 1) {
      for (const follower of followers) await follower.ready(name, epoch - 1);
      await leader.kill();
      leader = start();
      const after = epoch;
      for (const follower of followers)
        assert.equal((await follower.ready(name, after)).leaderPid, leader.pid);
      epoch = (await leader.ready(name)).epoch ?? 0;
    }
  });

  it('goes on looking after maxWaitTime, and is ready when a leader comes (3.7.0: dead for ever)', async (t) => {
    const options = shared(t);
    const only = { ...options, isLeader: false, maxWaitTime: 100 };
    const follower = new Member(t, { channels: [name], options: only });
    assert.equal((await follower.until('failed')).code, 'ERR_CLUSTER_NO_LEADER');
    const first = new Member(t, { channels: [name], options: { ...options, isLeader: true } });
    const { epoch = 0 } = await follower.ready(name);
    await first.kill();
    // Once more, with one that has had a leader.
    await follower.until('error', ({ message }) => message.includes('maxWaitTime'));
    const second = new Member(t, { channels: [name], options: { ...options, isLeader: true } });
    assert.equal((await follower.ready(name, epoch)).leaderPid, second.pid);
  });
});

describe('a process that may lead', () => {
  it('leads a channel itself that nobody else has (3.7.0: never ready, as the owner of the port lacks it)', async (t) => {
    const options = shared(t);
    const owner = new Member(t, { channels: ['another'], options });
    await owner.ready('another');
    const member = new Member(t, { channels: [name], options });
    assert.equal((await member.ready(name)).leaderPid, member.pid);
  });
});

describe('a real client that cannot start', () => {
  it('is the cause that ready rejects with in every process, and is built anew until it can', async (t) => {
    const options = shared(t);
    const leader = new Member(t, { channels: [name], options: { ...options, isLeader: true }, failFirst: 1 });
    const followers = [1, 2].map(
      () => new Member(t, { channels: [name], options: { ...options, isLeader: false } }),
    );
    for (const member of [leader, ...followers])
      assert.equal((await member.until('failed')).message, 'cannot start');
    for (const member of followers) {
      member.send({ type: 'invoke', name, id: 1, method: 'getAsync', args: ['now'] });
      await member.until('outcome', ({ id }) => id === 1);
    }
    for (const member of [leader, ...followers])
      assert.equal((await member.ready(name)).leaderPid, leader.pid);
    for (const member of followers) {
      member.send({ type: 'invoke', name, id: 2, method: 'getAsync', args: ['later'] });
      assert.equal((await member.until('outcome', ({ id }) => id === 2)).value, 'later');
    }
  });
});
