import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer, Election } from '../../lib/election.js';
import { fixed } from '../../lib/elections/fixed.js';
import { port } from '../../lib/elections/port.js';
import {
  GONE,
  leadership,
  led,
  type Script,
  ScriptedCandidate,
  ScriptedContact,
  vacant,
} from './candidates.js';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Once somebody begins to watch, another is recorded who leads at port 7. `atOnce` is what was done by the turn of
 * the event loop after that.
 */
async function called(script: Script, election: Election, next: Answer[] = []) {
  const contact = new ScriptedContact();
  const n = (script.record?.n ?? 0) + 1;
  const candidate = new ScriptedCandidate({
    ...script,
    answers: { ...script.answers, 7: [...next, led(contact)] },
  });
  let watches = 0;
  let atOnce: Promise<string[]> | undefined;
  candidate.onWatch = () => {
    watches += 1;
    if (atOnce) return;
    const { length } = candidate.log;
    // Before any other timer, which might end the wait as well.
    process.nextTick(() => candidate.change(leadership(n, 7)));
    atOnce = turn().then(() => candidate.log.slice(length));
  };
  const elected = await election.elect(candidate);
  assert.deepEqual(elected, { role: 'follower', contact });
  assert.equal(candidate.watchers, 0, 'nobody goes on watching');
  return { candidate, watches, atOnce: await atOnce };
}

describe('a change of the record', () => {
  it('ends the pause between two rounds', async () => {
    const { atOnce } = await called({}, fixed('follower'));
    assert.deepEqual(atOnce, ['ask 7']);
  });

  it('makes the pauses short again', async () => {
    const { candidate, watches } = await called({}, fixed('follower'), [GONE]);
    assert.deepEqual(candidate.log.slice(-3), ['ask 7', 'ask 1', 'ask 7']);
    assert.equal(watches, 1, 'who pauses for long watches the record');
  });

  it('ends an ask that takes long: of whom the record named', async () => {
    const script: Script = { record: leadership(3, 8), answers: { 8: ['silence'] } };
    const { candidate, atOnce } = await called(script, port());
    assert.deepEqual(atOnce?.slice(0, 1), ['listen 1']);
    assert.deepEqual(candidate.log, ['ask 8', 'listen 1', 'ask 7']);
  });

  it('ends an ask that takes long: at the cluster port', async () => {
    const { candidate } = await called({ taken: [1], answers: { 1: ['silence'] } }, port());
    assert.deepEqual(candidate.log, ['listen 1', 'ask 1', 'ask 7']);
  });

  it('does not end an ask of the very one who is recorded: who waits there hears of it first', async () => {
    const contact = new ScriptedContact();
    let answer = (_answer: Answer) => {};
    const answers = {
      1: [
        new Promise<Answer>((resolve) => {
          answer = resolve;
        }),
      ],
    };
    const candidate = new ScriptedCandidate({ taken: [1], answers });
    candidate.onWatch = () =>
      setImmediate(() => {
        candidate.change(leadership(1, 1));
        setImmediate(() => answer(led(contact)));
      });
    assert.deepEqual(await port().elect(candidate), { role: 'follower', contact });
    assert.deepEqual(candidate.log, ['listen 1', 'ask 1']);
  });

  it('ends the wait at a hub, whose link is closed', async () => {
    for (const election of [port(), fixed('follower')]) {
      const hub = new ScriptedContact();
      const { candidate } = await called({ taken: [1], answers: { 1: [vacant(hub)] } }, election);
      assert.deepEqual([hub.waits.length, hub.closed, hub.announced], [1, 1, []]);
      assert.equal(candidate.log.at(-1), 'ask 7');
    }
  });

  it('ends a wait also where it came before anybody watched', async () => {
    const contact = new ScriptedContact();
    const candidate = new ScriptedCandidate({ answers: { 1: ['silence'], 7: [led(contact)] } });
    candidate.before = (act) => {
      if (act === 'ask 1') candidate.current = leadership(1, 7);
    };
    assert.deepEqual(await fixed('follower').elect(candidate), { role: 'follower', contact });
    assert.deepEqual(candidate.log, ['ask 1', 'ask 7']);
  });
});

describe('whoever waits', () => {
  it('does not watch the record where the wait is short', async () => {
    const candidate = new ScriptedCandidate({ answers: { 1: [GONE, led()] } });
    candidate.onWatch = assert.fail;
    assert.equal((await fixed('follower').elect(candidate)).role, 'follower');
  });

  it('is not called by a record that cannot be read for a moment', async () => {
    const candidate = new ScriptedCandidate({ answers: { 1: ['silence'], 7: [led()] } });
    const { record } = candidate;
    let reads = 0;
    const read = () => {
      reads += 1;
      if (reads === 2) throw new Error('too many open files');
      return candidate.current;
    };
    Object.defineProperty(candidate, 'record', { value: { ...record, read } });
    let stillWatched = 0;
    candidate.onWatch = () =>
      setImmediate(() => {
        stillWatched = candidate.watchers;
        candidate.change(leadership(1, 7));
      });
    assert.equal((await fixed('follower').elect(candidate)).role, 'follower');
    assert.deepEqual([stillWatched, candidate.log], [1, ['ask 1', 'ask 7']]);
    assert.ok(reads > 2);
  });

  it('at a hub is patient as a newcomer who may lead, and not where he has known a leader', async () => {
    for (const [script, patience] of [
      [{}, 250],
      [{ epoch: 5 }, 0],
    ] as const) {
      const hub = new ScriptedContact(undefined);
      const candidate = new ScriptedCandidate({ taken: [1], answers: { 1: [vacant(hub)] }, ...script });
      assert.equal((await port().elect(candidate)).role, 'leader');
      assert.deepEqual(hub.waits, [patience]);
    }
  });
});
