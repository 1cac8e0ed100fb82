import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LeaderReport } from './messages.js';
import { isAlive, isOnlySlow, judge, type Row } from './trial.js';

const bounds = { slowest: 50, heap: 20 };

const report: LeaderReport = {
  type: 'report',
  pid: 1,
  isLeading: true,
  epoch: 7,
  followers: 1,
  sockets: 2,
  queuedBytes: 0,
  subscriptions: 0,
  executed: [],
  heap: 10,
  rss: 60,
};

const good: Row = {
  input: { name: 'an HTTP GET', phase: 'before', expect: ['E_ONE', 'E_OTHER'], run: async () => 'E_ONE' },
  told: 'E_ONE',
  before: report,
  after: report,
  slowest: 50,
  slowestAt: 3,
  failures: [],
  executed: [],
};

/** What is wrong with a row, and how that is told. */
const bad: [string, Partial<Row>, RegExp][] = [
  ['the peer is told another code', { told: 'E_THIRD' }, /told E_THIRD in place of E_ONE or E_OTHER/],
  ['the leader is lost', { after: undefined, failures: ['it has ended'] }, /lost: it has ended/],
  ['the leader leads no more', { after: { ...report, isLeading: false } }, /leads: false/],
  ['the epoch is another', { after: { ...report, epoch: 8 } }, /epoch 8/],
  ['a link is left', { after: { ...report, followers: 2 } }, /are 2,2,0, were 1,2,0/],
  ['a socket is left', { after: { ...report, sockets: 3 } }, /are 1,3,0, were 1,2,0/],
  ['a subscription is left', { after: { ...report, subscriptions: 1 } }, /are 1,2,1, were 1,2,0/],
  ['the heap has grown', { after: { ...report, heap: 21 } }, /21.0 MB, 20.0 are allowed/],
  ['something was executed', { executed: ['wipe', 'wipe', 'emit'] }, /executed: wipe, emit/],
  ['calls of the healthy follower fail', { failures: ['E_A', 'E_A'] }, /2 calls .* failed: E_A/],
  ['a call of the healthy follower is slow', { slowest: 51 }, /took 51 ms, 3 ms after/],
];

describe('a row of the table', () => {
  it('is right where all is as it was, and the peer was told one of the expected codes', () => {
    assert.deepEqual(judge(good, bounds), []);
    assert.deepEqual(judge({ ...good, told: 'E_OTHER' }, bounds), []);
  });

  for (const [what, change, told] of bad) {
    it(`fails where ${what}, and says so`, () => {
      const reasons = judge({ ...good, ...change }, bounds);
      assert.equal(reasons.length, 1, reasons.join('; '));
      assert.match(reasons[0] ?? '', told);
    });
  }

  it('is tried again only where nothing but a slow call is wrong', () => {
    assert.equal(isOnlySlow(good, bounds), false);
    assert.equal(isOnlySlow({ ...good, slowest: 51 }, bounds), true);
    assert.equal(isOnlySlow({ ...good, slowest: 51, told: 'E_THIRD' }, bounds), false);
    assert.equal(isOnlySlow({ ...good, told: 'E_THIRD' }, bounds), false);
  });

  it('has a leader that is alive where it is the same process under the same epoch, and leads', () => {
    assert.equal(isAlive(good), true);
    for (const change of [{ pid: 2 }, { epoch: 8 }, { isLeading: false }])
      assert.equal(isAlive({ ...good, after: { ...report, ...change } }), false);
    assert.equal(isAlive({ ...good, after: undefined }), false);
  });
});
