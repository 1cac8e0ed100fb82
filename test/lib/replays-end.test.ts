import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { until } from '../helpers/until.js';
import { EPOCH, FRESH, rank, replaying, replayingBy } from './replaying.js';

const [A, B, C] = [{}, {}, {}];

describe('a publication that the real client refuses', () => {
  it('fails for who waits for it', async () => {
    const { publish, failing, errors } = replaying();
    failing.add('new');
    await assert.rejects(publish(A, 'new', FRESH), /cannot publish new/);
    assert.deepEqual(errors, []);
  });

  it('fails for who waits for it also after replays were collected, and for nobody else', async (t) => {
    const { publish, failing, errors, collected } = replayingBy(t);
    for (const key of ['replayed', 'new among replays']) failing.add(key);
    const replayed = publish(B, 'replayed', rank(1, 1));
    const fresh = publish(B, 'new among replays', FRESH);
    const fine = publish(C, 'fine', rank(1, 2));
    collected();
    await assert.rejects(replayed, /cannot publish replayed/);
    await assert.rejects(fresh, /cannot publish new among replays/);
    assert.deepEqual(await fine, rank(1, 2));
    assert.deepEqual(errors, [], 'what somebody waits for is not reported as well');
  });

  it('is reported where nobody waits for it, as it is applied once more', async (t) => {
    const { publish, failing, errors, collected } = replayingBy(t);
    assert.deepEqual(await publish(A, 'new', FRESH), rank(EPOCH, 1));
    failing.add('new');
    const late = publish(B, 'late', rank(1, 1));
    collected();
    assert.deepEqual(await late, rank(1, 1));
    await until(() => errors.length > 0);
    assert.deepEqual(errors.map(String), ['Error: cannot publish new']);
  });
});

describe('a publisher that has gone', () => {
  it('takes its publications along: they are not applied again, nor those that wait at all', async (t) => {
    const { subject, publish, applied, collected } = replayingBy(t);
    void publish(A, 'gone', FRESH);
    void publish(B, 'stays', FRESH);
    const waiting = publish(A, 'waits', rank(1, 2));
    const late = publish(C, 'late', rank(1, 1));
    applied.length = 0;
    subject.forget(A);
    subject.forget({});
    await waiting;
    collected();
    await late;
    assert.deepEqual(applied, ['late', 'stays']);
  });
});

describe('replays that are closed', () => {
  it('leave no timer and nobody waiting, and apply nothing more', async () => {
    const { subject, publish, applied } = replaying();
    const waiting = [publish(A, 'a', rank(1, 1)), publish(B, 'b', rank(1, 2)), publish(B, 'c', FRESH)];
    assert.ok(process.getActiveResourcesInfo().includes('Timeout'));
    subject.close();
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
    await Promise.all(waiting);
    assert.deepEqual(applied, []);
  });

  it('leave nobody waiting who comes later either', async () => {
    const { subject, publish, applied } = replaying();
    void publish(A, 'a', rank(1, 1));
    subject.close();
    await publish(B, 'later', FRESH);
    assert.deepEqual(applied, ['later']);
  });
});
