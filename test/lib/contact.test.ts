import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type AskOptions, askAt, HubContact } from '../../lib/contact.js';
import { deriveKey } from '../../lib/handshake.js';
import type { Link } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import type { Message } from '../../protocol/message.js';
import { helloFrame } from '../fixtures/frames-handshake.js';
import { Ear } from '../helpers/links.js';
import { isPending, until } from '../helpers/until.js';
import { APPLICANT, KEY, WELCOME } from './handshakes.js';
import { ADDRESS, asked, hubThat, LIMIT } from './hubs.js';

const signal = new AbortController().signal;

describe('asking at an address', () => {
  it('finds that the channel is led there: also where the leader is just starting', async (t) => {
    for (const outcome of [WELCOME, { type: 'parked', state: 'starting' } as const]) {
      const answer = await asked(t, hubThat(outcome).accept);
      assert.ok(answer.type === 'led' && answer.contact instanceof HubContact);
      assert.deepEqual(answer.contact.outcome, outcome);
      answer.contact.close();
    }
  });

  it('finds a hub that knows of no leader, one that sends it on, and one that refuses, whose links it closes', async (t) => {
    const vacant = await asked(t, hubThat({ type: 'parked', state: 'vacant' }).accept);
    assert.ok(vacant.type === 'vacant');
    vacant.contact.close();
    const moved = { type: 'moved', epoch: 5, address: { host: 'memory', port: 9 } } as const;
    assert.deepEqual(await asked(t, hubThat(moved).accept), moved);
    const refused = await asked(
      t,
      hubThat({ type: 'refused', code: 'ERR_CLUSTER_CODEC', reason: 'json' }).accept,
    );
    assert.ok(refused.type === 'refused');
    assert.deepEqual(
      [Reflect.get(refused.error, 'code'), refused.error.message],
      ['ERR_CLUSTER_CODEC', 'json'],
    );
  });

  it('finds that nobody is there', async () => {
    const options = {
      transport: memory(),
      keys: [KEY],
      connectTimeout: 5000,
      heartbeatInterval: 5000,
      isOurs: () => true,
      ...LIMIT,
      signal,
      applicant: APPLICANT,
    };
    assert.deepEqual(await askAt(ADDRESS, options), { type: 'gone' });
  });

  it('is certain of strangers that speak otherwise, have another secret, or say nothing in time', async (t) => {
    const says = (bytes: Buffer) => (link: Link) => {
      link.open(new Ear());
      link.write([bytes]);
    };
    const cases: [string, (link: Link) => void, Partial<AskOptions>][] = [
      ['ERR_CLUSTER_PORT_HTTP', says(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')), {}],
      ['ERR_CLUSTER_PORT_TAKEN', says(Buffer.from('220 mail.example ESMTP\r\n')), {}],
      ['ERR_CLUSTER_PORT_TAKEN', says(encodeFrame({ ...helloFrame, kind: 1 })), {}],
      ['ERR_CLUSTER_AUTH', hubThat(WELCOME).accept, { keys: [deriveKey(Buffer.from('another secret'))] }],
      ['ERR_CLUSTER_PORT_TAKEN', says(Buffer.alloc(0)), { connectTimeout: 20 }],
    ];
    for (const [code, answer, more] of cases) {
      const stranger = await asked(t, answer, more);
      assert.ok(stranger.type === 'foreign');
      assert.equal(Reflect.get(stranger.error, 'code'), code, stranger.error.message);
      assert.notEqual(Reflect.get(stranger.error, 'certain'), false, code);
    }
  });

  it('does not take a stranger for a leader that hangs because it says so', async (t) => {
    for (const code of ['ERR_CLUSTER_LEADER_SILENT', 'ERR_CLUSTER_PORT_SILENT']) {
      const says = (link: Link) => {
        link.open(new Ear());
        link.write([encodeFrame(encode({ type: 'goodbye', code, reason: '' }))]);
      };
      const answer = await asked(t, says, { isOurs: () => true });
      assert.ok(answer.type === 'foreign', answer.type);
      assert.equal(Reflect.get(answer.error, 'code'), 'ERR_CLUSTER_PORT_TAKEN');
    }
  });

  it('is not certain of who closes without a word: a hub may be just going', async (t) => {
    const answer = await asked(t, (link) => link.destroy());
    assert.ok(answer.type === 'foreign');
    assert.deepEqual(
      [Reflect.get(answer.error, 'code'), Reflect.get(answer.error, 'certain')],
      ['ERR_CLUSTER_PORT_TAKEN', false],
    );
  });

  it('ends at once when it is aborted, also before it begins', async (t) => {
    const controller = new AbortController();
    const silent = (link: Link) => {
      link.open(new Ear());
      controller.abort();
    };
    const started = await asked(t, silent, { signal: controller.signal, connectTimeout: 60_000 });
    assert.equal(started.type, 'gone');
    const before = await asked(t, silent, { signal: AbortSignal.abort(), connectTimeout: 60_000 });
    assert.equal(before.type, 'gone');
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });
});

describe('a contact that is parked', () => {
  const park = async (t: TestContext) => {
    const hub = hubThat({ type: 'parked', state: 'vacant' });
    const answer = await asked(t, hub.accept);
    assert.ok(answer.type === 'vacant' && answer.contact instanceof HubContact);
    return { hub, contact: answer.contact };
  };

  it('hears of a leader, there or elsewhere', async (t) => {
    const moved = { type: 'moved', epoch: 5, address: { host: 'memory', port: 9 } } as const;
    for (const [message, type] of [
      [{ type: 'parked', state: 'starting' }, 'led'],
      [WELCOME, 'led'],
      [moved, 'moved'],
    ] as const) {
      const { hub, contact } = await park(t);
      const news = contact.news(Infinity, signal);
      assert.ok(await isPending(news));
      hub.tell(message);
      assert.equal((await news)?.type, type);
      contact.close();
    }
  });

  it('hears that the hub has gone, also where it went before anybody listened', async (t) => {
    const { hub, contact } = await park(t);
    const news = contact.news(Infinity, signal);
    hub.hang();
    assert.deepEqual(await news, { type: 'gone', left: false });
    assert.deepEqual(await contact.news(Infinity, signal), { type: 'gone', left: false });
  });

  it('hears nothing when the time is over or the signal is aborted, and leaves no timer of its own', async (t) => {
    const { contact } = await park(t);
    assert.equal(await contact.news(1, signal), undefined);
    assert.equal(await contact.news(60_000, AbortSignal.abort()), undefined);
    const controller = new AbortController();
    const news = contact.news(60_000, controller.signal);
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const waiting = timers();
    controller.abort();
    assert.equal(await news, undefined);
    assert.equal(timers(), waiting - 1);
    contact.close();
  });

  it('gives its owner what came before there was one, and everything after', async (t) => {
    const { hub, contact } = await park(t);
    const value = { bytes: Buffer.from('x'), raw: true };
    hub.tell({ type: 'parked', state: 'starting' });
    hub.tell({ type: 'unavailable', value });
    await until(() => contact.outcome.type === 'parked' && contact.outcome.state === 'starting');
    await contact.news(Infinity, signal);
    const heard: Message[] = [];
    const closes: Error[] = [];
    contact.give({
      message: (one) => heard.push(one),
      drain: () => {},
      close: (error) => closes.push(error),
    });
    hub.tell({ type: 'cancel', id: 7 });
    await until(() => heard.length === 2);
    assert.deepEqual(
      heard.map(({ type }) => type),
      ['unavailable', 'cancel'],
    );
    hub.hang();
    await until(() => closes.length === 1);
  });
});
