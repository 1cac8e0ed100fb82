import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../helpers/until.js';
import { peered, subscribe } from './peers.js';

const KEYS = 2_500;

describe('a follower of many keys that has gone', () => {
  it('is unsubscribed from a thousand in a row; then others have their turn', async (t) => {
    const { backend, near, far } = await peered({ maxKeysPerLink: KEYS });
    for (let count = 0; count < KEYS; count += 1) far.send(subscribe(`key ${count}`));
    await until(() => backend.topics.size === KEYS);
    const unsubscribe = t.mock.method(backend.topics, 'unsubscribe');
    const counts = new Set<number>();
    near.destroy(new Error('gone'));
    await until(() => counts.add(unsubscribe.mock.callCount()).has(KEYS));
    assert.deepEqual([...counts], [1_000, 2_000, KEYS]);
  });

  it('is given none of their values meanwhile, and none is drawn for it', async () => {
    const { peer, backend, near, far, push } = await peered({ maxKeysPerLink: KEYS, isBroadcast: false });
    for (let count = 0; count < KEYS; count += 1) far.send(subscribe(`key ${count}`));
    await until(() => backend.topics.size === KEYS);
    assert.equal(peer.shares(), 1);
    near.destroy(new Error('gone'));
    assert.equal(peer.shares(), 0);
    push(`key ${KEYS - 1}`, 'too late');
    assert.deepEqual(backend.errors, []);
  });
});
