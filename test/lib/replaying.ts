import type { TestContext } from 'node:test';
import type { Rank } from '../../lib/publications.js';
import { Replays } from '../../lib/replays.js';

/** That of the leader whose replays these are. */
export const EPOCH = 5;
export const FRESH: Rank = { epoch: 0, sequence: 0 };
export const rank = (epoch: number, sequence: number): Rank => ({ epoch, sequence });

/** Replays whose real client notes what it is told, and fails where the test says. */
export function replaying() {
  const applied: unknown[] = [];
  const errors: unknown[] = [];
  const failing = new Set<unknown>();
  const subject = new Replays({
    epoch: EPOCH,
    apply: async (reg) => {
      applied.push(reg);
      if (failing.has(reg)) throw new Error(`cannot publish ${reg}`);
    },
    onError: (error) => errors.push(error),
  });
  /** The reg is the key as well. */
  const publish = (publisher: object, key: string, of: Rank) => subject.publish(publisher, key, key, of);
  return { subject, publish, applied, errors, failing };
}

/** The same, with timers that are the test's. @returns also what lets the time pass in which replays are collected. */
export function replayingBy(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return { ...replaying(), collected: () => t.mock.timers.tick(50) };
}
