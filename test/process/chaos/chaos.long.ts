import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import { temporaryFolder } from '../../helpers/folder.js';
import { Conductor } from './conductor.js';

// Runs of so many seconds, one for each of the seeds; a seed determines what is done, and when.
const seeds = (process.env['CHAOS_SEEDS'] ?? '1,2,3').split(',').map(Number);
const seconds = Number(process.env['CHAOS_SECONDS'] ?? 60);

/** For the start, the last change of leader, what is still on its way, and the end. ms */
const MARGIN = 120_000;
/** The first violations tell most. */
const MAX_SHOWN = 40;

describe('a group of processes that are killed, stopped, closed and cut off from each other', () => {
  for (const seed of seeds) {
    it(`survives ${seconds} s of it, seed ${seed}`, { timeout: seconds * 1_000 + MARGIN }, async (t) => {
      const again = `CHAOS_SEEDS=${seed} CHAOS_SECONDS=${seconds} node scripts/test.js --long`;
      t.diagnostic(`seed ${seed}; the same again: ${again}`);
      const conductor = new Conductor();
      t.after(() => conductor.end());
      const group = { group: randomUUID(), runtimeDir: temporaryFolder(t) };
      const { violations, summary } = await conductor.chaos(seed, seconds, group);
      t.diagnostic(`seed ${seed}: ${summary}`);
      const shown = violations.slice(0, MAX_SHOWN).join('\n');
      assert.ok(violations.length === 0, `${violations.length} violations; again: ${again}\n${shown}`);
    });
  }
});
