import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Elected, Election } from '../../lib/election.js';
import { fixed } from '../../lib/elections/fixed.js';
import { port } from '../../lib/elections/port.js';
import {
  at,
  GONE,
  leadership,
  led,
  MUTE,
  type Script,
  ScriptedCandidate,
  ScriptedContact,
  vacant,
} from './candidates.js';

async function run(
  script: Script,
  prepare: (candidate: ScriptedCandidate) => void = () => {},
  election: Election = port(),
) {
  const candidate = new ScriptedCandidate(script);
  prepare(candidate);
  const elected = await election.elect(candidate);
  return { candidate, elected, log: candidate.log };
}

/** Of one who leads: whether the one before may wake up, at which port it listens itself, and what it knows of the hub. */
function lead(elected: Elected) {
  assert.ok(elected.role === 'leader');
  const { leadership, hub } = elected;
  return [leadership.replaces ?? false, leadership.address, hub];
}

describe('a leader on record that is mute', () => {
  it('is replaced from the cluster port where that is free', async () => {
    for (const election of [port(), fixed('leader')]) {
      const script = { record: leadership(3, 7), answers: { 7: [MUTE] } };
      const { elected, log } = await run(script, undefined, election);
      assert.deepEqual(log, ['ask 7', 'listen 1', 'claim 4']);
      assert.deepEqual(lead(elected), [true, at(1), undefined]);
    }
  });

  it('is not replaced where the record was wiped and begun anew meanwhile, under the same number', async () => {
    const contact = new ScriptedContact();
    const script = { record: leadership(1, 7), answers: { 7: [MUTE], 8: [led(contact)] } };
    const { elected } = await run(script, (candidate) => {
      candidate.before = (act) => {
        if (act === 'listen 1') candidate.change(leadership(1, 8, 999));
      };
    });
    assert.deepEqual(elected, { role: 'follower', contact });
  });

  it('is replaced from another port where it holds the cluster port', async () => {
    const { elected, log } = await run({ record: leadership(3, 1), taken: [1], answers: { 1: [MUTE] } });
    assert.deepEqual(log, ['listen 1', 'ask 1', 'listen anywhere', 'claim 4']);
    assert.deepEqual(lead(elected), [true, at(99), 'unknown']);
  });

  it('is not asked twice where it holds not the first of the derived ports', async () => {
    const stranger = { type: 'foreign', error: new Error('speaks HTTP') } as const;
    const answers = { 1: [stranger], 2: [MUTE] };
    const { elected, log } = await run({ ports: [1, 2], record: leadership(3, 2), taken: [1, 2], answers });
    assert.deepEqual(log, ['ask 2', 'listen 1', 'ask 1', 'listen 2', 'listen anywhere', 'claim 4']);
    assert.deepEqual(lead(elected), [true, at(99), 'unknown']);
  });

  it('is replaced at once where another hub holds the cluster port, which is told', async () => {
    const hub = new ScriptedContact(undefined);
    const answers = { 7: [MUTE], 1: [vacant(hub)] };
    const { elected, log, candidate } = await run({ record: leadership(3, 7), taken: [1], answers });
    assert.deepEqual(log, ['ask 7', 'listen 1', 'ask 1', 'listen anywhere', 'claim 4']);
    assert.deepEqual(lead(elected), [true, at(99), hub]);
    assert.deepEqual([hub.waits, hub.closed, hub.announced], [[0], 0, [candidate.current]]);
  });

  it('is replaced from another port where the holder of the cluster port is mute as well', async () => {
    const answers = { 7: [MUTE], 1: [MUTE] };
    const { elected, log } = await run({ record: leadership(3, 7), taken: [1], answers });
    assert.deepEqual(log, ['ask 7', 'listen 1', 'ask 1', 'listen anywhere', 'claim 4']);
    assert.deepEqual(lead(elected), [true, at(99), 'unknown']);
  });

  it('is no matter where the channel is led at the cluster port', async () => {
    const contact = new ScriptedContact();
    const answers = { 7: [MUTE], 1: [led(contact)] };
    const { elected } = await run({ record: leadership(3, 7), taken: [1], answers });
    assert.deepEqual(elected, { role: 'follower', contact });
  });

  it('is replaced by one of many: who comes second follows the first', async () => {
    const contact = new ScriptedContact();
    for (const moment of ['listen 1', 'claim 4']) {
      const script = { record: leadership(3, 7), answers: { 7: [MUTE], 8: [led(contact)] } };
      const { elected, log } = await run(script, (one) => {
        one.before = (act) => act === moment && one.change(leadership(4, 8));
      });
      assert.deepEqual(elected, { role: 'follower', contact });
      assert.deepEqual(log.slice(-2), [moment, 'ask 8']);
    }
  });

  it('is given its moment by the next one as well, where who replaced it is dead at once', async (t) => {
    t.mock.timers.enable({ apis: ['Date'], now: 1_750_000_000_000 });
    for (const [age, replaces] of [
      [0, true],
      [999, true],
      [1_000, false],
    ] as const) {
      const dead = { ...leadership(4, 8, Date.now() - age), replaces: true };
      const { elected } = await run({ record: dead, answers: { 8: [GONE] } });
      assert.deepEqual(lead(elected), [replaces, at(1), undefined], `${age} ms later`);
    }
    const { elected } = await run({ record: leadership(4, 8, Date.now()), answers: { 8: [GONE] } });
    assert.deepEqual(lead(elected), [false, at(1), undefined]);
  });
});

