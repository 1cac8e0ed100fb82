import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Answer } from '../../lib/election.js';
import { port } from '../../lib/elections/port.js';
import {
  at,
  GONE,
  leadership,
  led,
  type Script,
  ScriptedCandidate,
  ScriptedContact,
  vacant,
} from './candidates.js';

const moved = (to: number): Answer => ({ type: 'moved', address: at(to), epoch: 1 });

async function run(script: Script, prepare: (candidate: ScriptedCandidate) => void = () => {}) {
  const candidate = new ScriptedCandidate(script);
  prepare(candidate);
  const elected = await port().elect(candidate);
  return { candidate, elected, log: candidate.log };
}

describe('the port election, step 1, follows whom the record names', () => {
  it('where it leads, and asks nobody else', async () => {
    const contact = new ScriptedContact();
    const { elected, log } = await run({ record: leadership(3, 7), answers: { 7: [led(contact)] } });
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(log, ['ask 7']);
    assert.equal(contact.closed, 0);
  });

  it('where it sends us on, from one to the next', async () => {
    const contact = new ScriptedContact();
    const answers = { 7: [moved(8)], 8: [moved(9)], 9: [led(contact)] };
    const { elected, log } = await run({ record: leadership(3, 7), answers });
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(log, ['ask 7', 'ask 8', 'ask 9']);
  });

  it('but is not sent in a circle for ever: then it takes the port', async () => {
    const { elected, log } = await run({
      record: leadership(3, 7),
      answers: { 7: [moved(8)], 8: [moved(7)] },
    });
    assert.equal(elected.role, 'leader');
    assert.equal(log.filter((act) => act.startsWith('ask')).length, 9);
    assert.deepEqual(log.slice(9), ['listen 1', 'claim 4']);
  });

  it('but not where it knows of no leader either: that link is closed', async () => {
    const [first, second] = [new ScriptedContact(), new ScriptedContact()];
    const direct = await run({ record: leadership(3, 7), answers: { 7: [vacant(first)] } });
    assert.deepEqual([direct.elected.role, first.closed], ['leader', 1]);
    const answers = { 7: [moved(8)], 8: [vacant(second)] };
    const sentOn = await run({ record: leadership(3, 7), answers });
    assert.deepEqual([sentOn.elected.role, second.closed], ['leader', 1]);
    // Only the hub that was asked first is one to wait at.
    assert.deepEqual([first.waits, second.waits], [[], []]);
  });
});

describe('the port election, step 2, binds the cluster port', () => {
  it('where there is no record, and claims the first', async () => {
    const before = Date.now();
    const { elected, log, candidate } = await run({});
    assert.deepEqual(log, ['listen 1', 'claim 1']);
    assert.ok(elected.role === 'leader');
    assert.deepEqual(elected.leadership, candidate.current);
    const { n, epoch, address, pid } = elected.leadership;
    assert.deepEqual([n, address, pid], [1, at(1), process.pid]);
    assert.ok(epoch >= before && epoch <= Date.now());
    assert.equal(elected.hub, undefined);
  });

  it('where whom the record names is dead, under a higher number and epoch', async () => {
    const far = Date.now() + 1_000_000;
    const { elected, log } = await run({ record: leadership(3, 7, far), answers: { 7: [GONE] } });
    assert.deepEqual(log, ['ask 7', 'listen 1', 'claim 4']);
    assert.ok(elected.role === 'leader');
    assert.deepEqual([elected.leadership.n, elected.leadership.epoch], [4, far + 1]);
  });

  it('where the record is damaged, without asking anybody', async () => {
    const record = { n: 3, epoch: 0, address: undefined, pid: 0 };
    assert.deepEqual((await run({ record })).log, ['listen 1', 'claim 4']);
  });

  it('under an epoch above all that it has seen, also over a wiped record', async () => {
    const epoch = Date.now() + 1_000_000;
    const { elected } = await run({ epoch });
    assert.equal(elected.role === 'leader' && elected.leadership.epoch, epoch + 1);
  });

  it('and starts over where another has claimed the record meanwhile', async () => {
    const contact = new ScriptedContact();
    const { elected, log } = await run({ answers: { 7: [led(contact)] } }, (candidate) => {
      candidate.before = (act) => {
        if (act === 'listen 1') candidate.current = leadership(1, 7);
      };
    });
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(log, ['listen 1', 'ask 7']);
  });

  it('and starts over where another was faster by a hair, in the claim itself', async () => {
    const contact = new ScriptedContact();
    const { elected, log } = await run({ answers: { 7: [led(contact)] } }, (candidate) => {
      candidate.before = (act) => {
        if (act === 'claim 1') candidate.current = leadership(1, 7);
      };
    });
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(log, ['listen 1', 'claim 1', 'ask 7']);
  });

  it('unless another client of this process leads the channel, which it then asks', async () => {
    const contact = new ScriptedContact();
    const { elected, log } = await run({ answers: { 1: [led(contact)] } }, (candidate) => {
      candidate.leads = true;
    });
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(log, ['ask 1']);
  });
});

