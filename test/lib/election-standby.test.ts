import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from '../../lib/election.js';
import { port } from '../../lib/elections/port.js';
import { at, GONE, leadership, led, ScriptedCandidate, ScriptedContact } from './candidates.js';

function candidate(...news: (Answer | undefined)[]) {
  const standby = new ScriptedContact(...news);
  const script = { record: leadership(3, 7), taken: [1], answers: { 7: [led()] } };
  return { standby, candidate: Object.assign(new ScriptedCandidate(script), { standby }) };
}

describe('who has a link to the standby of the leader that was lost', () => {
  it('follows it, and neither dials nor binds', async () => {
    const contact = new ScriptedContact();
    const { candidate: one, standby } = candidate(led(contact));
    assert.deepEqual(await port().elect(one), { role: 'follower', contact });
    assert.deepEqual([one.log, standby.waits], [[], [50]]);
  });

  for (const [what, news] of [
    ['does not lead soon', undefined],
    ['has gone as well', GONE],
    ['says that it is led elsewhere', { type: 'moved', epoch: 9, address: at(5) }],
  ] as [string, Answer | undefined][]) {
    it(`runs like everybody else where that one ${what}`, async () => {
      const { candidate: one, standby } = candidate(news);
      assert.equal((await port().elect(one)).role, 'follower');
      assert.deepEqual([one.log, standby.closed], [['ask 7'], 1]);
    });
  }

  it('lets go of it where its client is closed', async () => {
    const { candidate: one, standby } = candidate();
    const elected = port().elect(one);
    one.controller.abort(new Error('closed'));
    await assert.rejects(elected, /closed/);
    assert.equal(standby.closed, 1);
  });
});
