import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { Channel } from '../../lib/channel.js';
import type { Applicant } from '../../lib/handshake.js';
import { deriveKey } from '../../lib/handshake.js';
import { derivePorts, Hub, type HubOptions, openHub } from '../../lib/hub.js';
import type { Backend } from '../../lib/peer.js';
import { openRuntime, type Runtime } from '../../lib/runtime.js';
import { Topics } from '../../lib/topics.js';
import type { Transport } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import type { Challenge, Message } from '../../protocol/message.js';
import { temporaryFolder } from '../helpers/folder.js';
import { Ear, farewell, Inbox } from '../helpers/links.js';
import { rawFollower } from '../helpers/raw-follower.js';
import { until } from '../helpers/until.js';
import { IDENTITY } from './handshakes.js';

const LIMITS = { maxHandshakeBytes: 4096, maxFrameBytes: 1024 * 1024, maxHandshakes: 64, maxLinks: 64 };
const ADDRESS = { host: 'memory', port: 1 };

/** Two of one class with different settings, the second of which cannot lead. */
const CONFIG_A = { ...IDENTITY, channel: 'Config@a', settings: ['00000001 endpoint'] };
const STRANDED = { channel: 'Config@b', settings: ['00000002 endpoint'], mayLead: false };

/** A runtime folder with records. */
function recording(): Runtime {
  const secrets = [Buffer.from('the secret of this group')];
  return openRuntime({ runtimeDir: temporaryFolder(), group: 'g', secrets }, assert.fail);
}

async function listening(t: TestContext, more: Partial<HubOptions> = {}) {
  const network = memory();
  const runtime = {
    secrets: [Buffer.from('the secret of this group')],
    id: 'b7',
    folder: undefined,
    restore: () => {},
  };
  const settings = {
    group: 'g',
    port: 1,
    transport: network,
    runtime,
    connectTimeout: 5000,
    ...LIMITS,
    warn: assert.fail,
  };
  const hub = new Hub({ ...settings, ...more }, () => {});
  hub.join();
  t.after(() => hub.leave());
  assert.equal(await hub.listen(ADDRESS), true);
  const follow = (applicant: Partial<Applicant> = {}) =>
    rawFollower(network, ADDRESS, hub.runtime, applicant);
  return { hub, network, follow, settings };
}

/** A network where who dials says this in the write that has frame 3. */
function saying(network: Transport, behind: readonly (Message | Challenge)[]): Transport {
  const bytes = behind.map((message) => encodeFrame(encode(message)));
  return {
    ...network,
    async dial(...where) {
      const link = await network.dial(...where);
      const write = link.write.bind(link);
      let writes = 0;
      link.write = (buffers) => {
        writes += 1;
        return write(writes === 2 ? [...buffers, ...bytes] : buffers);
      };
      return link;
    },
  };
}

/** A channel whose real client does nothing. */
function channel(identity = IDENTITY): Channel {
  const codec = msgpack();
  const maxMessageBytes = 1024;
  const topics = new Topics({
    codec,
    maxMessageBytes,
    isBroadcast: true,
    linger: 0,
    mayAct: () => true,
    onError: assert.fail,
  });
  const backend: Backend = {
    methods: new Set(['get']),
    topics,
    invoke: () => {},
    publish: async () => ({ epoch: 7, sequence: 1 }),
    forget: () => {},
    mayAct: () => true,
    error: () => {},
    attach: () => assert.fail('not here'),
    closed: false,
  };
  return new Channel({
    identity,
    epoch: 7,
    codec,
    maxMessageBytes,
    backend,
    heartbeatInterval: undefined,
    maxQueuedBytes: 1024,
    delivery: 'newest',
    maxCallsPerLink: 64,
    maxKeysPerLink: 64,
  });
}

