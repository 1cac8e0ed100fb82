import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { delivery, listener, nextTick, subscriptions } from './deliveries.js';

describe('subscriptions', () => {
  it('tell whether a key is new here, and whether nobody is left', () => {
    const { subject } = subscriptions();
    const [one, other] = [listener(), listener()];
    assert.equal(subject.add('a', 1, one, true), true);
    assert.equal(subject.add('a', 1, other, true), false);
    assert.equal(subject.add('b', 2, one, true), true);
    assert.deepEqual(subject.entries(), [
      { key: 'a', reg: 1 },
      { key: 'b', reg: 2 },
    ]);
    assert.equal(subject.remove('a', one), false);
    assert.equal(subject.remove('a', one), false);
    assert.equal(subject.remove('a', other), true);
    assert.equal(subject.remove('a'), false);
    assert.equal(subject.size, 1);
    assert.equal(subject.add('a', 1, one, true), true);
  });

  it('deliver to the listeners of the key, and to nobody else', () => {
    const { subject } = subscriptions();
    const [a, b] = [listener(), listener()];
    subject.add('a', 1, a, true);
    subject.add('b', 1, b, true);
    subject.deliver(delivery('a', 'x', 1), 1);
    subject.deliver(delivery('never subscribed', 'x', 2), 1);
    assert.deepEqual([a.values, b.values], [['x'], []]);
  });

  it('call a listener as often as it was given, and remove all its copies', () => {
    const { subject } = subscriptions();
    const [twice, other] = [listener(), listener()];
    for (const one of [twice, other, twice]) subject.add('a', 1, one, true);
    assert.equal(subject.listenerCount('a'), 3);
    subject.deliver(delivery('a', 'x', 1), 1);
    assert.deepEqual(twice.values, ['x', 'x']);
    subject.remove('a', twice);
    assert.equal(subject.listenerCount('a'), 1);
    subject.deliver(delivery('a', 'y', 2), 1);
    assert.deepEqual([twice.values.length, other.values], [2, ['x', 'y']]);
    assert.equal(subject.listenerCount('never subscribed'), 0);
  });

  it('remove all listeners where none is named', () => {
    const { subject } = subscriptions();
    for (const one of [listener(), listener()]) subject.add('a', 1, one, true);
    assert.equal(subject.remove('a'), true);
    assert.equal(subject.size, 0);
  });

  it('give each listener a copy of its own, of Buffers too', () => {
    const { subject } = subscriptions();
    const [one, other] = [listener(), listener()];
    for (const each of [one, other]) subject.add('a', 1, each, true);
    const payload = delivery('a', { list: [1] }, 1);
    subject.deliver(payload, 1);
    assert.deepEqual(one.values, other.values);
    assert.notEqual(one.values[0], other.values[0]);
    subject.deliver(delivery('a', Buffer.from('abc'), 2), 1);
    (one.values[1] as Buffer).fill(0);
    assert.deepEqual(other.values[1], Buffer.from('abc'));
  });
});

describe('values', () => {
  it('that are not newer are dropped: by epoch, then by revision', () => {
    const { subject } = subscriptions();
    const heard = listener();
    subject.add('a', 1, heard, true);
    for (const [value, revision, epoch] of [
      ['first', 5, 1],
      ['again', 5, 1],
      ['older', 4, 1],
      ['newer', 6, 1],
      ['of the next leader', 1, 2],
      ['of the last leader', 99, 1],
    ] as const) {
      subject.deliver(delivery('a', value, revision), epoch);
    }
    assert.deepEqual(heard.values, ['first', 'newer', 'of the next leader']);
  });

  it('come to a late listener on the next tick, the newest only', async () => {
    const { subject } = subscriptions();
    const [early, late] = [listener(), listener()];
    subject.add('a', 1, early, true);
    subject.deliver(delivery('a', 'old', 1), 1);
    subject.deliver(delivery('a', 'new', 2), 1);
    subject.add('a', 1, late, true);
    assert.deepEqual(late.values, []);
    await nextTick();
    assert.deepEqual(late.values, ['new']);
    assert.deepEqual(early.values, ['old', 'new']);
  });

  it('come to a late listener once where a newer one is faster than the replay', async () => {
    const { subject } = subscriptions();
    const late = listener();
    subject.add('a', 1, listener(), true);
    subject.deliver(delivery('a', 'old', 1), 1);
    subject.add('a', 1, late, true);
    subject.deliver(delivery('a', 'new', 2), 1);
    await nextTick();
    assert.deepEqual(late.values, ['new']);
  });

  it('do not come to a late listener that is gone by then, or where no replay is wanted', async () => {
    const { subject } = subscriptions();
    const [gone, unwanted, keep] = [listener(), listener(), listener()];
    subject.add('a', 1, keep, true);
    subject.deliver(delivery('a', 'x', 1), 1);
    subject.add('a', 1, gone, true);
    subject.remove('a', gone);
    subject.add('a', 1, unwanted, false);
    await nextTick();
    assert.deepEqual([gone.values, unwanted.values], [[], []]);
  });

  it('are not replayed after all listeners were removed', async () => {
    const { subject } = subscriptions();
    const again = listener();
    subject.add('a', 1, listener(), true);
    subject.deliver(delivery('a', 'stale', 1), 1);
    subject.remove('a');
    assert.equal(subject.add('a', 1, again, true), true);
    await nextTick();
    assert.deepEqual(again.values, []);
    // The leader's replay has the revision that it had.
    subject.deliver(delivery('a', 'replay', 1), 1);
    assert.deepEqual(again.values, ['replay']);
  });

  it('go to one listener only where its share was drawn', () => {
    const { subject } = subscriptions();
    const listeners = [listener(), listener(), listener()];
    for (const one of listeners) subject.add('a', 1, one, false);
    subject.deliver(delivery('a', 'x', 1), 1, 1);
    // Somebody has left since the draw.
    subject.deliver(delivery('a', 'y', 2), 1, 7);
    assert.deepEqual(
      listeners.map(({ values }) => values),
      [[], ['x'], []],
    );
  });
});
