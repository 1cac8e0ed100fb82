import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from '../../lib/election.js';
import { fixed } from '../../lib/elections/fixed.js';
import { port } from '../../lib/elections/port.js';
import { leadership, led, ScriptedCandidate, ScriptedContact, vacant } from './candidates.js';

const STRANGER = Object.assign(new Error('speaks HTTP'), { code: 'ERR_CLUSTER_PORT_TAKEN' });
const DOUBTFUL = Object.assign(new Error('closed without a word'), { certain: false });
const foreign = (error: Error): Answer => ({ type: 'foreign', error });

describe('a cluster port that strangers hold', () => {
  it('fails the election where it was given and they are certain to be strangers', async () => {
    const candidate = new ScriptedCandidate({ taken: [1], answers: { 1: [foreign(STRANGER)] } });
    await assert.rejects(port().elect(candidate), STRANGER);
    assert.deepEqual(candidate.log, ['listen 1', 'ask 1']);
  });

  it('is passed over for the next one where it was derived', async () => {
    const answers = { 1: [foreign(STRANGER)], 2: [foreign(STRANGER)] };
    const candidate = new ScriptedCandidate({ ports: [1, 2, 3], taken: [1, 2], answers });
    assert.equal((await port().elect(candidate)).role, 'leader');
    assert.deepEqual(candidate.log, ['listen 1', 'ask 1', 'listen 2', 'ask 2', 'listen 3', 'claim 1']);
  });

  it('is not passed over while they may be a hub that is just going: two hubs would each have a port', async () => {
    const contact = new ScriptedContact();
    const answers = { 1: [foreign(DOUBTFUL), led(contact)] };
    const candidate = new ScriptedCandidate({ ports: [1, 2], taken: [1], answers });
    assert.deepEqual(await port().elect(candidate), { role: 'follower', contact });
    assert.deepEqual(candidate.log, ['listen 1', 'ask 1', 'listen 1', 'ask 1']);
  });

  it('fails the election where all that were derived are theirs', async () => {
    const answers = { 1: [foreign(STRANGER)], 2: [foreign(STRANGER)] };
    const candidate = new ScriptedCandidate({ ports: [1, 2], taken: [1, 2], answers });
    await assert.rejects(port().elect(candidate), STRANGER);
  });

  it('is asked again where they may be a hub that is just going, and is ours in the end', async () => {
    const contact = new ScriptedContact();
    const answers = { 1: [foreign(DOUBTFUL), foreign(DOUBTFUL), led(contact)] };
    const candidate = new ScriptedCandidate({ taken: [1], answers });
    assert.deepEqual(await port().elect(candidate), { role: 'follower', contact });
  });

  it('fails the election, or is passed over, where they stay doubtful for more than ten rounds in a row', async () => {
    const answers = { 1: [foreign(DOUBTFUL)] };
    const given = new ScriptedCandidate({ taken: [1], answers });
    const derived = new ScriptedCandidate({ ports: [1, 2], taken: [1], answers });
    const [failed, elected] = await Promise.allSettled([port().elect(given), port().elect(derived)]);
    assert.deepEqual(failed, { status: 'rejected', reason: DOUBTFUL });
    assert.ok(elected.status === 'fulfilled' && elected.value.role === 'leader');
    for (const { log } of [given, derived]) assert.equal(log.filter((act) => act === 'ask 1').length, 11);
    assert.deepEqual(derived.log.slice(-2), ['listen 2', 'claim 1']);
  });

  it('is not asked at all where the record names a leader', async () => {
    const contact = new ScriptedContact();
    const answers = { 1: [foreign(STRANGER)], 7: [led(contact)] };
    const candidate = new ScriptedCandidate({ record: leadership(1, 7), taken: [1], answers });
    assert.deepEqual(await port().elect(candidate), { role: 'follower', contact });
  });

  it('named by the record is nobody: the cluster port is asked', async () => {
    const candidate = new ScriptedCandidate({
      record: leadership(1, 7),
      answers: { 7: [foreign(STRANGER)] },
    });
    assert.equal((await port().elect(candidate)).role, 'leader');
  });
});

