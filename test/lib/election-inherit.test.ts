import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from '../../lib/election.js';
import { inheritClusterPort } from '../../lib/elections/port.js';
import { at, GONE, leadership, MUTE, type Script, ScriptedCandidate, ScriptedContact } from './candidates.js';

const LED_ELSEWHERE = leadership(1, 99);

/** Who leads from port 99, whose holder of the cluster port does what the script says. */
async function inherit(
  hub: ScriptedContact | 'unknown',
  script: Script,
  prepare: (one: ScriptedCandidate) => void = () => {},
) {
  const candidate = new ScriptedCandidate({ record: LED_ELSEWHERE, ...script });
  prepare(candidate);
  await inheritClusterPort(candidate, LED_ELSEWHERE, hub);
  return candidate.log;
}

describe('a leader on another port than the cluster port', () => {
  it('takes the cluster port when its holder goes', async () => {
    const hub = new ScriptedContact(GONE);
    let candidate: ScriptedCandidate | undefined;
    // On record from then on, as the same leader, at the port where newcomers ask first.
    assert.deepEqual(
      await inherit(hub, {}, (one) => {
        candidate = one;
      }),
      ['listen 1', 'claim 2'],
    );
    assert.deepEqual(candidate?.current, { ...LED_ELSEWHERE, n: 2, address: at(1) });
    assert.deepEqual([hub.waits, hub.closed], [[Infinity], 1]);
  });

  it('tells the next holder where the channel is led, where another was faster, and waits again', async () => {
    const next = new ScriptedContact(GONE);
    const script = { taken: [1], answers: { 1: [{ type: 'vacant', contact: next } as const] } };
    const log = await inherit(new ScriptedContact(GONE), script, (candidate) => {
      next.announce = (told) => {
        next.announced.push(told);
        candidate.taken.clear();
      };
    });
    assert.deepEqual(log, ['listen 1', 'ask 1', 'listen 1', 'claim 2']);
    assert.deepEqual([next.announced, next.closed], [[LED_ELSEWHERE], 1]);
  });

  it('tries again while the holder is just going', async () => {
    const doubtful: Answer = {
      type: 'foreign',
      error: Object.assign(new Error('hung up'), { certain: false }),
    };
    const log = await inherit(
      new ScriptedContact(GONE),
      { taken: [1], answers: { 1: [GONE, doubtful] } },
      (one) => {
        one.before = (act) => act === 'ask 1' && one.log.length === 4 && one.taken.clear();
      },
    );
    assert.deepEqual(log, ['listen 1', 'ask 1', 'listen 1', 'ask 1', 'listen 1', 'claim 2']);
  });

  it('leaves it at that where the channel is led by another by then, or a stranger has the port', async () => {
    const contact = new ScriptedContact();
    for (const answer of [
      { type: 'led', contact },
      { type: 'foreign', error: new Error('speaks HTTP') },
    ] as const) {
      const log = await inherit(new ScriptedContact(GONE), { taken: [1], answers: { 1: [answer] } });
      assert.deepEqual(log, ['listen 1', 'ask 1']);
    }
    assert.equal(contact.closed, 1);
  });

  it('wants the port no more when it is closed', async () => {
    const hub = new ScriptedContact();
    const log = await inherit(hub, {}, (candidate) => setImmediate(() => candidate.controller.abort()));
    assert.deepEqual([log, hub.closed], [[], 1]);
  });
});

describe('a leader on another port, where it is not known who holds the cluster port', () => {
  const rounds = ['listen 1', 'ask 1'];

  it('takes it at once where nobody does, and is on record there', async () => {
    let candidate: ScriptedCandidate | undefined;
    const log = await inherit('unknown', {}, (one) => {
      candidate = one;
    });
    assert.deepEqual(log, ['listen 1', 'claim 2']);
    assert.deepEqual(candidate?.current, { ...LED_ELSEWHERE, n: 2, address: at(1) });
  });

  it('asks a mute holder again until it goes, and takes the port then', async () => {
    const log = await inherit('unknown', { taken: [1], answers: { 1: [MUTE] } }, (one) => {
      one.before = (act) => act === 'ask 1' && one.log.length === 6 && one.taken.clear();
    });
    assert.deepEqual(log, [...rounds, ...rounds, ...rounds, 'listen 1', 'claim 2']);
  });

  it('tells a mute holder who leads where it wakes up, and waits until it goes', async () => {
    const awake = new ScriptedContact(GONE);
    const answers = { 1: [MUTE, { type: 'vacant', contact: awake } as const] };
    const log = await inherit('unknown', { taken: [1], answers }, (one) => {
      awake.announce = (told) => {
        awake.announced.push(told);
        one.taken.clear();
      };
    });
    assert.deepEqual(log, [...rounds, ...rounds, 'listen 1', 'claim 2']);
    assert.deepEqual([awake.announced, awake.waits, awake.closed], [[LED_ELSEWHERE], [Infinity], 1]);
  });

  it('leaves it at that where it wakes up and leads the channel, or refuses', async () => {
    const contact = new ScriptedContact();
    for (const answer of [
      { type: 'led', contact },
      { type: 'leaving', contact },
      { type: 'refused', error: new Error('another folder') },
    ] as const) {
      const log = await inherit('unknown', { taken: [1], answers: { 1: [MUTE, answer] } });
      assert.deepEqual(log, [...rounds, ...rounds]);
    }
    assert.equal(contact.closed, 2);
  });
});
