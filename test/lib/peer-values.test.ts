import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../helpers/until.js';
import { invoke, type PeerSettings, peered, stuck, subscribe, turn } from './peers.js';

/** More than a link takes at once. */
const LARGE = 'x'.repeat(100 * 1024);
const SLOW = 'ERR_CLUSTER_FOLLOWER_SLOW';

describe('a follower whose link is backed up', () => {
  it('gets the newest value of each key once there is room, and the number of those between', async () => {
    const { push, values, far } = await stuck({}, 'a', 'b', 'c');
    push('a', LARGE);
    await turn();
    for (const [key, value] of [
      ['b', 'b1'],
      ['a', 'a1'],
      ['a', 'a2'],
      ['a', 'a3'],
    ]) {
      push(key, value);
    }
    far.link.resume();
    await until(() => values().length === 3);
    assert.deepEqual(values(), [
      ['a', LARGE, 0],
      ['b', 'b1', 0],
      ['a', 'a3', 2],
    ]);
    push('a', 'a4');
    push('c', 'c1');
    await until(() => values().length === 5);
    assert.deepEqual(values().slice(3), [
      ['a', 'a4', 0],
      ['c', 'c1', 0],
    ]);
  });

  it('is given no more at once than there is room for, also when it has caught up', async () => {
    const keys = Array.from({ length: 15 }, (_, index) => `key ${index}`);
    const { push, values, far, near } = await stuck({}, ...keys);
    push(keys[0], LARGE);
    await turn();
    for (const key of keys) push(key, LARGE);
    const room: boolean[] = [];
    const send = near.send.bind(near);
    near.send = (message) => {
      room.push(near.writable);
      send(message);
    };
    far.link.resume();
    await until(() => values().length === keys.length + 1);
    assert.deepEqual(
      room,
      keys.map(() => true),
    );
  });

  it('is not ready for values that go to one only; nor is one who is late with its beat', async (t) => {
    const { peer, push, far, near } = await stuck({}, 'a');
    assert.equal(peer.isReady, true);
    push('a', LARGE);
    await turn();
    assert.equal(peer.isReady, false);
    far.link.resume();
    await until(() => peer.isReady);
    near.watch({ interval: 60_000, dead: () => undefined });
    const later = performance.now() + 100_000;
    t.mock.method(performance, 'now', () => later);
    assert.equal(peer.isReady, false);
    near.destroy(new Error('done'));
  });
});

/** Values that are pushed while the link is backed up, long and short, reach the follower. */
async function assertAllCome(settings: PeerSettings): Promise<void> {
  const { push, values, far, backend } = await stuck(settings, 'a');
  const all = [LARGE, 'a1', LARGE, 'a2', 'a3'];
  for (const value of all) {
    push('a', value);
    await turn();
  }
  far.link.resume();
  await until(() => values().length === all.length);
  assert.deepEqual(
    values(),
    all.map((value) => ['a', value, 0]),
  );
  assert.deepEqual(backend.errors, []);
}

describe('a follower that must get every value', () => {
  it('gets them all, in order, also where its link is backed up', async () => {
    await assertAllCome({ delivery: 'every' });
  });

  it('is cut off once more than maxQueuedBytes wait for it, and both ends hear why', async () => {
    const maxQueuedBytes = 250 * 1024;
    const { push, values, far, backend, owner, inbox, near } = await stuck(
      { delivery: 'every', maxQueuedBytes },
      'a',
    );
    for (const _ of [1, 2, 3]) {
      push('a', LARGE);
      await turn();
    }
    assert.equal(near.closed, undefined);
    push('a', 'one too many');
    push('a', 'another');
    assert.deepEqual([owner.closes, backend.topics.size, backend.forgotten], [0, 1, 1]);
    const expected = { code: SLOW, pid: 4242, channel: 'Config', maxQueuedBytes };
    assert.equal(backend.errors.length, 1);
    assert.throws(
      () => {
        throw backend.errors[0];
      },
      { ...expected, message: /follower 4242 of channel Config did not read more than 256000 bytes/ },
    );
    const { queuedBytes } = near;
    push('a', 'and one more');
    far.send(invoke(1));
    await turn();
    assert.deepEqual([near.queuedBytes, backend.asked.length], [queuedBytes, 0], 'nothing is done for it');
    far.link.resume();
    await until(() => inbox.closes.length > 0);
    assert.equal(Reflect.get(inbox.closes[0] as Error, 'code'), SLOW);
    assert.equal(values().length, 3, 'what was sent before comes first');
    await until(() => owner.closes === 1);
    backend.topics.close();
  });
});

describe('a value that was drawn for one follower only', () => {
  it('is not skipped where its link is backed up', async () => {
    await assertAllCome({ isBroadcast: false });
  });

  it('cuts it off where too much waits for it already', async () => {
    const { push, backend, far, inbox } = await stuck(
      { isBroadcast: false, maxQueuedBytes: LARGE.length / 2 },
      'a',
    );
    push('a', LARGE);
    await turn();
    push('a', 'a1');
    assert.equal(backend.errors.length, 1);
    far.link.resume();
    await until(() => inbox.closes.length > 0);
    assert.equal(Reflect.get(inbox.closes[0] as Error, 'code'), SLOW);
    backend.topics.close();
  });
});

describe('a follower that reads', () => {
  it('is not cut off, however little may wait and however much comes in one tick', async () => {
    const { push, values, far, backend } = await peered({ delivery: 'every', maxQueuedBytes: 1 });
    far.send(subscribe('a'));
    await until(() => backend.topics.size === 1);
    for (const value of ['a1', 'a2', 'a3']) push('a', value);
    await until(() => values().length === 3);
    assert.deepEqual(backend.errors, []);
  });
});
