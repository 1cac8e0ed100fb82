import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Heartbeat } from '../../lib/heartbeat.js';

const INTERVAL = 100;

/** A heartbeat whose clock is the test's, and what it says of a peer that is dead: silent for, own lag. */
function watched(misses?: number) {
  const dead: [number, number][] = [];
  const heartbeat = new Heartbeat(
    { interval: INTERVAL, misses, beat: () => {}, dead: (...silence) => dead.push(silence) },
    0,
  );
  const tickAt = (...intervals: number[]) => {
    for (const at of intervals) heartbeat.tick(at * INTERVAL);
  };
  return { heartbeat, tickAt, dead };
}

describe('the lag that is told with a silence', () => {
  it('is nothing where every tick came in time', () => {
    const { tickAt, dead } = watched();
    tickAt(1, 2, 3, 4);
    assert.deepEqual(dead, [[4 * INTERVAL, 0]]);
  });

  it('is that of the latest tick since the peer was heard, also where others were in time since', () => {
    const { tickAt, dead } = watched();
    tickAt(1, 2.3, 3.4, 4.5);
    assert.deepEqual(dead, [[4.5 * INTERVAL, 30]]);
  });

  it('counts a tick that was so late that its time is not held against the peer', () => {
    const { tickAt, dead } = watched();
    tickAt(1, 21, 22, 23);
    assert.deepEqual(dead, [[4 * INTERVAL, 19 * INTERVAL]]);
  });

  it('of before the last frame counts no more', () => {
    const { heartbeat, tickAt, dead } = watched();
    tickAt(1, 9);
    heartbeat.heard(9 * INTERVAL);
    tickAt(10, 11.2, 12.2);
    assert.deepEqual(dead, []);
    tickAt(13.2);
    assert.deepEqual(dead, [[4.2 * INTERVAL, 20]]);
  });
});

describe('a peer of whom two misses are too many', () => {
  it('is dead with the third beat, not before', () => {
    const { tickAt, dead } = watched(2);
    tickAt(1, 2);
    assert.deepEqual(dead, []);
    tickAt(3);
    assert.deepEqual(dead, [[3 * INTERVAL, 0]]);
  });

  it('is alive for as long as a frame comes between two beats and the third', () => {
    const { heartbeat, tickAt, dead } = watched(2);
    for (let at = 1; at < 30; at += 2) {
      tickAt(at, at + 1);
      heartbeat.heard((at + 1.4) * INTERVAL);
    }
    assert.deepEqual(dead, []);
  });
});

describe('a peer', () => {
  it('is late once its beat is half an interval overdue, and no more with its next frame', () => {
    const { heartbeat } = watched();
    assert.equal(heartbeat.isLate(1.5 * INTERVAL), false);
    assert.equal(heartbeat.isLate(1.5 * INTERVAL + 1), true);
    heartbeat.heard(2 * INTERVAL);
    assert.equal(heartbeat.isLate(3.5 * INTERVAL), false);
    assert.equal(heartbeat.isLate(3.5 * INTERVAL + 1), true);
  });

  it('is not late by the time for which this process was away', () => {
    const { heartbeat, tickAt } = watched();
    tickAt(10);
    assert.equal(heartbeat.isLate(10 * INTERVAL), false);
  });
});
