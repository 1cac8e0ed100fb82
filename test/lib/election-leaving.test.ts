import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from '../../lib/election.js';
import { fixed } from '../../lib/elections/fixed.js';
import { port } from '../../lib/elections/port.js';
import { isPending } from '../helpers/until.js';
import { at, GONE, leadership, led, MUTE, ScriptedCandidate, ScriptedContact, vacant } from './candidates.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const leaving = (contact: ScriptedContact): Answer => ({ type: 'leaving', contact });

/** A link to one who leaves, or whose link breaks, when the test says so. */
class Leaver extends ScriptedContact {
  #tell: (news: Answer) => void = () => {};
  readonly #told = new Promise<Answer>((resolve) => {
    this.#tell = resolve;
  });

  leave(left = true): void {
    this.#tell({ type: 'gone', left });
  }

  override news(ms: number, signal: AbortSignal): Promise<Answer | undefined> {
    return Promise.race([this.#told, super.news(ms, signal)]);
  }
}

describe('a leader that is leaving', () => {
  it('is succeeded by who may lead, who claims the record before it has left', async () => {
    for (const election of [port(), fixed('leader')]) {
      const contact = new Leaver();
      const candidate = new ScriptedCandidate({
        record: leadership(3, 7),
        answers: { 7: [leaving(contact)] },
      });
      const elected = await election.elect(candidate);
      assert.deepEqual(candidate.log, ['ask 7', 'listen anywhere', 'claim 4']);
      assert.ok(elected.role === 'leader' && elected.succession);
      assert.deepEqual([elected.leadership.address, elected.leadership.replaces], [at(99), undefined]);
      assert.deepEqual([elected.hub, contact.closed], ['unknown', 0]);
      assert.ok(await isPending(elected.succession));
      contact.leave();
      await elected.succession;
      assert.deepEqual([contact.closed, candidate.log.length], [1, 3]);
    }
  });

  it('is succeeded also where it holds the cluster port', async () => {
    for (const record of [undefined, leadership(3, 1)]) {
      const contact = new Leaver();
      const candidate = new ScriptedCandidate({ record, taken: [1], answers: { 1: [leaving(contact)] } });
      const elected = await port().elect(candidate);
      assert.deepEqual(candidate.log.slice(0, 3), ['listen 1', 'ask 1', 'listen anywhere']);
      assert.ok(elected.role === 'leader' && elected.succession);
      assert.ok(await isPending(elected.succession));
      contact.leave();
      await elected.succession;
    }
  });

  it('is succeeded by one of many: who comes second lets go of it, and follows the first', async () => {
    for (const moment of ['listen anywhere', 'claim 4']) {
      const [left, contact] = [new Leaver(), new ScriptedContact()];
      const answers = { 7: [leaving(left)], 8: [led(contact)] };
      const candidate = new ScriptedCandidate({ record: leadership(3, 7), answers });
      candidate.before = (act) => act === moment && candidate.change(leadership(4, 8));
      assert.deepEqual(await port().elect(candidate), { role: 'follower', contact });
      assert.equal(candidate.log.at(-1), 'ask 8');
      assert.equal(left.closed, 1);
    }
  });
});

describe('whoever succeeds a leader whose link breaks before it has left', () => {
  /** Leads from elsewhere, and has just lost the link to the one before, where these are the answers from now on. */
  async function cutOff(...answers: Answer[]) {
    const leaver = new Leaver();
    const candidate = new ScriptedCandidate({
      record: leadership(3, 7),
      answers: { 7: [leaving(leaver), ...answers] },
    });
    const elected = await port().elect(candidate);
    assert.ok(elected.role === 'leader' && elected.succession);
    candidate.log.length = 0;
    leaver.leave(false);
    return { candidate, leaver, succession: elected.succession };
  }

  it('asks again, and waits on', async () => {
    const again = new Leaver();
    const { candidate, leaver, succession } = await cutOff(leaving(again));
    assert.ok(await isPending(succession));
    assert.deepEqual([candidate.log, leaver.closed, again.closed], [['ask 7'], 1, 0]);
    again.leave();
    await succession;
    assert.deepEqual([candidate.log, again.closed], [['ask 7'], 1]);
  });

  it('asks again also where the link cannot be made', async () => {
    const broken = Object.assign(new Error('closed without a word'), { certain: false });
    const foreign = { type: 'foreign', error: broken } as const;
    const { candidate, succession } = await cutOff(foreign, foreign, GONE);
    await succession;
    assert.deepEqual(candidate.log, ['ask 7', 'ask 7', 'ask 7']);
  });

  it('waits no longer where it has gone by then, hangs, is no hub of ours, or leads nothing', async () => {
    const contact = new ScriptedContact();
    const stranger = { type: 'foreign', error: new Error('speaks HTTP') } as const;
    for (const answer of [GONE, MUTE, stranger, vacant(contact), led(contact)]) {
      const { candidate, succession } = await cutOff(answer);
      await succession;
      assert.deepEqual(candidate.log, ['ask 7'], answer.type);
    }
    assert.equal(contact.closed, 2);
  });

  it('waits no longer when it is closed itself', async () => {
    const again = new Leaver();
    const { candidate, succession } = await cutOff(leaving(again));
    assert.ok(await isPending(succession));
    candidate.controller.abort();
    await succession;
    assert.equal(again.closed, 1);
  });
});

describe('a leader that is leaving is waited for', () => {
  /** Asks whom the record names, who is leaving, and then leads at the same port. */
  function waiting(more: { shared?: boolean; leads?: boolean }) {
    const [leaver, contact] = [new Leaver(), new ScriptedContact()];
    const candidate = new ScriptedCandidate({
      record: leadership(3, 7),
      answers: { 7: [leaving(leaver), led(contact)] },
      ...more,
    });
    candidate.leads = more.leads ?? false;
    return { leaver, contact, candidate };
  }

  it('until it has left, by who may not claim the record, and asked again without a pause', async () => {
    for (const [election, more] of [
      [fixed('follower'), {}],
      [port(), { shared: false }],
      [port(), { leads: true }],
    ] as const) {
      const { leaver, contact, candidate } = waiting(more);
      const elected = election.elect(candidate);
      await turn();
      await turn();
      assert.deepEqual([candidate.log, leaver.waits, leaver.closed], [['ask 7'], [Infinity], 0]);
      leaver.leave();
      // Any pause would take a millisecond.
      await turn();
      assert.deepEqual([candidate.log, leaver.closed], [['ask 7', 'ask 7'], 1]);
      assert.deepEqual(await elected, { role: 'follower', contact });
    }
  });

  it('until somebody else is recorded', async () => {
    const { leaver, candidate } = waiting({});
    candidate.onWatch = () => process.nextTick(() => candidate.change(leadership(4, 7)));
    assert.equal((await fixed('follower').elect(candidate)).role, 'follower');
    assert.deepEqual([candidate.log, leaver.closed, candidate.watchers], [['ask 7', 'ask 7'], 1, 0]);
  });

  it('until the election is aborted', async () => {
    const { leaver, candidate } = waiting({});
    const elected = fixed('follower').elect(candidate);
    await turn();
    candidate.controller.abort();
    await assert.rejects(elected, { name: 'AbortError' });
    assert.deepEqual([candidate.log, leaver.closed], [['ask 7'], 1]);
  });
});
