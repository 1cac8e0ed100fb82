import assert from 'node:assert/strict';
import type { ServedCall } from '../../lib/call-context.js';
import { type Backend, type ChannelOptions, Peer } from '../../lib/peer.js';
import type { Rank } from '../../lib/publications.js';
import type { Topics } from '../../lib/topics.js';
import { clock } from '../../lib/transit.js';
import { encodePayload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import type { Address, Message } from '../../protocol/message.js';
import { connectionPair, Inbox } from '../helpers/links.js';
import { until } from '../helpers/until.js';
import { ADMITTED, IDENTITY } from './handshakes.js';
import { connected } from './upstream.js';

const codec = msgpack();
const MIB = 1024 * 1024;

/** What a follower has asked of its leader. */
export interface Asked {
  method: string;
  call: ServedCall;
  done: ((error: Error | undefined, results: readonly unknown[]) => void) | undefined;
}

/** A leader that notes what it is asked, and answers when the test does. */
class Recorder implements Backend {
  readonly methods = new Set(['get']);
  readonly topics: Topics;
  readonly closed = false;
  readonly asked: Asked[] = [];
  readonly published: unknown[] = [];
  readonly errors: unknown[] = [];
  forgotten = 0;
  /** How often it was asked whether it may act, and what it says. */
  gate = { asked: 0, open: true };

  constructor(topics: Topics) {
    this.topics = topics;
  }

  invoke(method: string, _args: readonly unknown[], call: ServedCall, done: Asked['done']): void {
    this.asked.push({ method, call, done });
  }

  async publish(_publisher: object, _key: string, reg: unknown, rank: Rank): Promise<Rank> {
    this.published.push(reg);
    return rank;
  }

  forget(): void {
    this.forgotten += 1;
  }

  mayAct(): boolean {
    this.gate.asked += 1;
    return this.gate.open;
  }

  error(error: unknown): void {
    this.errors.push(error);
  }

  attach(): never {
    return assert.fail('not here');
  }
}

export interface PeerSettings extends Partial<ChannelOptions> {
  isBroadcast?: boolean;
  /** The clock of the follower when it proved itself. */
  sentAt?: number;
}

const decoded = ({ bytes, raw }: { bytes: Buffer; raw: boolean }): unknown =>
  raw ? bytes : codec.decode(bytes);

/** A follower at its leader: `far` is the follower's end of the link, and `inbox` what comes there. */
export async function peered({ isBroadcast = true, sentAt = 0, ...more }: PeerSettings = {}) {
  const { near, far } = await connectionPair();
  const { topics, push } = connected({ isBroadcast, maxMessageBytes: MIB });
  const backend = new Recorder(topics);
  const owner = { closes: 0, expired: 0, standbys: [] as (Address | undefined)[], refused: [] as string[] };
  const options: ChannelOptions = {
    identity: IDENTITY,
    epoch: 7,
    codec,
    maxMessageBytes: MIB,
    backend,
    heartbeatInterval: undefined,
    maxQueuedBytes: MIB,
    delivery: 'newest',
    maxCallsPerLink: 64,
    maxKeysPerLink: 64,
    ...more,
  };
  const peer = new Peer(
    options,
    near,
    { ...ADMITTED, sentAt, readAt: clock() },
    {
      closed: () => {
        owner.closes += 1;
      },
      expired: () => {
        owner.expired += 1;
      },
      refused: (what) => {
        owner.refused.push(what);
      },
      standsBy: (address) => {
        owner.standbys.push(address);
      },
    },
  );
  peer.open();
  const inbox = new Inbox(far);
  /** Key, value, missed of each value that has come. */
  const values = () => inbox.of('value').map(({ key, value, missed }) => [key, decoded(value), missed]);
  return { peer, backend, owner, options, near, far, inbox, push, values };
}

export const subscribe = (key: string): Message => ({
  type: 'subscribe',
  key,
  reg: encodePayload(codec, key, 'a reg'),
});

export const invoke = (id: number, more: Partial<Message & { type: 'invoke' }> = {}): Message => ({
  type: 'invoke',
  id,
  timeout: 0,
  sentAt: 0,
  method: 'get',
  oneway: false,
  args: encodePayload(codec, [], 'arguments'),
  ...more,
});

/** A follower that is subscribed to these keys and reads nothing of what comes, until its link is resumed. */
export async function stuck(settings: PeerSettings, ...keys: string[]) {
  const all = await peered(settings);
  for (const key of keys) all.far.send(subscribe(key));
  await until(() => all.backend.topics.size === keys.length);
  all.far.link.pause();
  return all;
}

/** What has been sent by now has been handed to the link, and what the link has was read, if it is read. */
export const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
