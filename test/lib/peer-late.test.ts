import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Channel } from '../../lib/channel.js';
import { clock } from '../../lib/transit.js';
import type { Message } from '../../protocol/message.js';
import { connectionPair, Inbox } from '../helpers/links.js';
import { settled, until } from '../helpers/until.js';
import { hostClock } from './clocks.js';
import { ADMITTED } from './handshakes.js';
import { invoke, peered, subscribe } from './peers.js';

const TIMEOUT = 1000;

/** A leader and a follower whose time is the test's, 0 when the follower proves itself. */
async function timed(t: TestContext, offset = 0) {
  const start = 5_000_000;
  const host = hostClock(t, start);
  t.mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  /** What the follower's clock says then. */
  const at = (time: number) => start + offset + time;
  const all = await peered({ sentAt: at(0) });
  /** The follower sends it at one time, the leader reads it at another. */
  const ask = async (
    id: number,
    sent: number,
    read: number,
    more: Partial<Message & { type: 'invoke' }> = {},
  ) => {
    host.now = start + read;
    all.far.send(invoke(id, { sentAt: at(sent), timeout: TIMEOUT, ...more }));
    await settled();
    return all.backend.asked.length;
  };
  return { ...all, ask, at, host };
}

describe('a call whose time was over when it was read', () => {
  it('is not begun, not answered, and told to the owner', async (t) => {
    const { ask, owner, inbox, backend } = await timed(t);
    assert.equal(await ask(1, 1_000, 2_000), 0);
    assert.equal(await ask(2, 1_000, 9_000), 0);
    assert.deepEqual([owner.expired, inbox.messages, backend.errors], [2, [], []]);
  });

  it('is not begun either where it is for a method that there is not', async (t) => {
    const { ask, owner, inbox } = await timed(t);
    await ask(1, 0, 5_000, { method: 'none' });
    assert.deepEqual([owner.expired, inbox.messages], [1, []]);
  });

  it('is not begun where it comes from another host, whose clock is known since it has proved itself', async (t) => {
    const { ask, owner } = await timed(t, -3_000_000);
    assert.equal(await ask(1, 10, 1_010), 0);
    assert.equal(owner.expired, 1);
  });

  it('is not begun where its follower was parked for long before it was handed over', async (t) => {
    const { options, backend, at, host } = await timed(t);
    const channel = new Channel(options);
    const { near, far } = await connectionPair();
    const admitted = { ...ADMITTED, sentAt: at(0), readAt: clock() };
    host.now += 20_000;
    channel.accept(near, admitted, { type: 'parked', state: 'vacant' });
    far.send(invoke(1, { timeout: TIMEOUT, sentAt: at(20_000) }));
    host.now += 5_000;
    await until(() => channel.expiredCalls === 1);
    assert.deepEqual(backend.asked, []);
  });

  it('is counted by its channel', async (t) => {
    const { options, backend, at } = await timed(t);
    const channel = new Channel(options);
    const { near, far } = await connectionPair();
    channel.accept(
      near,
      { ...ADMITTED, sentAt: at(0), readAt: clock() },
      { type: 'parked', state: 'starting' },
    );
    const inbox = new Inbox(far);
    assert.equal(channel.expiredCalls, 0);
    far.send(invoke(1, { timeout: TIMEOUT, sentAt: at(-1_000) }));
    far.send(invoke(2, { timeout: TIMEOUT, sentAt: at(-999) }));
    await until(() => backend.asked.length === 1);
    assert.deepEqual([channel.expiredCalls, channel.followers, inbox.messages], [1, 1, []]);
  });
});

describe('a call that comes in time', () => {
  it('is begun, and has the rest of its time', async (t) => {
    const { ask, owner, backend } = await timed(t);
    assert.equal(await ask(1, 1_000, 1_999), 1);
    assert.equal(await ask(2, 2_000, 2_000), 2);
    assert.equal(await ask(3, 2_100, 2_350), 3);
    assert.deepEqual(
      backend.asked.map(({ call }) => call.deadline),
      [1_000_001, 1_001_000, 1_000_750],
    );
    assert.equal(owner.expired, 0);
  });

  it('from another host is measured by the fastest message so far, be it one without a limit', async (t) => {
    const { ask } = await timed(t, -3_000_000);
    assert.equal(await ask(1, 500, 100, { timeout: 0 }), 1);
    assert.equal(await ask(2, 1_500, 2_099), 2);
    assert.equal(await ask(3, 1_500, 2_100), 2);
  });

  it('is begun however late it comes where it has no limit: nobody stops waiting for it', async (t) => {
    const { ask, owner, backend } = await timed(t);
    assert.equal(await ask(1, 1_000, 1_000_000, { timeout: 0, oneway: true }), 1);
    assert.equal(await ask(2, 1_000, 1_000_000, { timeout: 0 }), 2);
    assert.deepEqual(
      backend.asked.map(({ call }) => call.deadline),
      [undefined, undefined],
    );
    assert.equal(owner.expired, 0);
  });
});

describe('a leader that was replaced', () => {
  it('begins nothing of what its followers ask for', async () => {
    const { far, backend, inbox } = await peered();
    far.send(subscribe('kept'));
    far.send(invoke(1));
    await until(() => backend.topics.size === 1 && backend.asked.length === 1);
    const [{ call } = { call: undefined }] = backend.asked;
    backend.gate = { asked: 0, open: false };
    far.send(invoke(2));
    far.send(invoke(3, { oneway: true }));
    far.send({ type: 'cancel', id: 1 });
    far.send(subscribe('new'));
    far.send({ type: 'unsubscribe', key: 'kept' });
    far.send({
      type: 'publish',
      id: 1,
      epoch: 0,
      sequence: 0,
      key: 'k',
      reg: { bytes: Buffer.from('x'), raw: true },
    });
    await until(() => backend.gate.asked === 6);
    await settled();
    assert.deepEqual([backend.asked.length, backend.topics.size, backend.published], [1, 1, []]);
    assert.deepEqual([call?.aborted, inbox.messages], [false, []]);
  });

  it('is what every message is asked of before it is looked at', async () => {
    const { far, backend, inbox } = await peered();
    far.send({
      type: 'publish',
      id: 9,
      epoch: 2,
      sequence: 3,
      key: 'k',
      reg: { bytes: Buffer.from('x'), raw: true },
    });
    await until(() => inbox.of('published').length === 1);
    assert.equal(backend.gate.asked, 1);
    const [published] = inbox.of('published');
    assert.deepEqual([published?.id, published?.epoch, published?.sequence], [9, 2, 3]);
    assert.deepEqual(backend.published, [Buffer.from('x')]);
  });
});