describe('a hub that refuses', () => {
  it('fails the election with its reason, wherever it is', async () => {
    const refusal = Object.assign(new Error('another folder'), { code: 'ERR_CLUSTER_RUNTIME' });
    const answers = { 1: [{ type: 'refused', error: refusal } as const] };
    await assert.rejects(port().elect(new ScriptedCandidate({ taken: [1], answers })), refusal);
    await assert.rejects(
      port().elect(new ScriptedCandidate({ record: leadership(1, 1), taken: [1], answers })),
      refusal,
    );
  });
});

describe('a fixed leader', () => {
  it('leads where it can bind the port', async () => {
    const candidate = new ScriptedCandidate({});
    assert.equal((await fixed('leader').elect(candidate)).role, 'leader');
    assert.deepEqual(candidate.log, ['listen 1', 'claim 1']);
  });

  it('fails where another leads, and closes the link to it', async () => {
    const contact = new ScriptedContact();
    for (const script of [
      { taken: [1], answers: { 1: [led(contact)] } },
      { record: leadership(1, 7), answers: { 7: [led(contact)] } },
    ]) {
      await assert.rejects(fixed('leader').elect(new ScriptedCandidate(script)), {
        code: 'ERR_CLUSTER_LEADER_EXISTS',
        message: /create "Config" leader failed/,
        channel: 'Config',
      });
    }
    assert.equal(contact.closed, 2);
  });

  it('leads from another port at once where the port is taken and nobody leads the channel there', async () => {
    const hub = new ScriptedContact(undefined);
    const candidate = new ScriptedCandidate({ taken: [1], answers: { 1: [vacant(hub)] } });
    assert.equal((await fixed('leader').elect(candidate)).role, 'leader');
    assert.deepEqual(hub.waits, [0]);
    assert.equal(hub.announced.length, 1);
  });
});

describe('a fixed follower', () => {
  it('never binds a port nor claims the record: it asks until somebody leads', async () => {
    const contact = new ScriptedContact();
    const candidate = new ScriptedCandidate({
      answers: { 1: [{ type: 'gone' }, { type: 'gone' }, led(contact)] },
    });
    assert.deepEqual(await fixed('follower').elect(candidate), { role: 'follower', contact });
    assert.deepEqual(candidate.log, ['ask 1', 'ask 1', 'ask 1']);
  });

  it('waits at a hub for as long as it takes', async () => {
    const contact = new ScriptedContact();
    const hub = new ScriptedContact(led(contact));
    const candidate = new ScriptedCandidate({ answers: { 1: [vacant(hub)] } });
    assert.deepEqual(await fixed('follower').elect(candidate), { role: 'follower', contact });
    assert.deepEqual(hub.waits, [Infinity]);
  });

  it('looks at all derived ports, as it does not know which of them is its group', async () => {
    const contact = new ScriptedContact();
    const answers = { 1: [foreign(STRANGER)], 3: [led(contact)] };
    const candidate = new ScriptedCandidate({ ports: [1, 2, 3], answers });
    assert.deepEqual(await fixed('follower').elect(candidate), { role: 'follower', contact });
    assert.deepEqual(candidate.log, ['ask 1', 'ask 2', 'ask 3']);
  });
});

describe('an election that is aborted', () => {
  const aborted = { name: 'AbortError' };

  it('before it begins, does nothing', async () => {
    const candidate = new ScriptedCandidate({});
    candidate.controller.abort();
    await assert.rejects(port().elect(candidate), aborted);
    assert.deepEqual(candidate.log, []);
  });

  it('between two rounds, ends', async () => {
    const candidate = new ScriptedCandidate({ answers: { 1: [{ type: 'gone' }] } });
    let rounds = 0;
    candidate.before = () => {
      rounds += 1;
      // By then the pauses are longer than this test.
      if (rounds === 3) setImmediate(() => candidate.controller.abort());
    };
    await assert.rejects(fixed('follower').elect(candidate), aborted);
    assert.equal(rounds, 3);
  });

  it('while it waits at a hub, ends, closes that link and claims nothing', async () => {
    for (const election of [port(), fixed('follower')]) {
      const hub = new ScriptedContact();
      const candidate = new ScriptedCandidate({ taken: [1], answers: { 1: [vacant(hub)] } });
      candidate.before = (act) => act === 'ask 1' && setImmediate(() => candidate.controller.abort());
      await assert.rejects(election.elect(candidate), aborted);
      assert.deepEqual([hub.closed, hub.waits.length], [1, 1]);
      assert.equal(candidate.current, undefined);
      assert.ok(!candidate.log.includes('listen anywhere'));
    }
  });
});
