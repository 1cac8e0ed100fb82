import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Member, shared } from './members.js';
import { Thread } from './threads.js';

/** All are ready under one epoch above `after`, and one of them leads. */
async function assertOneLeader(threads: Thread[], after = 0): Promise<{ leader: Thread; epoch: number }> {
  const statuses = await Promise.all(threads.map((thread) => thread.ready(after)));
  const leaders = threads.filter((_, index) => statuses[index]?.role === 'leader');
  const epochs = new Set(statuses.map(({ epoch }) => epoch));
  assert.deepEqual([leaders.length, epochs.size], [1, 1], JSON.stringify(statuses));
  return { leader: leaders[0] as Thread, epoch: statuses[0]?.epoch ?? 0 };
}

describe('the threads of one process', () => {
  it('race as processes do: one leads, the others call it and publish to it', async (t) => {
    const options = shared(t);
    const threads = Array.from({ length: 4 }, () => new Thread(t, options));
    const { leader } = await assertOneLeader(threads);
    for (const [value, thread] of threads.entries()) {
      thread.send({ type: 'call', value });
      assert.equal((await thread.until('answer')).value, value);
      thread.send({ type: 'publish', value });
      await leader.until('published', (one) => one.value === value);
    }
    assert.equal(threads.flatMap(({ reports }) => reports.filter(({ type }) => type === 'built')).length, 1);
  });

  it('take over from a thread that is terminated, and from one that closes, which then ends by itself', async (t) => {
    const options = shared(t);
    const threads = Array.from({ length: 3 }, () => new Thread(t, options));
    const first = await assertOneLeader(threads);
    await first.leader.worker.terminate();
    const rest = threads.filter((thread) => thread !== first.leader);
    const second = await assertOneLeader(rest, first.epoch);
    second.leader.send({ type: 'close' });
    assert.deepEqual(await second.leader.exit, [0]);
    const [last] = rest.filter((thread) => thread !== second.leader);
    assert.equal((await last?.ready(second.epoch))?.role, 'leader');
  });

  it('replace a thread that is blocked, which follows when it goes on', async (t) => {
    const options = { ...shared(t), heartbeatInterval: 100 };
    const threads = Array.from({ length: 3 }, () => new Thread(t, options));
    const { leader, epoch } = await assertOneLeader(threads);
    leader.send({ type: 'block', ms: 3_000 });
    const rest = threads.filter((thread) => thread !== leader);
    await assertOneLeader(rest, epoch);
    assert.equal((await leader.ready(epoch)).role, 'follower');
  });

  it('and other processes are one group', async (t) => {
    const options = shared(t);
    const name = 'config';
    const member = new Member(t, { channels: [name], options });
    const { epoch = 0 } = await member.ready(name);
    const threads = [1, 2].map(() => new Thread(t, options));
    for (const thread of threads) assert.equal((await thread.ready()).role, 'follower');
    await member.kill();
    const { leader } = await assertOneLeader(threads, epoch);
    const another = new Member(t, { channels: [name], options });
    assert.equal((await another.ready(name)).leaderPid, process.pid);
    another.send({ type: 'publish', name, key: 'k', value: 'from a process' });
    await leader.until('published', ({ value }) => value === 'from a process');
  });
});
