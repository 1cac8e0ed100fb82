import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../helpers/until.js';
import { connected, Follower, Upstream } from './upstream.js';

/** Topics of a leader that is replaced when the test says so. */
function replaceable(isBroadcast = true) {
  const gate = { open: true, asked: 0 };
  const mayAct = () => {
    gate.asked += 1;
    return gate.open;
  };
  return { gate, ...connected({ isBroadcast, mayAct }) };
}

describe('topics of a leader that was replaced', () => {
  it('ask for nothing any more, neither a new key nor a new real client for the old ones', () => {
    const { topics, upstream, gate, errors } = replaceable();
    topics.subscribe('a', 'a', new Follower());
    gate.open = false;
    topics.subscribe('b', 'b', new Follower());
    const next = new Upstream();
    topics.connect(next);
    assert.deepEqual([upstream.asked, next.asked, errors], [['+a'], [], []]);
  });

  it('unsubscribe nothing, though the key is forgotten', async () => {
    const { topics, upstream, gate } = replaceable();
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    topics.unsubscribe('a', follower);
    gate.open = false;
    await until(() => topics.size === 0);
    assert.deepEqual(upstream.asked, ['+a']);
  });

  it('deliver nothing, and keep nothing of what comes', () => {
    for (const isBroadcast of [true, false]) {
      const { topics, push, gate } = replaceable(isBroadcast);
      const follower = new Follower();
      topics.subscribe('a', 'a', follower);
      push('a', 1);
      gate.open = false;
      push('a', 2);
      assert.equal(follower.values.length, 1);
      assert.equal(topics.newest('a')?.revision, 1);
    }
  });

  it('are asked before each act: subscribe, value, unsubscribe', async () => {
    const { topics, push, gate } = replaceable();
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    assert.equal(gate.asked, 1);
    push('a', 1);
    assert.equal(gate.asked, 2);
    topics.unsubscribe('a', follower);
    await until(() => topics.size === 0);
    assert.equal(gate.asked, 3);
  });
});
