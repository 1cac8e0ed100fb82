import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Call, type NewCall, PendingCalls } from '../../lib/pending.js';
import { newCall } from './new-call.js';

function added(pending: PendingCalls, ...methods: string[]): Call[] {
  return methods.map((method) => pending.add(newCall([], method)));
}

describe('calls that wait', () => {
  it('are those that were not handed over, until they are', () => {
    const pending = new PendingCalls();
    const [one, other] = added(pending, 'one', 'other') as [Call, Call];
    assert.equal(pending.waiting, 2);
    pending.sending(one);
    pending.sending(one);
    assert.deepEqual([pending.waiting, pending.size, one.sent, other.sent], [1, 2, true, false]);
    pending.sending(other);
    assert.equal(pending.waiting, 0);
  });

  it('are also those that have to be handed over once more', () => {
    const pending = new PendingCalls();
    const [one, other] = added(pending, 'one', 'other') as [Call, Call];
    pending.sending(one);
    pending.unsent(one);
    pending.unsent(one);
    pending.unsent(other);
    assert.deepEqual([pending.waiting, one.sent], [2, false]);
    pending.sending(one);
    assert.equal(pending.waiting, 1);
  });

  it('are not those that are settled, whether they were handed over or not', () => {
    const pending = new PendingCalls();
    const [one, other, last] = added(pending, 'one', 'other', 'last') as [Call, Call, Call];
    pending.sending(one);
    pending.settle(one.id, undefined);
    assert.equal(pending.waiting, 2);
    pending.settle(other.id, undefined);
    assert.equal(pending.waiting, 1);
    pending.sending(other);
    assert.deepEqual([pending.waiting, other.sent], [1, false], 'who is settled is not handed over');
    pending.reject(() => new Error('lost'));
    assert.deepEqual([pending.waiting, last.sent], [0, false]);
  });
});

describe('calls without a limit', () => {
  /** Calls whose time is the test's. */
  function timed(t: TestContext) {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const settled: string[] = [];
    const pending = new PendingCalls();
    return {
      pending,
      settled,
      add: (method: string, timeout: number, more: Partial<NewCall> = {}) =>
        pending.add(newCall(settled, method, timeout, more)),
      pass: (ms: number) => {
        now += ms;
        t.mock.timers.tick(ms);
      },
    };
  }

  it('get the time that they ask for once their leader is lost, from then on', (t) => {
    const { pending, add, pass, settled } = timed(t);
    const lifted = add('lifted', 100);
    lifted.deadline = Infinity;
    pass(1000);
    assert.deepEqual(settled, []);
    pending.limit();
    assert.equal(lifted.deadline, 1100);
    pass(98);
    assert.deepEqual(settled, []);
    pass(2);
    assert.deepEqual(settled, ['lifted: call of lifted: it could not be sent to a leader in 100 ms']);
  });

  it('stay so where they ask for no limit, and limits that hold are not put off', (t) => {
    const { pending, add, pass, settled } = timed(t);
    add('endless', Infinity);
    add('limited', 100);
    pass(60);
    pending.limit();
    pass(40);
    assert.deepEqual(settled, ['limited: call of limited: it could not be sent to a leader in 100 ms']);
    pass(1_000_000);
    assert.equal(pending.size, 1);
  });
});
