import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settled, until } from '../helpers/until.js';
import { invoke, peered, turn } from './peers.js';

const LARGE = 'x'.repeat(100 * 1024);

/** A follower that reads no answer, and has asked three times for what is too much. */
async function greedy(maxQueuedBytes: number) {
  const all = await peered({ maxQueuedBytes });
  const { far, backend } = all;
  for (const id of [1, 2, 3]) far.send(invoke(id));
  await until(() => backend.asked.length === 3);
  far.link.pause();
  for (const { done } of backend.asked) {
    done?.(undefined, [LARGE]);
    await turn();
  }
  /** Asks once more, and gives the leader time to read it. */
  const ask = async (id: number) => {
    far.send(invoke(id));
    await settled();
    return backend.asked.length;
  };
  return { ...all, ask };
}

describe('a follower that does not read its answers', () => {
  it('is not read either once more than maxQueuedBytes wait for it, until it has read them', async () => {
    const { far, inbox, backend, ask } = await greedy(2 * LARGE.length);
    assert.equal(await ask(4), 3);
    far.link.resume();
    await until(() => backend.asked.length === 4);
    assert.deepEqual(
      inbox.of('result').map(({ id }) => id),
      [1, 2, 3],
    );
    assert.equal(await ask(5), 5);
  });

  it('is read for as long as no more than that waits', async () => {
    const { ask } = await greedy(4 * LARGE.length);
    assert.equal(await ask(4), 4);
  });

  it('is not cut off, nor are answers skipped', async () => {
    const { far, near, inbox, backend } = await greedy(LARGE.length);
    assert.deepEqual([near.closed, backend.errors], [undefined, []]);
    far.link.resume();
    await until(() => inbox.of('result').length === 3);
  });

  it('is not read where what waits are faults or acknowledgements', async () => {
    const { far, backend, ask } = await greedy(4 * LARGE.length);
    assert.equal(await ask(4), 4);
    backend.asked[3]?.done?.(new Error(LARGE), []);
    await turn();
    assert.equal(await ask(5), 4);
    far.link.resume();
    await until(() => backend.asked.length === 5);
  });
});