describe('a hub', () => {
  it('closes a link that does not prove itself within connectTimeout, and no other (3.7.0: kept for ever)', async (t) => {
    const { network, follow } = await listening(t, { connectTimeout: 200 });
    const parked = await follow();
    const ears = [new Ear(), new Ear()];
    const links = await Promise.all(ears.map(() => network.dial(ADDRESS, 1000)));
    for (const [index, link] of links.entries()) link.open(ears[index] as Ear);
    // The first half of a first frame.
    links[1]?.write([Buffer.from([1, 0, 0, 0])]);
    await until(() => ears.every(({ closes }) => closes.length > 0));
    for (const ear of ears)
      assert.deepEqual(farewell(ear), { type: 'goodbye', code: 'ERR_CLUSTER_CONNECT_TIMEOUT', reason: '' });
    assert.equal(parked.connection.closed, undefined);
    parked.connection.destroy(new Error('done'));
  });

  it('parks who asks for a channel that nobody leads, and hands them over to who does', async (t) => {
    const { hub, follow } = await listening(t);
    const { connection, outcome } = await follow();
    assert.deepEqual(outcome, { type: 'parked', state: 'vacant' });
    const inbox = new Inbox(connection);
    const led = channel();
    hub.lead(led);
    assert.equal(led.followers, 1);
    await until(() => inbox.messages.length > 0);
    assert.deepEqual(inbox.messages, [{ type: 'parked', state: 'starting' }]);
    led.ready();
    const welcome = { type: 'welcome', epoch: 7, pid: process.pid, codec: 'msgpack', methods: ['get'] };
    await until(() => inbox.messages.length > 1);
    assert.deepEqual(inbox.messages[1], welcome);
    assert.deepEqual((await follow()).outcome, welcome);
    assert.equal(led.followers, 2);
    led.close('ERR_CLUSTER_LEADER_LEFT', 'done');
    await until(() => inbox.closes.length > 0);
    assert.equal(Reflect.get(inbox.closes[0] ?? {}, 'code'), 'ERR_CLUSTER_LEADER_LEFT');
  });

  it('has one that cannot lead follow the only leader of its class, where nobody has led under its settings, and warns', async (t) => {
    const warnings: string[] = [];
    const warn = (message: string) => void warnings.push(message);
    const { hub, follow } = await listening(t, { warn, runtime: recording() });
    const early = await follow(STRANDED);
    assert.deepEqual(early.outcome, { type: 'parked', state: 'vacant' });
    const inbox = new Inbox(early.connection);
    const led = channel(CONFIG_A);
    hub.lead(led);
    await until(() => inbox.messages.length > 0);
    assert.deepEqual(inbox.messages, [{ type: 'parked', state: 'starting' }]);
    led.ready();
    assert.equal((await follow(STRANDED)).outcome.type, 'welcome');
    assert.equal(led.followers, 2);
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /differs in endpoint from its leader/);
    const { outcome } = await follow({ ...STRANDED, mayLead: true });
    assert.equal(outcome.type, 'parked', 'it can lead its own');
    const own = channel({ ...CONFIG_A, ...STRANDED });
    hub.lead(own);
    await until(() => inbox.closes.length > 0);
    assert.equal(led.followers, 0);
    assert.deepEqual((await follow(STRANDED)).outcome, { type: 'parked', state: 'starting' });
    own.close('ERR_CLUSTER_LEADER_LEFT', 'done');
    led.close('ERR_CLUSTER_LEADER_LEFT', 'done');
  });

  it('has it wait for one with its settings, where one has led', async (t) => {
    const { hub, follow } = await listening(t, { runtime: recording(), warn: () => {} });
    hub.record(STRANDED.channel).claim(undefined, { epoch: 1, address: ADDRESS, pid: 1 }, true);
    const { connection, outcome } = await follow(STRANDED);
    assert.deepEqual(outcome, { type: 'parked', state: 'vacant' });
    const inbox = new Inbox(connection);
    const led = channel(CONFIG_A);
    hub.lead(led);
    assert.deepEqual((await follow(STRANDED)).outcome, { type: 'parked', state: 'vacant' });
    assert.deepEqual([led.followers, inbox.messages], [0, []]);
    led.close('ERR_CLUSTER_LEADER_LEFT', 'done');
  });

  it('refuses it where its class has several leaders, where either is strict, and where there are no records', async (t) => {
    const strict = { isStrict: true };
    for (const [leaders, applicant, runtime] of [
      [[CONFIG_A, { ...CONFIG_A, channel: 'Config@c' }], STRANDED, recording()],
      [[CONFIG_A], { ...STRANDED, ...strict }, recording()],
      [[{ ...CONFIG_A, ...strict }], STRANDED, recording()],
      [[CONFIG_A], STRANDED, undefined],
    ] as const) {
      const { hub, follow } = await listening(t, { warn: () => {}, ...(runtime && { runtime }) });
      const all = leaders.map((identity) => channel(identity));
      for (const led of all) hub.lead(led);
      const { outcome } = await follow(applicant);
      assert.ok(outcome.type === 'refused');
      assert.equal(outcome.code, 'ERR_CLUSTER_IDENTITY');
      assert.match(outcome.reason, /differ in endpoint/);
      for (const led of all) led.close('ERR_CLUSTER_LEADER_LEFT', 'done');
    }
  });

  it('forgets a follower that has gone', async (t) => {
    const { hub, follow } = await listening(t);
    const led = channel();
    hub.lead(led);
    const { connection } = await follow();
    assert.equal(led.followers, 1);
    connection.destroy(new Error('gone'));
    await until(() => led.followers === 0);
  });

  it('takes what comes in the same write as the proof for what a follower says, and serves it up to its goodbye', async (t) => {
    const { hub, network } = await listening(t);
    const led = channel();
    hub.lead(led);
    led.ready();
    const { topics } = led.options.backend;
    const reg = { bytes: Buffer.from([0xc0]), raw: false };
    const follow = (...behind: (Message | Challenge)[]) =>
      rawFollower(saying(network, behind), ADDRESS, hub.runtime);

    const { connection, outcome } = await follow({ type: 'standby', address: undefined });
    assert.equal(outcome.type, 'welcome');
    assert.deepEqual([led.followers, connection.closed], [1, undefined]);
    connection.destroy(new Error('done'));
    await until(() => led.followers === 0);

    const left = { type: 'goodbye', code: 'ERR_CLUSTER_CLOSED', reason: '' } as const;
    await assert.rejects(follow(left, { type: 'subscribe', key: 'db', reg }));
    assert.deepEqual([led.followers, topics.size], [0, 0]);

    const bytes = Buffer.alloc(32);
    const violating = await follow({ type: 'challenge', id: 1, version: 2, nonce: bytes, macs: [bytes] });
    const inbox = new Inbox(violating.connection);
    await until(() => inbox.closes.length > 0);
    assert.deepEqual([led.followers, led.refusals.violations], [0, 1]);
    assert.equal(hub.refusals.strangers, 0);
  });

  it('refuses a follower of another runtime folder, and one that does not have the codec, with the reason', async (t) => {
    const { hub, follow } = await listening(t);
    hub.lead(channel());
    const runtime = await follow({ runtime: 'other' });
    const codec = await follow({ codecs: ['json', 'v8'] });
    assert.deepEqual(
      [runtime, codec].map(({ outcome }) => outcome.type === 'refused' && outcome.code),
      ['ERR_CLUSTER_RUNTIME', 'ERR_CLUSTER_CODEC'],
    );
    assert.match(JSON.stringify(codec.outcome), /uses codec msgpack, process 4242 has json, v8/);
    for (const { connection } of [runtime, codec]) {
      const inbox = new Inbox(connection);
      await until(() => inbox.closes.length > 0);
    }
  });

  it('sends on who asks for a channel that the record says is led elsewhere, unless that is what they know', async (t) => {
    const runtime = {
      secrets: [Buffer.from('the secret of this group')],
      id: 'b7',
      folder: temporaryFolder(t),
      restore: () => {},
    };
    const { hub, follow } = await listening(t, { runtime });
    const address = { host: 'memory', port: 9 };
    hub.record('Config').claim(undefined, { epoch: 50, address, pid: 1 }, false);
    assert.deepEqual((await follow({ epoch: 49 })).outcome, { type: 'moved', epoch: 50, address });
    assert.equal((await follow({ epoch: 50 })).outcome.type, 'parked');
    assert.equal((await follow({ channel: 'Another' })).outcome.type, 'parked');
  });

  it('tells all who wait for a channel where it is led, once one of them leads it', async (t) => {
    const { follow } = await listening(t);
    const [teller, waiting, other] = await Promise.all([follow(), follow(), follow({ channel: 'Another' })]);
    const inboxes = [teller, waiting, other].map(({ connection }) => new Inbox(connection));
    const leadership = { epoch: 9, address: { host: 'memory', port: 9 } };
    teller.connection.send({ type: 'leading', ...leadership });
    await until(() => inboxes[1]?.messages.length === 1);
    assert.deepEqual(
      inboxes.map(({ messages }) => messages),
      [[], [{ type: 'moved', ...leadership }], []],
    );
  });

  it('tells a taken address from one that it may not have', async (t) => {
    const { hub, network } = await listening(t);
    const second = new Hub(
      {
        group: 'g',
        port: 1,
        transport: network,
        runtime: hub.runtime,
        connectTimeout: 1000,
        ...LIMITS,
        warn: assert.fail,
      },
      () => {},
    );
    assert.equal(await second.listen(ADDRESS), false);
    // What it listens at already it need not ask for.
    assert.equal(await hub.listen(ADDRESS), true);
    const forbidden = Object.assign(new Error('listen EACCES'), { code: 'EACCES' });
    network.listen = () => Promise.reject(forbidden);
    await assert.rejects(second.listen({ host: 'memory', port: 80 }), {
      code: 'ERR_CLUSTER_LISTEN',
      cause: forbidden,
    });
  });

  it('listens elsewhere once, and at the same address when it is asked again', async (t) => {
    const { hub, network } = await listening(t);
    assert.deepEqual(await hub.listenAnywhere(), ADDRESS);
    const second = new Hub(
      {
        group: 'g',
        port: 1,
        transport: network,
        runtime: hub.runtime,
        connectTimeout: 1000,
        ...LIMITS,
        warn: assert.fail,
      },
      () => {},
    );
    const address = await second.listenAnywhere();
    assert.ok(address.port >= 20_000 && address.port < 30_000);
    assert.deepEqual(await second.listenAnywhere(), address);
    await second.relax();
  });

  it('frees its address when the last user leaves, and says goodbye to who waits there', async (t) => {
    const { hub, network, follow } = await listening(t);
    hub.join();
    const inbox = new Inbox((await follow()).connection);
    hub.reserve('Another');
    await hub.leave();
    assert.equal(inbox.closes.length, 0);
    hub.unreserve('Another');
    hub.join();
    await hub.leave();
    await until(() => inbox.closes.length > 0);
    assert.equal(Reflect.get(inbox.closes[0] ?? {}, 'code'), 'ERR_CLUSTER_LEADER_LEFT');
    await assert.rejects(network.dial(ADDRESS, 1000), { code: 'ECONNREFUSED' });
  });
});

describe('the hubs of a process', () => {
  it('are one for each group, until the last user of it leaves', async (t) => {
    const { settings } = await listening(t);
    const group = crypto.randomUUID();
    const first = openHub({ ...settings, group });
    assert.equal(openHub({ ...settings, group }), first);
    const other = openHub({ ...settings, group: `${group} other` });
    assert.notEqual(other, first);
    await first.leave();
    assert.equal(openHub({ ...settings, group }), first);
    for (const hub of [first, first, other]) await hub.leave();
    const anew = openHub({ ...settings, group });
    assert.notEqual(anew, first);
    await anew.leave();
  });
});

describe('derived ports', () => {
  it('are the same for all of a group, others for others, and within the range', () => {
    const key = deriveKey(Buffer.from('secret'));
    const ports = derivePorts('group', key);
    assert.deepEqual(ports, derivePorts('group', key));
    assert.notDeepEqual(ports, derivePorts('other group', key));
    assert.notDeepEqual(ports, derivePorts('group', deriveKey(Buffer.from('other secret'))));
    assert.equal(ports.length, 4);
    assert.ok(ports.every((port) => port >= 20_000 && port < 30_000));
  });
});
