import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { temporaryFolder } from '../helpers/folder.js';
import { inputs } from './inputs.js';
import { Stage } from './stage.js';
import { type Bounds, GROWTH, isOnlySlow, judge, tryOut } from './trial.js';

/** Ten times what `npm run hostile` asks for: here the machine may have other things to do. ms */
const SLOWEST = 500;

describe('a leader that is sent what is wrong, and its healthy follower meanwhile', {
  timeout: 300_000,
}, () => {
  let stage: Stage;
  let bounds: Bounds;

  before(async () => {
    stage = await Stage.open({ group: randomUUID(), runtimeDir: temporaryFolder() });
    bounds = { slowest: SLOWEST, heap: (await stage.warmHeap()) + GROWTH };
  });

  after(() => stage.close());

  for (const input of inputs) {
    it(`take it, ${input.phase} the handshake: ${input.name}`, async () => {
      let row = await tryOut(stage, input, bounds);
      if (isOnlySlow(row, bounds)) row = await tryOut(stage, input, bounds);
      assert.deepEqual(judge(row, bounds), []);
    });
  }
});