describe('a leader on record that is mute is not replaced', () => {
  const cases: [string, Script, Election][] = [
    ['with takeover: false', { takeover: false }, port()],
    ['by who is to follow only', {}, fixed('follower')],
    ['where no record is shared, by which it could see that it was', { shared: false }, port()],
  ];
  for (const [where, script, election] of cases) {
    it(where, async () => {
      const contact = new ScriptedContact();
      const answers = { 7: [MUTE, MUTE, led(contact)] };
      const { elected, log } = await run(
        { record: leadership(3, 7), answers, ...script },
        undefined,
        election,
      );
      assert.deepEqual(elected, { role: 'follower', contact });
      assert.deepEqual(log, ['ask 7', 'ask 7', 'ask 7']);
    });
  }

  it('where another client of this process leads by now', async () => {
    const contact = new ScriptedContact();
    for (const port of [1, 7]) {
      const answers = { [port]: [MUTE, led(contact)] };
      const { elected, log } = await run({ record: leadership(3, port), taken: [1], answers }, (one) => {
        one.before = (act) => {
          if (act.startsWith('ask')) one.leads = true;
        };
      });
      assert.deepEqual(elected, { role: 'follower', contact });
      assert.ok(!log.includes('listen anywhere'));
    }
  });
});

describe('a leader on record whose link breaks without a word', () => {
  const broken = Object.assign(new Error('closed without a word'), { certain: false });
  const doubtful = { type: 'foreign', error: broken } as const;

  it('is asked again: it is not dead for that', async () => {
    const contact = new ScriptedContact();
    const answers = { 7: [doubtful, doubtful, led(contact)] };
    const { elected, log } = await run({ record: leadership(3, 7), answers });
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(log, ['ask 7', 'ask 7', 'ask 7']);
  });

  it('is replaced after ten times in a row, as one who may wake up', async () => {
    const { elected, log } = await run({ record: leadership(3, 7), answers: { 7: [doubtful] } });
    assert.deepEqual(lead(elected), [true, at(1), undefined]);
    assert.deepEqual(log, [...Array.from({ length: 11 }, () => 'ask 7'), 'listen 1', 'claim 4']);
  });
});

describe('a holder of the cluster port that is mute, and does not lead our channel', () => {
  it('is left alone: the channel is led from another port', async () => {
    for (const record of [undefined, leadership(3, 7)]) {
      const script = { record, taken: [1], answers: { 1: [MUTE], 7: [GONE] } };
      const { elected, log } = await run(script);
      assert.deepEqual(log.slice(-4), ['listen 1', 'ask 1', 'listen anywhere', `claim ${record ? 4 : 1}`]);
      assert.deepEqual(lead(elected), [false, at(99), 'unknown']);
    }
  });

  it('is waited for with takeover: false, by who is to follow only, and where no record is shared', async () => {
    for (const [script, election] of [
      [{ takeover: false }, port()],
      [{}, fixed('follower')],
      [{ shared: false }, port()],
    ] as const) {
      const contact = new ScriptedContact();
      const { elected, log } = await run(
        { taken: [1], answers: { 1: [MUTE, MUTE, led(contact)] }, ...script },
        undefined,
        election,
      );
      assert.deepEqual(elected, { role: 'follower', contact });
      assert.equal(log.filter((act) => act === 'ask 1').length, 3);
      assert.ok(!log.includes('listen anywhere'));
    }
  });
});
