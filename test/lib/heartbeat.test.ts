import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Heartbeat } from '../../lib/heartbeat.js';

const INTERVAL = 100;

/** A heartbeat whose clock is the test's; it has ticked on time so far. */
function watched(misses?: number) {
  const seen = { beats: 0, dead: [] as number[] };
  const heartbeat = new Heartbeat(
    {
      interval: INTERVAL,
      ...(misses === undefined ? {} : { misses }),
      beat: () => {
        seen.beats += 1;
      },
      dead: (silentFor) => seen.dead.push(silentFor),
    },
    0,
  );
  return { heartbeat, seen };
}

describe('a heartbeat', () => {
  it('beats at each tick', () => {
    const { heartbeat, seen } = watched();
    for (const tick of [1, 2, 3]) {
      heartbeat.tick(tick * INTERVAL);
      assert.equal(seen.beats, tick);
    }
  });

  it('holds a peer for alive for as long as any frame comes now and then', () => {
    const { heartbeat, seen } = watched();
    for (let tick = 1; tick <= 60; tick += 1) {
      heartbeat.tick(tick * INTERVAL);
      if (tick % 3 === 0) heartbeat.heard(tick * INTERVAL + 1);
    }
    assert.deepEqual(seen, { beats: 60, dead: [] });
  });

  it('finds a peer dead after three silent intervals, and not before', () => {
    const { heartbeat, seen } = watched();
    for (const tick of [1, 2, 3]) heartbeat.tick(tick * INTERVAL);
    assert.deepEqual(seen.dead, []);
    heartbeat.tick(4 * INTERVAL);
    assert.deepEqual(seen.dead, [4 * INTERVAL]);
  });

  it('counts the silence from the last frame', () => {
    const { heartbeat, seen } = watched();
    for (let tick = 1; tick <= 5; tick += 1) {
      heartbeat.tick(tick * INTERVAL);
      if (tick === 2) heartbeat.heard(2.9 * INTERVAL);
    }
    heartbeat.tick(6 * INTERVAL);
    assert.deepEqual(seen.dead, []);
    heartbeat.tick(7 * INTERVAL);
    assert.deepEqual(seen.dead, [Math.round(4.1 * INTERVAL)]);
  });

  it('can be told how many misses are too many', () => {
    const { heartbeat, seen } = watched(1);
    heartbeat.tick(INTERVAL);
    assert.deepEqual(seen.dead, []);
    heartbeat.tick(2 * INTERVAL);
    assert.deepEqual(seen.dead, [2 * INTERVAL]);
  });

  it('tells of the death once and beats no more', () => {
    const { heartbeat, seen } = watched();
    for (let tick = 1; tick <= 10; tick += 1) heartbeat.tick(tick * INTERVAL);
    assert.equal(seen.dead.length, 1);
    assert.equal(seen.beats, 3);
  });

  it('does not hold against the peer that this process was away', () => {
    const { heartbeat, seen } = watched();
    heartbeat.tick(INTERVAL);
    heartbeat.heard(INTERVAL);
    // Stopped for a hundred intervals; the frames of that time are still in the socket.
    heartbeat.tick(102 * INTERVAL);
    heartbeat.tick(103 * INTERVAL);
    heartbeat.tick(104 * INTERVAL);
    assert.deepEqual(seen.dead, []);
    assert.equal(seen.beats, 4);
  });

  it('still finds a peer dead that stays silent after this process is back', () => {
    const { heartbeat, seen } = watched();
    heartbeat.tick(101 * INTERVAL);
    for (let tick = 102; tick <= 103; tick += 1) heartbeat.tick(tick * INTERVAL);
    assert.deepEqual(seen.dead, []);
    heartbeat.tick(104 * INTERVAL);
    // Its silence while this process was there, not the hundred intervals in which it was not.
    assert.deepEqual(seen.dead, [4 * INTERVAL]);
  });

  it('takes ticks that are a little late for what they are', () => {
    const { heartbeat, seen } = watched();
    let now = 0;
    for (let tick = 1; tick <= 2; tick += 1) {
      now += 1.2 * INTERVAL;
      heartbeat.tick(now);
    }
    assert.deepEqual(seen.dead, []);
    heartbeat.tick(now + 1.2 * INTERVAL);
    assert.deepEqual(seen.dead, [Math.round(3.6 * INTERVAL)]);
  });

  it('does not take a frame for one of the future after a late tick', () => {
    const { heartbeat, seen } = watched();
    heartbeat.heard(99 * INTERVAL);
    heartbeat.tick(100 * INTERVAL);
    for (const tick of [101, 102, 103]) heartbeat.tick(tick * INTERVAL);
    assert.deepEqual(seen.dead, []);
    heartbeat.tick(104 * INTERVAL);
    assert.deepEqual(seen.dead, [4 * INTERVAL]);
  });
});
