import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { group, type Participant, recall, type Version } from './participants.js';

const CHANGES: [Version, Version][] = [
  ['4', '3'],
  ['3', '4'],
];

/** Whose real client answers, once it is another process's. */
async function newLeader(participant: Participant, old: Participant): Promise<unknown> {
  for (;;) {
    const pid = await participant.call('whereAmI').catch(() => old.pid);
    if (pid !== old.pid) return pid;
  }
}

for (const [first, second] of CHANGES) {
  describe(`a leader of version ${first} that is lost to one of version ${second}`, () => {
    it('leaves subscriptions and publications that go on under the next', async (t) => {
      const { join } = await group(t);
      const leader = join(first);
      await leader.ask('ready');
      const heir = join(second);
      await heir.ask('ready');
      await heir.ask('subscribe', { key: 'db' }, 'db');
      await heir.call('publish', { key: 'service', value: 'of the heir' });
      await leader.call('set', 'db', 'old');
      await heir.until('db', (values) => values.at(-1) === 'old');
      await leader.kill();
      assert.equal(await newLeader(heir, leader), heir.pid);
      assert.equal(await heir.ask('isLeader'), true);
      await heir.call('set', 'db', 'new');
      await heir.until('db', (values) => values.at(-1) === 'new');
      await recall(heir, (notes) => notes.some((note) => JSON.stringify(note).includes('of the heir')));
      // One of the first version comes back, as a follower.
      const returned = join(first);
      await returned.ask('subscribe', { key: 'db' }, 'db');
      assert.deepEqual(await returned.until('db', (values) => values.length > 0), ['new']);
      assert.equal(await returned.call('whereAmI'), heir.pid);
    });

    it('leaves a follower of its own version that follows the next', async (t) => {
      const { join } = await group(t);
      const leader = join(first);
      await leader.ask('ready');
      const heir = join(second, { isLeader: undefined });
      await heir.ask('ready');
      // One that never leads; 3.x looks for a leader every three seconds.
      const follower = join(first, { isLeader: false });
      await follower.ask('ready');
      await follower.ask('subscribe', { key: 'db' }, 'db');
      await leader.kill();
      assert.equal(await newLeader(heir, leader), heir.pid);
      await heir.call('set', 'db', 'new');
      await follower.until('db', (values) => values.at(-1) === 'new');
      assert.equal(await newLeader(follower, leader), heir.pid);
    });

    it('closes, and the other takes over', async (t) => {
      const { join } = await group(t);
      const leader = join(first);
      await leader.ask('ready');
      const heir = join(second);
      await heir.ask('ready');
      await leader.ask('close');
      assert.equal(await newLeader(heir, leader), heir.pid);
    });
  });
}

describe('a group of both versions', () => {
  it('has one leader whoever comes first, and all get its values', async (t) => {
    const { join } = await group(t);
    const versions: Version[] = ['3', '4', '3', '4', '4', '3'];
    const all = versions.map((version) => join(version));
    await Promise.all(all.map((participant) => participant.ask('ready')));
    const roles = await Promise.all(all.map((participant) => participant.ask('isLeader')));
    assert.equal(roles.filter((isLeader) => isLeader).length, 1);
    const pids = new Set(await Promise.all(all.map((participant) => participant.call('whereAmI'))));
    assert.equal(pids.size, 1);
    for (const participant of all) await participant.ask('subscribe', { key: 'db' }, 'db');
    await all[0]?.call('set', 'db', { everywhere: true });
    for (const participant of all) await participant.until('db', (values) => values.length > 0);
  });

  it('waits for who holds the port to lead the channel', async (t) => {
    for (const holder of ['3', '4'] as const) {
      const { join } = await group(t);
      const other = join(holder, { name: 'another channel' });
      await other.ask('ready');
      const waiting = (['3', '4'] as const).map((version) => join(version, { isLeader: false }));
      const ready = Promise.all(waiting.map((participant) => participant.ask('ready')));
      await other.ask('open', { name: 'Registry' });
      await ready;
      for (const participant of waiting) assert.equal(await participant.call('whereAmI'), other.pid);
    }
  });
});

describe('without the option', () => {
  it('a follower of 3.x is refused with a code, and one warning names the option', async (t) => {
    const { join } = await group(t, { interop: undefined });
    const leader = join('4');
    await leader.ask('ready');
    const followers = [join('3'), join('3')];
    for (const follower of followers) {
      await assert.rejects(follower.ask('ready'), {
        code: 'ERR_CLUSTER_PEER_VERSION',
        message: /interop: '3\.x'/,
      });
    }
    const warnings = (await leader.ask('warnings')) as string[];
    assert.equal(warnings.filter((text) => text.includes("interop: '3.x'")).length, 1, warnings.join('\n'));
    assert.equal(await leader.call('whereAmI'), leader.pid);
  });

  it('a leader of 3.x is not followed, and the error names the option', async (t) => {
    const { join } = await group(t, { interop: undefined });
    const leader = join('3');
    await leader.ask('ready');
    await assert.rejects(join('4').ask('ready'), {
      code: 'ERR_CLUSTER_PORT_SILENT',
      message: /interop: '3\.x'/,
    });
  });
});
