import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clock, Transit } from '../../lib/transit.js';
import { hostClock } from './clocks.js';

const WRAP = 2 ** 32;

type Times = [sentAt: number, readAt: number];

function waitsOf(isLocal: boolean, messages: Times[]): number[] {
  const transit = new Transit(isLocal);
  return messages.map(([sentAt, readAt]) => transit.waited(sentAt >>> 0, readAt >>> 0));
}

/** What the messages of a link between two hosts have waited: each is sent at the first time and read at the second. */
const waits = (...messages: Times[]) => waitsOf(false, messages);
/** The same of a link within one host. */
const waitsHere = (...messages: Times[]) => waitsOf(true, messages);

describe('the time that a message from another host has waited', () => {
  it('is nothing for the first one, whatever the two clocks say', () => {
    for (const [sentAt, readAt] of [
      [0, 0],
      [0, 5],
      [5, 1_000_000],
      [3_000_000_000, 5],
      [WRAP - 1, 0],
    ] as const) {
      assert.deepEqual(waits([sentAt, readAt]), [0]);
    }
  });

  it('is what the difference of the clocks has grown by since the first', () => {
    assert.deepEqual(waits([100, 5100], [200, 5200], [300, 5307], [400, 7400]), [0, 0, 7, 2000]);
  });

  it('is what the difference is above the least that was ever seen, and never negative', () => {
    assert.deepEqual(
      waits([100, 5150], [200, 5200], [300, 5350], [400, 5450], [500, 5499], [600, 5600]),
      [0, 0, 50, 50, 0, 1],
    );
  });

  it('is right while either clock begins anew after 2^32 ms', () => {
    assert.deepEqual(waits([WRAP - 100, 500], [0, 607], [100, 700]), [0, 7, 0]);
    assert.deepEqual(waits([500, WRAP - 100], [600, 7], [700, 100]), [0, 7, 0]);
    assert.deepEqual(waits([WRAP - 2, WRAP - 1], [WRAP - 1, 10], [3, 4]), [0, 10, 0]);
  });

  it('is right for clocks that differ by any time', () => {
    for (const offset of [1, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, WRAP - 1]) {
      assert.deepEqual(waits([0, offset], [100, offset + 130], [200, offset + 195]), [0, 30, 0], `${offset}`);
      assert.deepEqual(waits([0, offset], [100, offset + 99], [200, offset + 200]), [0, 0, 1], `${offset}`);
    }
  });
});

describe('the time that a message from this host has waited', () => {
  it('is what the one clock says, from the first message on', () => {
    assert.deepEqual(waitsHere([100, 103], [200, 200], [300, 9000]), [3, 0, 8700]);
    assert.deepEqual(waitsHere([WRAP - 3, 4], [10, 12]), [7, 2]);
  });

  it('is measured by the messages themselves where the first shows that it was sent by another clock', () => {
    assert.deepEqual(waitsHere([100, 99], [200, 204]), [0, 5]);
    assert.deepEqual(waitsHere([100, 10_100], [200, 10_250]), [0, 50]);
    assert.deepEqual(waitsHere([100, 10_099]), [9_999]);
  });

  it('is never negative, and measured by the fastest message, where a later one shows it', () => {
    assert.deepEqual(waitsHere([100, 103], [200, 190], [300, 300]), [3, 0, 10]);
  });

  it('is read from the clock of this process where nothing else is said', (t) => {
    const host = hostClock(t, 5_000.9);
    const transit = new Transit(true);
    const sentAt = clock();
    host.now += 400;
    assert.equal(transit.waited(sentAt), 400);
  });
});

describe('the clock of this process', () => {
  it('is that of the host, in whole ms', (t) => {
    const before = Number(process.hrtime.bigint() / 1_000_000n) % WRAP;
    const now = clock();
    assert.ok(now >= before && now - before < 1_000, `${before} ${now}`);
    hostClock(t, 12_345.9);
    assert.equal(clock(), 12_345);
  });

  it('begins anew after 2^32 of them', (t) => {
    const host = hostClock(t, 2 ** 31 + 0.5);
    assert.equal(clock(), 2 ** 31);
    host.now = WRAP + 5.7;
    assert.equal(clock(), 5);
  });
});
