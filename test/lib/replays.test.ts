import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPending } from '../helpers/until.js';
import { EPOCH, FRESH, rank, replaying, replayingBy } from './replaying.js';

const [A, B, C] = [{}, {}, {}];

describe('publications that are new', () => {
  it('are applied at once, and ranked under this epoch in the order in which they come', async () => {
    const { publish, applied } = replaying();
    const first = publish(A, 'a', FRESH);
    const second = publish(B, 'b', FRESH);
    assert.deepEqual(applied, ['a', 'b']);
    assert.deepEqual([await first, await second], [rank(EPOCH, 1), rank(EPOCH, 2)]);
  });
});

describe('replays', () => {
  it('of several publishers are collected for a while, then applied in the order of their ranks', (t) => {
    const { publish, applied } = replayingBy(t);
    for (const [publisher, key, of] of [
      [A, 'fourth', rank(2, 1)],
      [A, 'second', rank(1, 2)],
      [B, 'third', rank(1, 10)],
      [C, 'first', rank(1, 1)],
    ] as const) {
      void publish(publisher, key, of);
    }
    t.mock.timers.tick(49);
    assert.deepEqual(applied, []);
    t.mock.timers.tick(1);
    assert.deepEqual(applied, ['first', 'second', 'third', 'fourth']);
  });

  it('are acknowledged once they are applied, with the rank that they have had before', async (t) => {
    const { publish, collected } = replayingBy(t);
    const replayed = publish(A, 'a', rank(2, 7));
    assert.ok(await isPending(replayed));
    collected();
    assert.deepEqual(await replayed, rank(2, 7));
    assert.deepEqual(await publish(B, 'b', FRESH), rank(EPOCH, 1));
  });

  it('come before what is published for the first time meanwhile, which waits for them', async (t) => {
    const { publish, applied, collected } = replayingBy(t);
    const early = publish(A, 'replayed', rank(1, 1));
    const fresh = ['new', 'newer'].map((key) => publish(B, key, FRESH));
    const late = publish(C, 'replayed late', rank(4, 9));
    assert.ok(await isPending(fresh[0] as Promise<unknown>));
    assert.deepEqual(applied, []);
    collected();
    assert.deepEqual(applied, ['replayed', 'replayed late', 'new', 'newer']);
    assert.deepEqual(await Promise.all(fresh), [rank(EPOCH, 1), rank(EPOCH, 2)]);
    assert.deepEqual([await early, await late], [rank(1, 1), rank(4, 9)]);
  });

  it('that come late are applied with all of a higher rank once more, in order, and nothing of a lower one', (t) => {
    const { publish, applied, collected } = replayingBy(t);
    void publish(A, 'low', rank(1, 1));
    void publish(B, 'high', rank(1, 9));
    collected();
    void publish(B, 'new', FRESH);
    assert.deepEqual(applied.splice(0), ['low', 'high', 'new']);
    void publish(C, 'late', rank(1, 5));
    collected();
    assert.deepEqual(applied.splice(0), ['late', 'high', 'new']);
    t.mock.timers.tick(60_000);
    assert.deepEqual(applied, []);
  });

  it('that come late together are counted from the lowest of them', (t) => {
    const { publish, applied, collected } = replayingBy(t);
    void publish(A, 'known', rank(1, 3));
    collected();
    applied.length = 0;
    void publish(B, 'higher', rank(2, 1));
    void publish(C, 'lower', rank(1, 2));
    void publish(C, 'highest', rank(3, 1));
    collected();
    assert.deepEqual(applied, ['lower', 'known', 'higher', 'highest']);
  });

  it('of a publisher that comes back to the same leader are applied once more, after those of lower ranks', async (t) => {
    const { subject, publish, applied, collected } = replayingBy(t);
    const newest = await publish(A, 'newest', FRESH);
    subject.forget(A);
    void publish(B, 'late', rank(1, 1));
    collected();
    const returned = publish(C, 'newest', newest);
    void publish(B, 'later', rank(1, 2));
    collected();
    assert.deepEqual(applied, ['newest', 'late', 'later', 'newest']);
    assert.deepEqual(await returned, newest);
  });
});

describe('a publication that is made again', () => {
  it('replaces the one of the same publisher, which is acknowledged without being applied', async (t) => {
    const { subject, applied, collected } = replayingBy(t);
    const old = subject.publish(A, 'key', 'old', rank(1, 1));
    const renewed = subject.publish(A, 'key', 'renewed', FRESH);
    assert.deepEqual(await old, rank(1, 1));
    collected();
    assert.deepEqual(await renewed, rank(EPOCH, 1));
    assert.deepEqual(applied.splice(0), ['renewed']);
    void subject.publish(B, 'late', 'late', rank(1, 1));
    collected();
    assert.deepEqual(applied, ['late', 'renewed']);
  });

  it('does not replace that of another publisher', (t) => {
    const { subject, applied, collected } = replayingBy(t);
    void subject.publish(A, 'key', 'mine', rank(1, 2));
    void subject.publish(B, 'key', 'yours', rank(1, 1));
    collected();
    assert.deepEqual(applied, ['yours', 'mine']);
  });
});

describe('a publication that is refused', () => {
  it('is not made again after a late replay, as its publisher knows that it has failed', async (t) => {
    const { publish, applied, collected, failing } = replayingBy(t);
    failing.add('refused');
    await assert.rejects(publish(A, 'refused', FRESH));
    void publish(B, 'late', rank(1, 1));
    collected();
    assert.deepEqual(applied, ['refused', 'late']);
  });
});
