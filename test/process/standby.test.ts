import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { assertOneLeader, Member, shared } from './members.js';

const name = 'config';

async function becomes(member: Member, standby: 'self' | 'linked'): Promise<void> {
  while ((await member.status(name)).standby !== standby);
}

describe('the standby of a leader', () => {
  it('has a link to every other follower, leads when the leader is killed, and has a standby of its own then', async (t) => {
    const options = shared(t);
    const members: Member[] = [];
    for (let count = 0; count < 5; count += 1) {
      const member = new Member(t, { channels: [name], options });
      await member.ready(name);
      members.push(member);
    }
    let epoch = 0;
    for (let standing = members; standing.length > 2; ) {
      const leader = await assertOneLeader(standing, name, epoch);
      epoch = (await leader.ready(name, epoch)).epoch ?? 0;
      const followers = standing.filter((member) => member !== leader);
      const isSelf = async (member: Member) => (await member.status(name)).standby === 'self';
      let standby: Member | undefined;
      while (!standby) for (const member of followers) if (await isSelf(member)) standby = member;
      for (const member of followers) if (member !== standby) await becomes(member, 'linked');
      await leader.kill();
      assert.equal(await assertOneLeader(followers, name, epoch), standby);
      standing = followers;
    }
  });
});
