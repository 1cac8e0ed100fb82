import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type AskOptions, askAt } from '../../lib/contact.js';
import { ClusterError } from '../../lib/errors.js';
import type { Link } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import { Ear } from '../helpers/links.js';
import { isPending, until } from '../helpers/until.js';
import { APPLICANT, KEY, WELCOME } from './handshakes.js';
import { ADDRESS, asked, hubThat, LIMIT } from './hubs.js';

const BEAT = 5;
const ours = (heartbeatInterval = BEAT) => ({ heartbeatInterval, isOurs: () => true });

/** Accepts, reads, and never answers: as a process that hangs. */
const silent = (link: Link) => link.open(new Ear());

/** Proves itself, and falls silent before it says what is led there. */
function hangingInTheMiddle(): { accept(link: Link): void; frames: number[] } {
  const frames: number[] = [];
  const hub = hubThat(WELCOME);
  const accept = (link: Link) => {
    const write = link.write.bind(link);
    link.write = (buffers) => {
      frames.push(buffers.length);
      return frames.length === 1 ? write(buffers) : true;
    };
    hub.accept(link);
  };
  return { accept, frames };
}

/** What comes of a dial that fails. */
function dialled(error: Error, more: Partial<AskOptions>) {
  const transport = { ...memory(), dial: () => Promise.reject(error) };
  const { signal } = new AbortController();
  const rest = { connectTimeout: 60_000, signal, applicant: APPLICANT, ...ours(), ...LIMIT, ...more };
  return askAt(ADDRESS, { transport, keys: [KEY], ...rest });
}

/** @returns what lets time pass, ms for ms. */
function timed(t: TestContext): (ms: number) => void {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  return (ms) => {
    for (const end = now + ms; now < end; ) {
      now += 1;
      t.mock.timers.tick(1);
    }
  };
}

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

describe('one of ours that hangs', () => {
  it('is mute after three beats, long before the time for a connection is over', async (t) => {
    const pass = timed(t);
    const answer = asked(t, silent, { ...ours(), connectTimeout: 60_000 });
    assert.ok(await isPending(answer));
    pass(3 * BEAT - 1);
    assert.ok(await isPending(answer));
    pass(1);
    assert.deepEqual(await answer, { type: 'mute' });
  });

  it('is mute also where its system only took the connection', async (t) => {
    assert.deepEqual(await asked(t, () => {}, { ...ours(), connectTimeout: 60_000 }), { type: 'mute' });
    assert.equal(timers(), 0);
  });

  it('is mute also where it has proved itself, and says nothing more', async (t) => {
    const hub = hangingInTheMiddle();
    assert.deepEqual(await asked(t, hub.accept, { ...ours(), connectTimeout: 60_000 }), { type: 'mute' });
    assert.equal(hub.frames.length, 2);
  });

  it('is given its three beats, also where the time for a connection is shorter', async (t) => {
    const pass = timed(t);
    const answer = asked(t, silent, { ...ours(20), connectTimeout: 10 });
    assert.ok(await isPending(answer));
    pass(59);
    assert.ok(await isPending(answer));
    pass(1);
    assert.deepEqual(await answer, { type: 'mute' });
  });

  it('is mute where not even its system takes the connection any more', async () => {
    const timeout = new ClusterError('ERR_CLUSTER_CONNECT_TIMEOUT', 'no connection');
    const ask = (isOurs: boolean) => dialled(timeout, { isOurs: () => isOurs });
    assert.deepEqual(await ask(true), { type: 'mute' });
    const stranger = await ask(false);
    assert.ok(stranger.type === 'foreign');
    assert.deepEqual(
      [Reflect.get(stranger.error, 'code'), Reflect.get(stranger.error, 'certain'), stranger.error.cause],
      ['ERR_CLUSTER_PORT_TAKEN', undefined, timeout],
    );
  });

  it('is gone where the connection is refused, whoever it was', async () => {
    const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    assert.deepEqual(await dialled(refused, { isOurs: () => true }), { type: 'gone' });
  });

  it('is not taken for gone, nor for a stranger, where this process cannot dial', async () => {
    const noFile = Object.assign(new Error('too many open files'), { code: 'EMFILE' });
    const answer = await dialled(noFile, { isOurs: () => true });
    assert.deepEqual(answer, { type: 'refused', error: noFile });
  });
});

describe('whoever is silent and not known to be ours', () => {
  it('is a stranger, after the time for a connection and not after three beats', async (t) => {
    const pass = timed(t);
    const answer = asked(t, silent, { heartbeatInterval: 1, connectTimeout: 40, isOurs: () => false });
    assert.ok(await isPending(answer));
    pass(39);
    assert.ok(await isPending(answer));
    pass(1);
    const stranger = await answer;
    assert.ok(stranger.type === 'foreign');
    assert.match(
      stranger.error.message,
      /held by something that is not of this group \(.* did not answer in 40 ms\)/,
    );
  });
});

describe('one of ours that answers', () => {
  it('is not asked about: that it has the secret is enough', async (t) => {
    const answer = await asked(t, hubThat(WELCOME).accept, { isOurs: assert.fail });
    assert.ok(answer.type === 'led');
    answer.contact.close();
  });

  it('is leaving where its leader closes, which is no news until it has left, or its link broke', async (t) => {
    for (const left of [true, false]) {
      const hub = hubThat({ type: 'parked', state: 'leaving' });
      const answer = await asked(t, hub.accept);
      assert.ok(answer.type === 'leaving');
      const { signal } = new AbortController();
      assert.equal(await answer.contact.news(1, signal), undefined);
      const news = answer.contact.news(Infinity, signal);
      assert.ok(await isPending(news));
      if (left) hub.tell({ type: 'goodbye', code: 'ERR_CLUSTER_LEADER_LEFT', reason: 'closed' });
      else hub.hang();
      assert.deepEqual(await news, { type: 'gone', left });
    }
  });

  it('and hangs afterwards is gone for who waits there', async (t) => {
    const hub = hubThat({ type: 'parked', state: 'vacant' });
    const answer = await asked(t, hub.accept, { ...ours(), isOurs: assert.fail });
    assert.ok(answer.type === 'vacant');
    const news = await answer.contact.news(Infinity, new AbortController().signal);
    assert.deepEqual(news, { type: 'gone', left: false });
    assert.equal(timers(), 0);
  });

  it('is asked no more when that is aborted, also in the middle', async (t) => {
    const controller = new AbortController();
    const hub = hangingInTheMiddle();
    const answer = asked(t, hub.accept, { ...ours(60_000), signal: controller.signal });
    await until(() => hub.frames.length === 2);
    controller.abort();
    assert.deepEqual(await answer, { type: 'gone' });
    assert.equal(timers(), 0);
  });
});
