import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { callContext } from '../../lib/call-context.js';
import { Connection } from '../../lib/connection.js';
import { resolveOptions } from '../../lib/options.js';
import { PendingCalls } from '../../lib/pending.js';
import type { RoleEvents } from '../../lib/role.js';
import { Leader } from '../../lib/roles/leader.js';
import { encodePayload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import type { Message } from '../../protocol/message.js';
import { quietLogger } from '../helpers/isolated.js';
import { Ear, Inbox, linkPair } from '../helpers/links.js';
import { ADMITTED, IDENTITY } from '../lib/handshakes.js';
import { soon } from './runs.js';

const codec = msgpack();
const LIMITS = {
  maxMessageBytes: 64 * 1024,
  maxQueuedBytes: 16 * 1024,
  maxCallsPerLink: 8,
  maxKeysPerLink: 6,
};

/** What followers may invoke. */
export const DELEGATED = ['echo', 'log', 'answer', 'fail', 'never'];
const METHODS = { subscribe: 'subscribe', unSubscribe: 'unSubscribe', publish: 'publish', close: 'close' };
/** What the leader may look for in its real client. */
export const KNOWN: readonly PropertyKey[] = [...DELEGATED, ...Object.values(METHODS)];

type Listener = (value: unknown) => void;

/** Does what it is told with whatever it is given. Nobody delegates `secret`. */
class Real extends EventEmitter {
  /** Names of the methods that ran. */
  static readonly ran: string[] = [];
  static readonly listeners = new Set<Listener>();
  /** Of the calls of `never`. */
  static readonly signals: AbortSignal[] = [];

  async echo(value: unknown): Promise<unknown> {
    Real.ran.push('echo');
    return value;
  }

  log(..._values: unknown[]): void {
    Real.ran.push('log');
  }

  /** The last one is the callback, if anybody waits. */
  answer(...values: unknown[]): void {
    Real.ran.push('answer');
    const callback = values.pop();
    setImmediate(() => typeof callback === 'function' && callback(null, values[0]));
  }

  async fail(error: unknown): Promise<never> {
    Real.ran.push('fail');
    throw error;
  }

  async never(): Promise<void> {
    Real.ran.push('never');
    const call = callContext();
    if (call) Real.signals.push(call.signal);
    await new Promise(() => {});
  }

  secret(): void {
    Real.ran.push('secret');
  }

  subscribe(_reg: unknown, listener: Listener): void {
    Real.ran.push('subscribe');
    Real.listeners.add(listener);
  }

  unSubscribe(_reg: unknown, listener: Listener): void {
    Real.ran.push('unSubscribe');
    Real.listeners.delete(listener);
  }

  publish(): void {
    Real.ran.push('publish');
  }

  close(): void {
    Real.ran.push('close');
  }
}

class Quiet implements RoleEvents {
  isReady = false;

  ready(): void {
    this.isReady = true;
  }

  listenerCount(): number {
    return 0;
  }

  async standBy(): Promise<undefined> {}
  failed(): void {}
  drain(): void {}
  lost(): void {}
  deliver(): void {}
  event(): void {}
  standbyAt(): void {}
  error(): void {}
}

/** A leader with one good follower. What its real client is asked for is noted. */
export async function leaderWorld(delivery: 'newest' | 'every', isBroadcast: boolean) {
  const asked = new Set<PropertyKey>();
  const events = new Quiet();
  const logger = quietLogger();
  const options = { unsubscribeLinger: 0, isCheckHeartbeat: false, logger, delivery, isBroadcast, ...LIMITS };
  const leader = new Leader({
    options: resolveOptions('Config', options),
    methods: { ...METHODS, invoke: new Set(DELEGATED) },
    createRealClient: () =>
      new Proxy(new Real(), {
        get(real, name) {
          // While it is built, it is looked at as an emitter.
          if (events.isReady) asked.add(name);
          return Reflect.get(real, name);
        },
      }),
    epoch: 7,
    identity: IDENTITY,
  });
  const { channel, topics } = leader;
  const role = leader.attach(events, new PendingCalls(), true);
  leader.start();
  await soon(() => events.isReady, 'the leader is ready');
  asked.clear();
  /** One more follower, as its own end of the link. */
  const join = async () => {
    const { near, far } = await linkPair();
    const connection = new Connection(near, { maxMessageBytes: 1024 });
    connection.trust();
    channel.accept(connection, ADMITTED, channel.outcome());
    return far;
  };
  const good = new Connection(await join(), { maxMessageBytes: LIMITS.maxMessageBytes });
  good.trust();
  const inbox = new Inbox(good);
  let id = 0;
  /** The good follower asks, and is answered. */
  const serves = async () => {
    id += 1;
    const args = encodePayload(codec, [{ id, text: 'é' }, 1], 'arguments');
    const call: Message = { type: 'invoke', id, timeout: 0, sentAt: 0, method: 'echo', oneway: false, args };
    good.send(call);
    await soon(() => inbox.of('result').length > 0, 'the good follower is answered');
    const [result] = inbox.of('result');
    inbox.messages.length = 0;
    assert.ok(result);
    assert.deepEqual(
      [result.id, result.fault, codec.decode(result.value.bytes)],
      [id, false, { id, text: 'é' }],
    );
  };
  const dial = async () => {
    const link = await join();
    const ear = new Ear();
    link.open(ear);
    return { link, ear };
  };
  const end = async () => {
    good.destroy(new Error('the end'));
    await role.close();
  };
  return {
    channel,
    topics,
    asked,
    ran: Real.ran,
    signals: Real.signals,
    listeners: Real.listeners,
    dial,
    serves,
    end,
  };
}

export type LeaderWorld = Awaited<ReturnType<typeof leaderWorld>>;
