import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../helpers/until.js';
import { connected, Follower, type Listener } from './upstream.js';

describe('a topic that nobody wants any more', () => {
  it('is unsubscribed upstream after the linger, with what it was subscribed with, and forgotten', async () => {
    const { topics, upstream, push } = connected();
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    push('a', 1);
    topics.unsubscribe('a', follower);
    assert.deepEqual(upstream.asked, ['+a']);
    await until(() => topics.size === 0);
    assert.deepEqual(upstream.asked, ['+a', '-a']);
    assert.equal(topics.newest('a'), undefined);
    // Who comes now is subscribed anew, and gets nothing of before.
    topics.subscribe('a', 'a', follower);
    assert.deepEqual(upstream.asked, ['+a', '-a', '+a']);
    assert.equal(follower.values.length, 1);
  });

  it('is kept where somebody comes within the linger, with its newest value', async () => {
    const { topics, upstream, push } = connected({ linger: 10 });
    const [one, other] = [new Follower(), new Follower()];
    topics.subscribe('a', 'a', one);
    topics.subscribe('b', 'b', one);
    topics.unsubscribe('a', one);
    push('a', 'meanwhile');
    topics.subscribe('a', 'a', other);
    // The linger of b was begun after that of a.
    topics.unsubscribe('b', one);
    await until(() => topics.size === 1);
    assert.deepEqual(upstream.asked, ['+a', '+b', '-b']);
    assert.deepEqual([one.values, other.values], [[], [['a', 'meanwhile', undefined]]]);
  });

  it('stays for the others, and for a second unsubscribe of the same one', () => {
    const { topics, push } = connected();
    const [one, other] = [new Follower(), new Follower()];
    topics.subscribe('a', 'a', one);
    topics.subscribe('a', 'a', other);
    topics.unsubscribe('a', one);
    topics.unsubscribe('a', one);
    topics.unsubscribe('never subscribed', one);
    push('a', 1);
    assert.deepEqual([one.values, other.values.length], [[], 1]);
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });

  it('has a listener that the real client may go on calling for nothing', async () => {
    const { topics, upstream, push } = connected();
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    const old = upstream.listeners.get('a') as Listener;
    topics.unsubscribe('a', follower);
    await until(() => topics.size === 0);
    topics.subscribe('a', 'a', follower);
    old('stale');
    assert.deepEqual(follower.values, []);
    push('a', 'fresh');
    assert.deepEqual(follower.values, [['a', 'fresh', undefined]]);
  });

  it('is one of a thousand that are forgotten in a row; then others have their turn', async () => {
    const { topics, upstream } = connected();
    const follower = new Follower();
    const keys = Array.from({ length: 2_500 }, (_, index) => `key ${index}`);
    for (const key of keys) topics.subscribe(key, key, follower);
    for (const key of keys) topics.unsubscribe(key, follower);
    const sizes = new Set<number>();
    await until(() => sizes.add(topics.size).has(0));
    assert.deepEqual([...sizes], [2_500, 1_500, 500, 0]);
    assert.equal(upstream.asked.filter((asked) => asked.startsWith('-')).length, 2_500);
  });

  it('leaves no timer behind when all is closed', () => {
    const { topics, upstream, push } = connected({ linger: 60_000 });
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    topics.unsubscribe('a', follower);
    assert.ok(process.getActiveResourcesInfo().includes('Timeout'));
    topics.close();
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
    push('a', 1);
    assert.deepEqual([follower.values, upstream.asked], [[], ['+a']]);
  });
});

describe('topics that are closed', () => {
  it('deliver nothing more, though the real client may go on calling', () => {
    const { topics, push } = connected();
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    topics.close();
    push('a', 1);
    assert.deepEqual([follower.values, topics.size], [[], 0]);
  });
});

describe('topics without broadcast', () => {
  it('draw one subscriber for each value, by shares', () => {
    const { topics, push } = connected({ isBroadcast: false });
    const followers = [new Follower(1), new Follower(3), new Follower(0)];
    for (const follower of followers) topics.subscribe('a', 'a', follower);
    const count = 400;
    for (let n = 0; n < count; n += 1) push('a', n);
    const [one = 0, three = 0, none = 0] = followers.map(({ values }) => values.length);
    assert.equal(one + three, count);
    assert.equal(none, 0);
    // 100 expected, with a standard deviation of 8.7: ten of these away from the bounds.
    assert.ok(one > 10 && one < 190, `${one} of ${count}`);
    const shares = new Set(followers[1]?.values.map(([, , share]) => share));
    assert.deepEqual([...shares].sort(), [0, 1, 2]);
    assert.deepEqual([...new Set(followers[0]?.values.map(([, , share]) => share))], [0]);
  });

  it('draw one who is not ready where those who are have no share', () => {
    const { topics, push } = connected({ isBroadcast: false });
    const [closing, stuck] = [new Follower(0), new Follower(1)];
    for (const follower of [closing, stuck]) topics.subscribe('a', 'a', follower);
    stuck.isReady = false;
    push('a', 1);
    assert.deepEqual(stuck.values, [['a', 1, 0]]);
  });

  it('draw among those who are ready, and among all where nobody is', () => {
    const { topics, push } = connected({ isBroadcast: false });
    const [ready, stuck, also] = [new Follower(), new Follower(3), new Follower()];
    for (const follower of [ready, stuck, also]) topics.subscribe('a', 'a', follower);
    stuck.isReady = false;
    for (let n = 0; n < 100; n += 1) push('a', n);
    assert.deepEqual([ready.values.length + also.values.length, stuck.values], [100, []]);
    assert.ok(ready.values.length > 0 && also.values.length > 0);
    ready.isReady = false;
    also.isReady = false;
    for (let n = 0; n < 100; n += 1) push('a', n);
    const [one, three, other] = [ready, stuck, also].map(({ values }) => values.length);
    assert.equal((one ?? 0) + (three ?? 0) + (other ?? 0), 200);
    assert.ok(three);
  });

  it('give nothing to who comes late, and drop what nobody is there for', () => {
    const { topics, push, errors } = connected({ isBroadcast: false, linger: 60_000 });
    const one = new Follower();
    topics.subscribe('a', 'a', one);
    push('a', 1);
    const late = new Follower();
    topics.subscribe('a', 'a', late);
    for (const follower of [one, late]) topics.unsubscribe('a', follower);
    push('a', 2);
    assert.deepEqual([one.values.length, late.values, errors], [1, [], []]);
    topics.close();
  });
});
