import assert from 'node:assert/strict';
import { Channel } from '../../lib/channel.js';
import type { ChannelIdentity } from '../../lib/channel-identity.js';
import { Hub } from '../../lib/hub.js';
import type { Backend } from '../../lib/peer.js';
import { Topics } from '../../lib/topics.js';
import { memory } from '../../lib/transports/memory.js';
import { encodePayload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { Inbox } from '../helpers/links.js';
import { rawFollower } from '../helpers/raw-follower.js';
import { soon } from './runs.js';

export const SECRET = 'the secret of this group';
export const RUNTIME = 'b7';
export const CHANNEL = 'Config';
export const ADDRESS = { host: 'memory', port: 1 };

const codec = msgpack();
const MAX_MESSAGE_BYTES = 64 * 1024;

/** A channel whose real client answers a call with its name, at once, and notes what was asked of it. */
function channelOf(identity: ChannelIdentity, asked: string[]): Channel {
  const topics = new Topics({
    codec,
    maxMessageBytes: MAX_MESSAGE_BYTES,
    isBroadcast: true,
    linger: 0,
    mayAct: () => true,
    onError: assert.fail,
  });
  topics.connect({ subscribe: () => asked.push('subscribe'), unsubscribe: () => {} });
  const backend: Backend = {
    methods: new Set(['get']),
    topics,
    invoke: (method, _args, _call, done) => {
      asked.push(method);
      done?.(undefined, [method]);
    },
    publish: async (_publisher, _key, _reg, rank) => {
      asked.push('publish');
      return rank;
    },
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
    maxMessageBytes: MAX_MESSAGE_BYTES,
    backend,
    heartbeatInterval: undefined,
    maxQueuedBytes: MAX_MESSAGE_BYTES,
    delivery: 'newest',
    maxCallsPerLink: 64,
    maxKeysPerLink: 64,
  });
}

/**
 * A hub that leads one channel and has one good follower. There is room for one stranger and one more link, so that
 * none may be kept.
 */
export async function hubWorld() {
  const network = memory();
  const runtime = { secrets: [Buffer.from(SECRET)], id: RUNTIME, folder: undefined, restore: () => {} };
  const limits = { maxHandshakeBytes: 4096, maxFrameBytes: 1024 * 1024, maxHandshakes: 1, maxLinks: 2 };
  const place = { group: 'g', port: ADDRESS.port, transport: network, runtime, connectTimeout: 600_000 };
  const hub = new Hub({ ...place, ...limits, warn: () => {} }, () => {});
  hub.join();
  await hub.listen(ADDRESS);
  const asked: string[] = [];
  const channel = channelOf({ channel: CHANNEL, name: CHANNEL, settings: [], isStrict: false }, asked);
  hub.lead(channel);
  channel.ready();
  const { connection } = await rawFollower(network, ADDRESS, runtime);
  const inbox = new Inbox(connection);
  let id = 0;
  /** The good follower asks, and is answered. */
  const serves = async () => {
    id += 1;
    const args = encodePayload(codec, [], 'arguments');
    connection.send({ type: 'invoke', id, timeout: 0, sentAt: 0, method: 'get', oneway: false, args });
    await soon(() => inbox.of('result').length > 0, 'the good follower is answered');
    const answers = inbox.messages.splice(0).filter(({ type }) => type !== 'standby');
    assert.deepEqual(
      answers.map((message) => [message.type, 'id' in message && message.id]),
      [['result', id]],
    );
    assert.equal(asked.splice(0).join(), 'get');
  };
  /** How many wait for a channel that nobody leads. */
  const waiting = async (name: string) => {
    const late = channelOf({ channel: name, name: 'late', settings: [], isStrict: false }, []);
    hub.lead(late);
    const { followers } = late;
    late.close('ERR_CLUSTER_LEADER_LEFT', 'counted');
    await hub.release(late);
    return followers;
  };
  const end = async () => {
    connection.destroy(new Error('the end'));
    channel.close('ERR_CLUSTER_LEADER_LEFT', 'the end');
    await hub.release(channel);
    await hub.leave();
  };
  return { hub, network, channel, asked, serves, waiting, end };
}

export type HubWorld = Awaited<ReturnType<typeof hubWorld>>;
