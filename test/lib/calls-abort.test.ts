import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { until } from '../helpers/until.js';
import { served } from './serving.js';

describe('the signal of a call', () => {
  it('that is aborted already refuses the call, with its reason', () => {
    const { calls, role, call, settled } = served();
    calls.invoke(
      call('one', Infinity, { signal: AbortSignal.abort(new Error('changed my mind')) }),
      undefined,
    );
    assert.deepEqual([settled, role.invoked], [['one: changed my mind'], []]);
  });

  it('settles the call when it is aborted; whoever serves it is told', () => {
    const { calls, role, call, settled } = served();
    const controller = new AbortController();
    const { signal } = controller;
    calls.invoke(call('sent', Infinity, { signal }), undefined);
    role.takes = false;
    calls.invoke(call('waits', Infinity, { signal }), undefined);
    calls.invoke(call('another'), undefined);
    controller.abort(new Error('changed my mind'));
    assert.deepEqual(settled, ['sent: changed my mind', 'waits: changed my mind']);
    assert.deepEqual([role.cancelled, calls.pending.size], [['sent'], 1]);
  });

  it('is let go of once the call is settled, and changes nothing any more', () => {
    const { calls, role, call, settled } = served();
    const controller = new AbortController();
    const { signal } = controller;
    calls.invoke(call('one', Infinity, { signal }), undefined);
    assert.equal(getEventListeners(signal, 'abort').length, 1);
    calls.pending.settle(1, undefined, ['done']);
    assert.equal(getEventListeners(signal, 'abort').length, 0);
    controller.abort();
    assert.deepEqual([settled, role.cancelled], [['one done'], []]);
  });
});

describe('a call that is aborted while calls are handed over', () => {
  it('is not handed over any more', () => {
    const { calls, role, call } = served();
    const controller = new AbortController();
    const { signal } = controller;
    role.present = false;
    const settle = () => controller.abort(new Error('no more'));
    calls.invoke(call('first', Infinity, { settle }), undefined);
    calls.invoke(call('second', Infinity, { signal }), undefined);
    // As where the arguments cannot be encoded.
    role.invoke = ({ id, method }) => {
      role.invoked.push(method);
      if (method === 'first') calls.pending.settle(id, new Error('cannot be encoded'));
    };
    role.present = true;
    calls.resume();
    assert.deepEqual(role.invoked, ['first']);
  });
});

describe('a call whose time is over', () => {
  it('is cancelled where it was sent, and only there', async () => {
    const { calls, role, call, settled } = served();
    calls.invoke(call('sent', 1), undefined);
    role.takes = false;
    calls.invoke(call('waits', 1), undefined);
    await until(() => settled.length === 2);
    assert.deepEqual(role.cancelled, ['sent']);
  });

  it('is cancelled with nobody where the leader was lost meanwhile', async () => {
    const { calls, role, call, settled } = served();
    calls.invoke(call('sent', 1), undefined);
    role.present = false;
    await until(() => settled.length === 1);
    assert.deepEqual(role.cancelled, []);
  });
});
