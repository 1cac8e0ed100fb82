import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { TestContext } from 'node:test';
import fc from 'fast-check';
import { until } from '../helpers/until.js';

/** The part of FUZZ_CASES that each fuzzer runs, in hundredths. Those that make links and clients have the fewest. */
const SHARES = {
  decoder: 35,
  frames: 18,
  messages: 8,
  v1: 5,
  slices: 9,
  hub: 10,
  contact: 8,
  leader: 4,
  follower: 3,
};

const cases = Number(process.env['FUZZ_CASES'] ?? 100_000);
const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));

/** Many times what it takes; the failing case is made smaller as well. */
export const PATIENCE = { timeout: 120_000 + 10 * cases };

/** For so long a failing case is made smaller. ms */
const SHRINKING = 15_000;

/** What was thrown where nobody waits for it: the fault of the case that runs. */
const strays: unknown[] = [];
let hasStrayed = false;
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error: unknown) => {
    hasStrayed = true;
    strays.push(error);
  });
}

/** Runs a property as often as its share says. */
export async function fuzz<Case>(
  t: TestContext,
  share: keyof typeof SHARES,
  property: fc.IRawProperty<Case>,
): Promise<void> {
  const numRuns = Math.max(1, Math.round((cases * SHARES[share]) / 100));
  const again = `FUZZ_SEED=${seed} FUZZ_CASES=${cases} node scripts/test.js --long fuzz`;
  t.diagnostic(`${share}: ${numRuns} cases, seed ${seed}; the same again: ${again}`);
  const start = performance.now();
  try {
    await fc.assert(property, { numRuns, seed, includeErrorInReport: true });
  } catch (error) {
    // Of a stray the runner shows no more than itself.
    if (hasStrayed) t.diagnostic((error as Error).message);
    throw error;
  }
  t.diagnostic(`${share}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

/**
 * A property of something that many cases share, as to make it takes long. A case that fails spoils it: the next one,
 * as of those by which the failing case is made smaller, gets a new one.
 */
export function shared<World, Case>(
  make: () => Promise<World>,
  one: fc.Arbitrary<Case>,
  check: (world: World, one: Case) => Promise<void>,
  end: (world: World) => Promise<void>,
) {
  let world: World | undefined;
  let enough = Infinity;
  const property = fc.asyncProperty(one, async (given) => {
    // As if it were good: then nothing smaller is tried.
    if (performance.now() > enough) return;
    world ??= await make();
    try {
      await check(world, given);
      if (strays.length > 0) throw strays[0];
    } catch (error) {
      enough = Math.min(enough, performance.now() + SHRINKING);
      const spoilt = world;
      world = undefined;
      strays.length = 0;
      await end(spoilt);
      throw error;
    }
  });
  return { property, end: async () => world && end(world) };
}

/** ms after which what should come soon does not come at all. */
const SOON = 3_000;

/** `until`, for a condition that may never hold: that is the fault of the case. */
export async function soon(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + SOON;
  await until(() => condition() || performance.now() > end);
  assert.ok(condition(), `not so in ${SOON} ms: ${what}`);
}

/** What is under way has its turn, so many times. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
