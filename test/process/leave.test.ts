import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { assertOneLeader, Member, shared } from './members.js';

const name = 'config';

describe('a leader that is closed', () => {
  it('tells its followers, who elect at once and lose it once only', async (t) => {
    const options = shared(t);
    const leader = new Member(t, { channels: [name], options, closeTakes: 300 });
    const { epoch = 0 } = await leader.ready(name);
    const followers = [1, 2, 3].map(() => new Member(t, { channels: [name], options }));
    for (const member of followers) await member.ready(name);
    leader.send({ type: 'close', name });
    await assertOneLeader(followers, name, epoch);
    for (const member of followers) {
      const states = member.reports.flatMap((report) => (report.type === 'status' ? [report.state] : []));
      assert.equal(states.filter((state) => state === 'lost').length, 1, String(states));
    }
    // Its heartbeat did not have to find out.
    assert.ok(!leader.reports.some(({ type }) => type === 'error'));
  });

  it('in a process that leads another channel leaves the port to that one, and its own channel to others', async (t) => {
    const options = shared(t);
    const channels = [name, 'registry'];
    const leader = new Member(t, { channels, options });
    const { epoch = 0 } = await leader.ready(name);
    const registry = await leader.ready('registry');
    const followers = [1, 2].map(() => new Member(t, { channels, options }));
    for (const member of followers) for (const channel of channels) await member.ready(channel);
    leader.send({ type: 'close', name });
    await leader.until('closed');
    await assertOneLeader(followers, name, epoch);
    for (const member of followers) {
      const { leaderPid, epoch: same } = await member.status('registry');
      assert.deepEqual([leaderPid, same], [leader.pid, registry.epoch]);
    }
  });

  it('rejects what was under way with its outcome unknown, and what is idempotent runs again', async (t) => {
    const options = shared(t);
    const leader = new Member(t, { channels: [name], options });
    const { epoch = 0 } = await leader.ready(name);
    const [caller, other] = [1, 2].map(() => new Member(t, { channels: [name], options })) as [
      Member,
      Member,
    ];
    for (const member of [caller, other]) await member.ready(name);
    const calls = 400;
    for (let id = 1; id <= calls; id += 1) {
      const method = id % 2 ? 'getAsync' : 'getLater';
      const idempotent = id % 4 === 0;
      const timeout = 10_000;
      caller.send({ type: 'invoke', name, id, method, args: [id], options: { idempotent, timeout } });
    }
    await caller.until('outcome');
    leader.send({ type: 'close', name });
    await caller.ready(name, epoch);
    for (let id = 1; id <= calls; id += 1) {
      const { value, code, outcome } = await caller.until('outcome', (one) => one.id === id);
      if (code === undefined) assert.equal(value, id);
      else assert.deepEqual([code, outcome, id % 4 === 0], ['ERR_CLUSTER_LEADER_LOST', 'unknown', false]);
    }
  });

  it('in every process of a group, one after the other, leaves each with no handle', async (t) => {
    const options = shared(t);
    const members = Array.from({ length: 4 }, () => new Member(t, { channels: [name], options }));
    let epoch = 0;
    let rest = members;
    while (rest.length > 0) {
      const leader = await assertOneLeader(rest, name, epoch);
      epoch = (await leader.ready(name, epoch)).epoch ?? 0;
      const exit = once(leader.child, 'exit');
      leader.send({ type: 'close', name });
      assert.deepEqual(await exit, [0, null]);
      rest = rest.filter((member) => member !== leader);
    }
  });
});

describe('a leader that is killed with calls in flight', () => {
  it('leaves none unsettled, and one code for all (3.7.0: three different errors)', async (t) => {
    const options = shared(t);
    const leader = new Member(t, { channels: [name], options });
    const { epoch = 0 } = await leader.ready(name);
    const callers = Array.from({ length: 4 }, () => new Member(t, { channels: [name], options }));
    for (const member of callers) await member.ready(name);
    const calls = 800;
    for (const member of callers) {
      for (let id = 1; id <= calls; id += 1)
        member.send({ type: 'invoke', name, id, method: 'never', options: { timeout: 60_000 } });
    }
    for (const member of callers) while ((await member.status(name)).pendingCalls < calls);
    await leader.kill();
    for (const member of callers) {
      await member.until('outcome', ({ id }) => id === calls);
      const outcomes = member.reports.flatMap((report) => (report.type === 'outcome' ? [report] : []));
      assert.equal(outcomes.length, calls);
      assert.ok(outcomes.every(({ code }) => code === 'ERR_CLUSTER_LEADER_LOST'));
      assert.ok(outcomes.every(({ outcome }) => outcome === 'unknown'));
    }
    await assertOneLeader(callers, name, epoch);
  });
});
