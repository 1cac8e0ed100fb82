import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { latest } from '../../lib/latest.js';
import { isPending } from '../helpers/until.js';

describe('latest', () => {
  it('yields what is pushed, and of several that nobody has taken the newest', async () => {
    const values = latest<number>();
    const iterator = values[Symbol.asyncIterator]();
    values.push(1);
    assert.deepEqual(await iterator.next(), { value: 1, done: false });
    values.push(2);
    values.push(3);
    assert.deepEqual(await iterator.next(), { value: 3, done: false });
  });

  it('waits where there is nothing new', async () => {
    const values = latest<string | undefined>();
    const iterator = values[Symbol.asyncIterator]();
    const next = iterator.next();
    assert.ok(await isPending(next));
    values.push(undefined);
    assert.deepEqual(await next, { value: undefined, done: false });
  });

  it('yields what is left, then ends', async () => {
    const values = latest<number>();
    values.push(1);
    values.end();
    values.push(2);
    const seen: number[] = [];
    for await (const value of values) seen.push(value);
    assert.deepEqual(seen, [1]);
  });

  it('ends in the middle of a wait', async () => {
    const values = latest<number>();
    const next = values[Symbol.asyncIterator]().next();
    values.end();
    assert.equal((await next).done, true);
  });

  it('fails with the reason of its signal, before, between and in the middle of a wait', async () => {
    const before = latest<number>(AbortSignal.abort(new Error('before')));
    before.push(1);
    await assert.rejects(before[Symbol.asyncIterator]().next(), /before/);

    const controller = new AbortController();
    const values = latest<number>(controller.signal);
    const iterator = values[Symbol.asyncIterator]();
    values.push(1);
    await iterator.next();
    const next = iterator.next();
    assert.ok(await isPending(next));
    controller.abort(new Error('enough'));
    await assert.rejects(next, /enough/);
  });

  it('lets go of the signal, which may serve many', async () => {
    const { signal } = new AbortController();
    const values = latest<number>(signal);
    values.push(1);
    for await (const _ of values) break;
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  });
});
