import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Bookkeeper } from './bookkeeper.js';
import {
  checkEffort,
  checkEpochs,
  checkFencing,
  checkRepeated,
  checkSlots,
  checkValues,
  type LivingMember,
} from './checks.js';
import type { Act, Ledger, Publication } from './messages.js';

/** What the upstream notes of acts, as [act, epoch, pid, when it began, when it arrived]. */
function ledgerOf(...acts: [Act, number, number, number, number][]): Ledger {
  const bookkeeper = new Bookkeeper();
  for (const [act, epoch, pid, began, at] of acts) {
    bookkeeper.act({ id: 1, stamp: { epoch, pid, began }, ...act }, at);
  }
  return bookkeeper.ledger({});
}

const call = (name: string, once = true): Act => ({ kind: 'call', call: name, once });
const publish = (slot: string, n: number, by: number): Act => ({
  kind: 'publish',
  publication: { slot, n, by } satisfies Publication,
});
const living = (id: number, published: number, pendingPublications = 0): LivingMember => ({
  id,
  view: { published, pendingPublications, values: {} },
});

describe('the upstream', () => {
  it('refuses acts of an epoch after those of a newer one, and only those', () => {
    const { accepted, refused, epochs } = ledgerOf(
      [call('a'), 1, 10, 0, 5],
      [call('b'), 2, 20, 6, 7],
      [call('c'), 1, 10, 6, 8],
      [call('d'), 2, 20, 8, 9],
    );
    assert.equal(accepted, 3);
    assert.deepEqual(refused, [{ kind: 'call', epoch: 1, pid: 10, began: 6, newest: 2, at: 8 }]);
    assert.deepEqual(epochs, [
      { epoch: 1, pids: [10], since: 5 },
      { epoch: 2, pids: [20], since: 7 },
    ]);
  });

  it('keeps of each slot what came last, but not what it refused', () => {
    const { slots, publications } = ledgerOf(
      [publish('own-1', 1, 1), 2, 10, 0, 1],
      [publish('own-1', 2, 1), 2, 10, 0, 2],
      [publish('own-1', 3, 1), 1, 10, 0, 3],
    );
    assert.deepEqual(slots, { 'own-1': { slot: 'own-1', n: 2, by: 1 } });
    assert.equal(publications, 2);
  });

  it('forgets with an epoch what was published under it', () => {
    const { slots } = ledgerOf([publish('own-1', 1, 1), 1, 10, 0, 1], [publish('own-2', 1, 2), 2, 20, 0, 2]);
    assert.deepEqual(Object.keys(slots), ['own-2']);
  });
});

describe('the check of fencing', () => {
  const late = (began: number) => ledgerOf([call('a'), 2, 20, 99, 100], [call('b'), 1, 10, began, 300]);

  it('allows a refused act that began before the newer epoch acted', () => {
    assert.deepEqual(checkFencing(late(99), []), []);
  });

  it('finds one that began after it', () => {
    assert.match(checkFencing(late(150), []).join(), /^process 10 began to call under epoch 1 50 ms after/);
  });

  it('compares with the first of the newer epochs, not the newest', () => {
    const ledger = ledgerOf(
      [call('a'), 2, 20, 99, 100],
      [call('b'), 3, 30, 199, 200],
      [call('c'), 1, 10, 150, 300],
    );
    assert.equal(checkFencing(ledger, []).length, 1);
  });

  it('allows one act for each stop, that began right after it', () => {
    const ledger = ledgerOf(
      [call('a'), 2, 20, 99, 100],
      [call('b'), 1, 10, 210, 300],
      [call('c'), 1, 10, 211, 300],
    );
    const stop = { pid: 10, until: 205 };
    assert.equal(checkFencing(ledger, [stop]).length, 1);
    assert.equal(checkFencing(ledger, [stop, { ...stop }]).length, 0);
    assert.equal(checkFencing(ledger, [{ pid: 10, until: 180 }]).length, 2);
    assert.equal(checkFencing(ledger, [{ pid: 20, until: 205 }]).length, 2);
    assert.equal(checkFencing(ledger, [{ pid: 10, until: 212 }]).length, 2);
  });
});

describe('the other checks at the end', () => {
  it('find two processes under one epoch', () => {
    assert.deepEqual(checkEpochs(ledgerOf([call('a'), 1, 10, 0, 1], [call('b'), 2, 10, 0, 2])), []);
    assert.equal(checkEpochs(ledgerOf([call('a'), 1, 10, 0, 1], [call('b'), 1, 20, 0, 2])).length, 1);
  });

  it('find a call that was done twice, unless it may be', () => {
    const twice = (once: boolean) => ledgerOf([call('a', once), 1, 10, 0, 1], [call('a', once), 2, 20, 2, 3]);
    assert.deepEqual(checkRepeated(twice(false)), []);
    assert.deepEqual(checkRepeated(twice(true)), ['call a was done twice']);
  });

  it('find an own slot that is not at the last publication', () => {
    const ledger = ledgerOf([publish('own-1', 4, 1), 1, 10, 0, 1]);
    assert.deepEqual(checkSlots(ledger, [living(1, 4)], []), []);
    assert.equal(checkSlots(ledger, [living(1, 5)], []).length, 1);
    assert.equal(checkSlots(ledger, [living(2, 1)], []).length, 1);
    assert.equal(checkSlots(ledger, [living(1, 4, 1)], []).length, 1);
  });

  it('find the shared slot at another turn than the last one of a living member', () => {
    const ledger = ledgerOf([publish('shared', 2, 1), 1, 10, 0, 1]);
    const turn = (n: number, member: number, isAcknowledged = true) => ({ n, member, isAcknowledged });
    assert.deepEqual(checkSlots(ledger, [living(1, 0)], [turn(1, 1), turn(2, 1), turn(3, 2)]), []);
    assert.deepEqual(checkSlots(ledger, [living(1, 0)], [turn(3, 2)]), []);
    assert.equal(checkSlots(ledger, [living(1, 0), living(2, 0)], [turn(2, 1), turn(3, 2)]).length, 1);
    assert.equal(checkSlots(ledger, [living(1, 0)], [turn(2, 1), turn(3, 1, false)]).length, 1);
    assert.equal(checkSlots(ledgerOf(), [living(1, 0)], [turn(1, 1)]).length, 1);
  });

  it('find a listener that has not heard the newest value', () => {
    const listener = (n: number): LivingMember => {
      const { id, view } = living(1, 0);
      return { id, view: { ...view, values: { k0: n } } };
    };
    assert.deepEqual(checkValues({ values: { k0: 8 } }, [listener(8)]), []);
    assert.equal(checkValues({ values: { k0: 8 } }, [listener(8), listener(4)]).length, 1);
    assert.equal(checkValues({ values: { k0: 8 } }, [living(1, 0)]).length, 1);
  });

  it('find a run in which nothing happened', () => {
    const ledger = ledgerOf([publish('own-1', 1, 1), 1, 10, 0, 1], [call('a'), 2, 20, 2, 3]);
    assert.deepEqual(checkEffort(ledger, { answers: 1, values: 1 }), []);
    assert.deepEqual(checkEffort(ledger, { answers: 0, values: 1 }), ['there were no answers']);
    assert.equal(checkEffort(ledgerOf(), { answers: 1, values: 1 }).length, 3);
  });
});
