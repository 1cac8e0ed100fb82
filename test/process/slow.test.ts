import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Member, shared } from './members.js';

const name = 'feed';
const MIB = 1024 * 1024;

async function feed(t: TestContext, count: number, more: Record<string, unknown> = {}) {
  const options = { ...shared(t), ...more };
  const leader = new Member(t, { channels: [name], options });
  await leader.ready(name);
  const followers = Array.from({ length: count }, () => new Member(t, { channels: [name], options }));
  for (const member of followers) {
    await member.ready(name);
    member.send({ type: 'subscribe', name, key: 'k' });
    // The answer comes after the subscription has arrived.
    member.send({ type: 'call', name });
    await member.until('answer');
  }
  return { leader, followers };
}

const numbers = (member: Member) =>
  member.reports.flatMap((report) => (report.type === 'value' ? [Number(report.value)] : []));

describe('a follower that is stopped', () => {
  it('costs its leader neither memory nor the others a value, and has the newest when it wakes up (3.7.0: +1009 MB)', async (t) => {
    const { leader, followers } = await feed(t, 3);
    const [stopped, ...others] = followers as [Member, Member, Member];
    stopped.stop();
    const count = 400;
    leader.send({ type: 'flood', name, key: 'k', count, bytes: MIB / 8 });
    await leader.until('flooded');
    for (const member of others) await member.until('value', ({ value }) => value === count);
    const { queuedBytes } = await leader.status(name);
    assert.ok(queuedBytes < 4 * MIB, `${queuedBytes} of ${(count * MIB) / 8} bytes wait`);
    stopped.wake();
    await stopped.until('value', ({ value }) => value === count);
    const heard = numbers(stopped);
    assert.deepEqual(
      heard,
      [...new Set(heard)].sort((a, b) => a - b),
    );
    const { missedValues } = await stopped.status(name);
    assert.equal(missedValues, count - heard.length);
    assert.ok(missedValues > count / 2);
  });

  it('is cut off with delivery every, told so, and follows again', async (t) => {
    const { leader, followers } = await feed(t, 2, { delivery: 'every', maxQueuedBytes: 8 * MIB });
    const [stopped, other] = followers as [Member, Member];
    stopped.stop();
    const count = 240;
    // No more at once than the link of one who reads can hold.
    for (let from = 1; from <= count; from += 40) {
      leader.send({ type: 'flood', name, key: 'k', from, count: 40, bytes: MIB / 8 });
      await other.until('value', ({ value }) => value === from + 39);
    }
    await leader.until('error', ({ message }) => message.includes(`follower ${stopped.pid}`));
    assert.deepEqual(
      numbers(other),
      Array.from({ length: count }, (_, index) => index + 1),
    );
    stopped.wake();
    await stopped.until('error', ({ message }) => message.includes('misses values'));
    await stopped.until('value', ({ value }) => value === count);
    leader.send({ type: 'push', name, key: 'k', value: 'next' });
    await stopped.until('value', ({ value }) => value === 'next');
  });

  it('is passed over where each value goes to one subscriber only', async (t) => {
    // Neither too much that waits for it nor a missed beat takes it out of the draw: only that its link is full.
    const { leader, followers } = await feed(t, 2, {
      isBroadcast: false,
      heartbeatInterval: 60_000,
      maxQueuedBytes: 1024 * MIB,
    });
    const [stopped, other] = followers as [Member, Member];
    stopped.stop();
    // No more at once than the link of one who reads can hold: while all are full, any of them is drawn.
    for (let from = 1; from <= 300; from += 20) {
      await leader.ask({ type: 'flood', name, key: 'k', from, count: 20, bytes: MIB / 8 }, 'flooded');
      // Behind its values comes the answer: its link is empty again.
      await other.ask({ type: 'call', name }, 'answer');
    }
    const before = numbers(other).length;
    for (let value = 1001; value <= 1020; value += 1) leader.send({ type: 'push', name, key: 'k', value });
    await other.until('value', ({ value }) => value === 1020);
    assert.equal(numbers(other).filter((value) => value > 1000).length, 20);
    assert.ok(before > 180, `${before} of 300`);
  });
});

describe('a follower that does not read its answers', () => {
  it('is not read any more, so that they cannot pile up', async (t) => {
    const { leader, followers } = await feed(t, 1, { maxQueuedBytes: MIB });
    const [follower] = followers as [Member];
    const calls = 64;
    for (let id = 1; id <= calls; id += 1) {
      const args = ['x'.repeat(MIB / 2)];
      follower.send({ type: 'invoke', name, id, method: 'getAsync', args, options: { timeout: 60_000 } });
    }
    await follower.until('outcome');
    follower.stop();
    const { queuedBytes } = await leader.status(name);
    assert.ok(queuedBytes < 4 * MIB, `${queuedBytes} bytes wait`);
    follower.wake();
    for (let id = 1; id <= calls; id += 1) {
      const { value } = await follower.until('outcome', (one) => one.id === id);
      assert.equal(String(value).length, MIB / 2);
    }
  });
});
