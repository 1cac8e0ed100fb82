import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { random } from './random.js';
import { KINDS, MAX_STOPPED, SLOTS, schedule } from './schedule.js';

const SEEDS = Array.from({ length: 50 }, (_, index) => index + 1);

describe('random numbers', () => {
  it('are those of mulberry32', () => {
    const draw = random(1);
    assert.deepEqual(
      [draw(), draw(), draw()].map((number) => Math.round(number * 2 ** 32)),
      [2693262067, 11749833, 2265367787],
    );
  });
});

describe('a schedule', () => {
  it('is the same for the same seed, and another for another', () => {
    assert.deepEqual(schedule(7, 60), schedule(7, 60));
    assert.notDeepEqual(schedule(7, 60), schedule(8, 60));
  });

  it('begins like a longer one of its seed', () => {
    const short = schedule(7, 20);
    assert.deepEqual(short, schedule(7, 60).slice(0, short.length));
  });

  it('has an event every 150 to 700 ms, to its end', () => {
    for (const seed of SEEDS) {
      const times = [0, ...schedule(seed, 30).map(({ at }) => at)];
      times.slice(1).forEach((at, index) => {
        const pause = at - (times[index] ?? 0);
        assert.ok(pause >= 150 && pause <= 700, `seed ${seed}: ${pause} ms`);
      });
      const last = times.at(-1) ?? 0;
      assert.ok(last >= 30_000 - 700 && last < 30_000, `seed ${seed}: ends at ${last}`);
    }
  });

  it('never has more members stopped at once than are bearable, and sometimes as many', () => {
    let most = 0;
    for (const seed of SEEDS) {
      const stops = schedule(seed, 60).filter(({ kind }) => kind === 'stop');
      for (const { at } of stops) {
        const together = stops.filter((stop) => stop.at <= at && at <= stop.at + stop.after);
        most = Math.max(most, together.length);
      }
    }
    assert.equal(most, MAX_STOPPED);
  });

  it('has events of every kind, for every slot and for the leader, within 20 s', () => {
    for (const seed of SEEDS) {
      const events = schedule(seed, 20);
      assert.deepEqual(new Set(events.map(({ kind }) => kind)), new Set(KINDS), `seed ${seed}`);
      assert.ok(new Set(events.map(({ slot }) => slot)).size > SLOTS / 2, `seed ${seed}`);
      assert.ok(events.some(({ leader }) => leader) && events.some(({ leader }) => !leader), `seed ${seed}`);
    }
  });

  it('keeps every number in its range', () => {
    for (const { kind, slot, after, pick } of SEEDS.flatMap((seed) => schedule(seed, 30))) {
      assert.ok(Number.isInteger(slot) && slot >= 0 && slot < SLOTS);
      assert.ok(pick >= 0 && pick < 1);
      const [from, to] = kind === 'stop' ? [50, 3_000] : [0, 500];
      assert.ok(after >= from && after <= to);
    }
  });
});
