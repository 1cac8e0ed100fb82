import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Member, shared } from './members.js';

const name = 'registry';

/** A leader and three followers, of which two publish to the same place, one after the other. */
async function published(t: Parameters<typeof shared>[0], round: number) {
  const options = { ...shared(t), heartbeatInterval: 60_000 };
  const leader = new Member(t, { channels: [name], options });
  const { epoch = 0 } = await leader.ready(name);
  const followers = [1, 2, 3].map(() => new Member(t, { channels: [name], options }));
  for (const member of followers) await member.ready(name);
  const [old, recent, third] = round % 2 ? followers : [...followers].reverse();
  assert.ok(old && recent && third);
  for (const [member, value] of [
    [old, 'old'],
    [recent, 'new'],
  ] as const) {
    member.send({ type: 'publish', name, key: 'slot', value });
    await leader.until('published', ({ reg }) => reg.value === value);
    while ((await member.status(name)).pendingPublications > 0);
  }
  return { leader, old, recent, third, followers, epoch };
}

const values = (member: Member) =>
  member.reports.flatMap((report) => (report.type === 'published' ? [report.reg.value] : []));

async function leaderOf(members: Member[], epoch: number): Promise<Member> {
  const { leaderPid } = await (members[0] as Member).ready(name, epoch);
  return members.find(({ pid }) => pid === leaderPid) as Member;
}

describe('publications of several processes', () => {
  it('come in the order in which they were acknowledged when the leader dies (3.7.0: ends old 10 times of 20)', async (t) => {
    for (let round = 0; round < 2; round += 1) {
      const { leader, followers, epoch } = await published(t, round);
      await leader.kill();
      const next = await leaderOf(followers, epoch);
      await next.until('published', ({ reg }) => reg.value === 'new');
      assert.deepEqual(values(next), ['old', 'new']);
      await Promise.all(followers.map((member) => member.kill()));
    }
  });

  it('that come late are followed once more by what came after them', async (t) => {
    const { leader, old, recent, third, epoch } = await published(t, 1);
    old.stop();
    await leader.kill();
    const next = await leaderOf([recent, third], epoch);
    await next.until('published', ({ reg }) => reg.value === 'new');
    third.send({ type: 'publish', name, key: 'slot', value: 'newest' });
    await next.until('published', ({ reg }) => reg.value === 'newest');
    old.wake();
    await old.ready(name, epoch);
    while ((await old.status(name)).pendingPublications > 0);
    while (values(next).length < 5) await next.status(name);
    assert.deepEqual(values(next), ['new', 'newest', 'old', 'new', 'newest']);
  });

  it('are not published any more once their process has gone', async (t) => {
    const { leader, old, recent, third, epoch } = await published(t, 1);
    await recent.kill();
    await leader.kill();
    const next = await leaderOf([old, third], epoch);
    third.send({ type: 'publish', name, key: 'slot', value: 'last' });
    await next.until('published', ({ reg }) => reg.value === 'last');
    await next.until('published', ({ reg }) => reg.value === 'old');
    assert.ok(!values(next).includes('new'));
  });
});
