import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ClusterError } from '../../lib/errors.js';
import type { NewCall } from '../../lib/pending.js';
import { served } from './serving.js';

describe('a call', () => {
  it('is handed over at once where somebody serves, and waits where nobody does', () => {
    const { calls, role, call } = served();
    calls.invoke(call('one'), undefined);
    role.present = false;
    calls.invoke(call('other'), undefined);
    assert.deepEqual(role.invoked, ['one']);
    assert.deepEqual([calls.pending.size, calls.pending.waiting], [2, 1]);
  });

  it('that is refused is settled with the reason, and never taken', () => {
    const { calls, role, call, settled } = served();
    calls.invoke(call('one'), new Error('closed'));
    assert.deepEqual([settled, role.invoked, calls.pending.size], [['one: closed'], [], 0]);
  });

  it('is refused where so many wait already that there is no room for it', () => {
    const { calls, role, call } = served({ maxBacklog: 2 });
    role.present = false;
    const errors: (Error | undefined)[] = [];
    const settle: NewCall['settle'] = (error) => errors.push(error);
    for (const method of ['one', 'other', 'third'])
      calls.invoke(call(method, Infinity, { settle }), undefined);
    assert.equal(calls.pending.size, 2);
    const { name, code, message, ...data } = errors[0] as ClusterError;
    assert.deepEqual([errors.length, name, code], [1, 'ClusterError', 'ERR_CLUSTER_BACKLOG']);
    assert.match(
      message,
      /call of third on channel Config: 2 calls wait for a leader already \(maxBacklog\)/,
    );
    assert.deepEqual(data, { method: 'third', channel: 'Config', maxBacklog: 2, outcome: 'not sent' });
  });

  it('that need not wait is taken where none may wait', () => {
    const { calls, role, call, settled } = served({ maxBacklog: 0 });
    calls.invoke(call('one'), undefined);
    assert.deepEqual([role.invoked, settled, calls.pending.size], [['one'], [], 1]);
  });

  it('is taken again once one of those that waited was settled or handed over', () => {
    const { calls, role, call } = served({ maxBacklog: 1 });
    role.takes = false;
    calls.invoke(call('one'), undefined);
    calls.pending.settle(1, undefined);
    calls.invoke(call('other'), undefined);
    role.takes = true;
    calls.resume();
    calls.invoke(call('third'), undefined);
    assert.deepEqual(
      calls.pending.values().map(({ method }) => method),
      ['other', 'third'],
    );
  });
});

describe('calls that wait for a leader', () => {
  it('are handed over when there is one, in order, and no others', () => {
    const { calls, role, call } = served();
    calls.invoke(call('sent'), undefined);
    role.takes = false;
    for (const method of ['one', 'other']) calls.invoke(call(method), undefined);
    role.invoked.length = 0;
    role.present = false;
    calls.resume();
    assert.deepEqual(role.invoked, []);
    role.present = true;
    role.takes = true;
    calls.resume();
    assert.deepEqual(role.invoked.splice(0), ['one', 'other']);
    calls.resume();
    assert.deepEqual(role.invoked, []);
  });

  it('have no limit any more where this process leads, but for those that asked for one', () => {
    const { calls, role, call } = served();
    role.present = false;
    calls.invoke(call('usual', 60_000), undefined);
    calls.invoke(call('asked', 60_000, { explicit: true }), undefined);
    calls.liftDeadlines();
    assert.deepEqual(
      calls.pending.values().map(({ deadline }) => deadline === Infinity),
      [true, false],
    );
    calls.pending.reject(() => new Error('done'));
  });
});

describe('calls whose leader is lost', () => {
  it('fail where they were sent, as nobody knows whether they were done; the others wait', () => {
    const { calls, role, call, settled } = served();
    const errors: (Error | undefined)[] = [];
    calls.invoke(call('sent', Infinity, { settle: (error) => errors.push(error) }), undefined);
    role.takes = false;
    calls.invoke(call('waits'), undefined);
    const cause = new Error('hung up');
    calls.lost(cause);
    const { name, code, message, cause: why, ...data } = errors[0] as ClusterError;
    assert.deepEqual([name, code, why], ['SocketCloseError', 'ERR_CLUSTER_LEADER_LOST', cause]);
    assert.match(
      message,
      /call of sent on channel Config: the leader was lost before it answered \(hung up\)/,
    );
    assert.deepEqual(data, { method: 'sent', channel: 'Config', outcome: 'unknown' });
    assert.deepEqual([settled, calls.pending.size, calls.pending.waiting], [[], 1, 1]);
  });

  it('are handed to the next one where they may be done twice', () => {
    const { calls, role, call, settled } = served();
    calls.invoke(call('twice', Infinity, { idempotent: true }), undefined);
    calls.lost(new Error('hung up'));
    assert.deepEqual([calls.pending.waiting, settled], [1, []]);
    calls.resume();
    assert.deepEqual(role.invoked, ['twice', 'twice']);
    calls.pending.settle(1, undefined, ['done']);
    assert.deepEqual(settled, ['twice done']);
  });

  it('count right also where the failure of one aborts another that may be done twice', () => {
    const { calls, call, settled } = served();
    const controller = new AbortController();
    const { signal } = controller;
    const settle = () => controller.abort(new Error('no more'));
    calls.invoke(call('first', Infinity, { settle }), undefined);
    calls.invoke(call('second', Infinity, { idempotent: true, signal }), undefined);
    calls.lost(new Error('hung up'));
    assert.deepEqual(settled, ['second: no more']);
    assert.deepEqual([calls.pending.size, calls.pending.waiting], [0, 0]);
  });

  it('have a limit again where it was lifted: the time that they ask for, from now', (t) => {
    const { calls, role, call } = served();
    const now = 1000;
    t.mock.method(performance, 'now', () => now);
    role.takes = false;
    calls.invoke(call('lifted', 60_000), undefined);
    calls.invoke(call('asked', 30_000, { explicit: true }), undefined);
    calls.liftDeadlines();
    calls.lost(new Error('hung up'));
    assert.deepEqual(
      calls.pending.values().map(({ deadline }) => deadline),
      [61_000, 31_000],
    );
    calls.pending.reject(() => new Error('done'));
  });
});
