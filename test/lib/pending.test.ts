import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Call, PendingCalls } from '../../lib/pending.js';
import { newCall as call } from './new-call.js';

const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;

/** An expiry, as an event. */
function expiry(): { pending: PendingCalls; expired: Call[]; next(count: number): Promise<void> } {
  const expired: Call[] = [];
  let wake = () => {};
  const pending = new PendingCalls((one) => {
    expired.push(one);
    wake();
  });
  const next = (count: number) =>
    new Promise<void>((resolve) => {
      wake = () => expired.length >= count && resolve();
      wake();
    });
  return { pending, expired, next };
}

describe('pending calls', () => {
  it('have ids that grow, and are kept in the order in which they were made', () => {
    const pending = new PendingCalls();
    const calls = ['a', 'b', 'c'].map((method) => pending.add(call([], method)));
    assert.deepEqual(pending.values(), calls);
    assert.ok((calls[0] as Call).id < (calls[1] as Call).id && (calls[1] as Call).id < (calls[2] as Call).id);
    assert.equal(pending.get((calls[1] as Call).id), calls[1]);
    assert.equal(pending.size, 3);
  });

  it('are settled once, and tell who comes second that he does', () => {
    const settled: string[] = [];
    const pending = new PendingCalls();
    const { id } = pending.add(call(settled, 'get'));
    assert.equal(pending.settle(id, undefined, [1, 2]), true);
    assert.equal(pending.settle(id, new Error('too late')), false);
    assert.equal(pending.settle(id + 1, undefined), false);
    assert.deepEqual(settled, ['get 1,2']);
    assert.equal(pending.size, 0);
    assert.equal(pending.get(id), undefined);
  });

  it('are gone from the table when they are told, so that a new call can be made there', () => {
    const sizes: number[] = [];
    const pending = new PendingCalls();
    const { id } = pending.add(call([], 'get', Infinity, { settle: () => sizes.push(pending.size) }));
    pending.settle(id, undefined);
    assert.deepEqual(sizes, [0]);
  });

  it('are rejected where the predicate has an error for them', () => {
    const settled: string[] = [];
    const pending = new PendingCalls();
    for (const method of ['a', 'b', 'c']) pending.add(call(settled, method));
    pending.reject(({ method }) => (method === 'b' ? undefined : new Error('lost')));
    assert.deepEqual(settled, ['a: lost', 'c: lost']);
    assert.deepEqual(
      pending.values().map(({ method }) => method),
      ['b'],
    );
  });

  it('that are made while others are rejected stay', () => {
    const pending = new PendingCalls();
    const again = call([], 'again');
    pending.add(call([], 'first', Infinity, { settle: () => pending.add(again) }));
    pending.reject(() => new Error('lost'));
    assert.deepEqual(
      pending.values().map(({ method }) => method),
      ['again'],
    );
  });
});

describe('deadlines', () => {
  it('need one timer, whatever the number of calls, and none for calls without one', () => {
    const pending = new PendingCalls();
    const before = timers();
    pending.add(call([], 'endless'));
    assert.equal(timers(), before);
    for (let n = 0; n < 100; n += 1) pending.add(call([], 'get', 60_000 - n));
    assert.equal(timers(), before + 1);
    pending.reject(() => new Error('done'));
    assert.equal(timers(), before);
  });

  it('keep the process alive only for as long as there is a call', () => {
    const before = timers();
    const pending = new PendingCalls();
    const { id } = pending.add(call([], 'get', 60_000));
    assert.equal(timers(), before + 1);
    pending.settle(id, undefined);
    assert.equal(timers(), before);
  });

  it('settle a call with ResponseTimeoutError, which tells whether it was sent', async () => {
    const { pending, expired, next } = expiry();
    const errors: (Error | undefined)[] = [];
    const settle = (error: Error | undefined) => errors.push(error);
    pending.add(call([], 'waits', 1, { settle }));
    pending.add(call([], 'gone', 1, { settle })).sent = true;
    await next(2);
    const common = { name: 'ResponseTimeoutError', code: 'ERR_CLUSTER_TIMEOUT', timeout: 1 };
    for (const [index, fields] of [
      { method: 'waits', outcome: 'not sent' },
      { method: 'gone', outcome: 'unknown' },
    ].entries()) {
      assert.throws(
        () => {
          throw errors[index];
        },
        { ...common, ...fields },
      );
    }
    // Whoever serves a call is told after it was settled.
    assert.deepEqual(
      expired.map(({ method }) => method),
      ['waits', 'gone'],
    );
    assert.equal(pending.size, 0);
  });

  it('that come together are kept together, in the order of the calls', async () => {
    const settled: string[] = [];
    const { pending, next } = expiry();
    for (let n = 0; n < 50; n += 1) pending.add(call(settled, `${n}`, 2));
    pending.add(call(settled, 'later', 60_000));
    await next(50);
    assert.deepEqual(
      settled.map((line) => Number.parseInt(line, 10)),
      Array.from({ length: 50 }, (_, n) => n),
    );
    assert.equal(pending.size, 1);
    pending.reject(() => new Error('done'));
  });

  it('are kept in their own order, the earliest first, whichever was made first', (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const settled: string[] = [];
    const { pending, expired } = expiry();
    pending.add(call(settled, 'second', 40));
    pending.add(call(settled, 'first', 10));
    for (const count of [1, 2]) {
      now += 25;
      t.mock.timers.tick(25);
      assert.equal(settled.length, count);
    }
    assert.deepEqual(
      expired.map(({ method }) => method),
      ['first', 'second'],
    );
  });

  it('can be raised after the call was made', async () => {
    const { pending, expired, next } = expiry();
    const raised = pending.add(call([], 'raised', 1));
    pending.add(call([], 'other', 10));
    raised.deadline = Infinity;
    await next(1);
    assert.deepEqual(
      expired.map(({ method }) => method),
      ['other'],
    );
    const before = timers();
    assert.equal(pending.get(raised.id), raised);
    pending.settle(raised.id, undefined);
    assert.equal(timers(), before);
  });

  it('do not come before their time', async () => {
    const { pending, next } = expiry();
    const start = performance.now();
    pending.add(call([], 'get', 30));
    await next(1);
    assert.ok(performance.now() - start >= 29);
  });
});
