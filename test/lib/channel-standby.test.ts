import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Channel } from '../../lib/channel.js';
import type { Address } from '../../protocol/message.js';
import { connectionPair, Inbox } from '../helpers/links.js';
import { settled } from '../helpers/until.js';
import { ADMITTED } from './handshakes.js';
import { peered } from './peers.js';

const AT = { host: 'memory', port: 8 };
const SOON = 500;

/** A channel whose real client is ready, and whose time is the test's. */
async function open(t: TestContext) {
  const { options } = await peered();
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const channel = new Channel(options);
  channel.ready();
  const follow = async (pid: number) => {
    const { near, far } = await connectionPair();
    channel.accept(near, { ...ADMITTED, pid }, channel.outcome());
    const inbox = new Inbox(far);
    const say = async (address: Address | undefined) => {
      far.send({ type: 'standby', address });
      await settled();
    };
    return { far, inbox, say, heard: () => inbox.of('standby').map(({ address }) => address) };
  };
  const pass = async (ms = SOON) => {
    t.mock.timers.tick(ms);
    await settled();
  };
  return { channel, follow, pass };
}

describe('a channel with two followers', () => {
  it('has the first stand by after a while, and tells the others where, those who come later too', async (t) => {
    const { follow, pass } = await open(t);
    const [first, second] = [await follow(1), await follow(2)];
    await pass(SOON - 1);
    assert.deepEqual(first.heard(), []);
    await pass(1);
    assert.deepEqual([first.heard(), second.heard()], [[undefined], []]);
    await first.say(AT);
    const third = await follow(3);
    await pass(10 * SOON);
    assert.deepEqual([first.heard(), second.heard(), third.heard()], [[undefined], [AT], [AT]]);
  });

  it('has the next one stand by where the first cannot', async (t) => {
    const { follow, pass } = await open(t);
    const [first, second] = [await follow(1), await follow(2)];
    await pass();
    await first.say(undefined);
    assert.deepEqual([first.heard(), second.heard()], [[undefined], [undefined]]);
    await second.say(AT);
    assert.deepEqual(first.heard(), [undefined, AT]);
    await second.say(undefined);
    assert.deepEqual(first.heard(), [undefined, AT], 'nobody is left to ask');
  });

  it('has the next one stand by when the first has gone', async (t) => {
    const { follow, pass } = await open(t);
    const [first, second, third] = [await follow(1), await follow(2), await follow(3)];
    await pass();
    await first.say(AT);
    first.far.destroy(new Error('died'));
    await settled();
    await pass();
    assert.deepEqual([second.heard(), third.heard()], [[AT, undefined], [AT]]);
    const fourth = await follow(4);
    await settled();
    assert.deepEqual(fourth.heard(), []);
  });

  it('does not hear of a standby from one who was not asked', async (t) => {
    const { follow, pass } = await open(t);
    const [first, second] = [await follow(1), await follow(2)];
    await second.say(AT);
    await pass();
    await second.say(AT);
    assert.deepEqual(first.heard(), [undefined]);
  });
});

describe('nobody stands by', () => {
  it('for a single follower, which has nobody to prepare for', async (t) => {
    const { follow, pass } = await open(t);
    const only = await follow(1);
    await pass();
    assert.deepEqual(only.heard(), []);
  });

  it('in the process of the leader', async (t) => {
    const { follow, pass } = await open(t);
    const [first, second] = [await follow(process.pid), await follow(process.pid)];
    await pass();
    assert.deepEqual([first.heard(), second.heard()], [[], []]);
  });

  it('where the channel is closed meanwhile', async (t) => {
    const { channel, follow, pass } = await open(t);
    const [first, second] = [await follow(1), await follow(2)];
    channel.close('ERR_CLUSTER_LEADER_LEFT', 'closed');
    await pass();
    assert.deepEqual([first.heard(), second.heard()], [[], []]);
  });
});