describe('the port election, step 3, asks at the cluster port that is taken', () => {
  it('and follows where the channel is led there', async () => {
    const contact = new ScriptedContact();
    const { elected, log } = await run({ taken: [1], answers: { 1: [led(contact)] } });
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(log, ['listen 1', 'ask 1']);
  });

  it('and waits a little where nobody leads, then listens elsewhere, claims, and tells the hub', async () => {
    const hub = new ScriptedContact(undefined);
    const { elected, log } = await run({ taken: [1], answers: { 1: [vacant(hub)] } });
    assert.deepEqual(log, ['listen 1', 'ask 1', 'listen anywhere', 'claim 1']);
    assert.ok(elected.role === 'leader');
    assert.deepEqual(hub.waits, [250]);
    assert.deepEqual(hub.announced, [elected.leadership]);
    assert.deepEqual(elected.leadership.address, at(99));
    assert.deepEqual([elected.hub, hub.closed], [hub, 0]);
  });

  it('and follows who leads while it waits: at that hub, or elsewhere', async () => {
    const contact = new ScriptedContact();
    const here = await run({ taken: [1], answers: { 1: [vacant(new ScriptedContact(led(contact)))] } });
    assert.deepEqual(here.elected, { role: 'follower', contact });
    const answers = { 1: [vacant(new ScriptedContact(moved(8)))], 8: [led(contact)] };
    const elsewhere = await run({ taken: [1], answers });
    assert.deepEqual(elsewhere.elected, { role: 'follower', contact });
    assert.deepEqual(elsewhere.log, ['listen 1', 'ask 1', 'ask 8']);
  });

  it('and starts over where the hub goes while it waits', async () => {
    const contact = new ScriptedContact();
    const answers = { 1: [vacant(new ScriptedContact(GONE)), led(contact)] };
    const { elected } = await run({ taken: [1], answers });
    assert.deepEqual(elected, { role: 'follower', contact });
  });

  it('and starts over where another has claimed the record after the wait, leaving the hub', async () => {
    const [hub, contact] = [new ScriptedContact(undefined), new ScriptedContact()];
    const { elected, log } = await run(
      { taken: [1], answers: { 1: [vacant(hub)], 7: [led(contact)] } },
      (one) => {
        one.before = (act) => {
          if (act === 'listen anywhere') one.current = leadership(1, 7);
        };
      },
    );
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(log, ['listen 1', 'ask 1', 'listen anywhere', 'ask 7']);
    assert.deepEqual([hub.announced, hub.closed], [[], 1]);
  });

  it('and tries to bind again where its holder has just gone', async () => {
    const { elected, log } = await run({ taken: [1], answers: { 1: [GONE] } }, (candidate) => {
      candidate.before = (act) => {
        if (act === 'ask 1') candidate.taken.clear();
      };
    });
    assert.equal(elected.role, 'leader');
    assert.deepEqual(log, ['listen 1', 'ask 1', 'listen 1', 'claim 1']);
  });

  it('and waits for as long as it takes where no record is shared: only the holder of the port leads', async () => {
    const contact = new ScriptedContact();
    const hub = new ScriptedContact(led(contact));
    const { elected } = await run({ shared: false, taken: [1], answers: { 1: [vacant(hub)] } });
    assert.deepEqual(elected, { role: 'follower', contact });
    assert.deepEqual(hub.waits, [Infinity]);
  });
});
