import assert from 'node:assert/strict';
import { type Subscriber, Topics, type Value } from '../../lib/topics.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';

export type Listener = (value: unknown) => void;

/** What the real client was asked, in order, and the listeners that it was given. */
export class Upstream {
  readonly asked: string[] = [];
  readonly listeners = new Map<unknown, Listener>();

  subscribe(reg: unknown, listener: Listener): void {
    this.asked.push(`+${reg}`);
    this.listeners.set(reg, listener);
  }

  unsubscribe(reg: unknown, listener: Listener): void {
    this.asked.push(`-${reg}`);
    assert.equal(this.listeners.get(reg), listener);
  }
}

export class Follower implements Subscriber {
  readonly values: [string, unknown, number | undefined][] = [];
  readonly revisions: number[] = [];
  readonly #shares: number;
  isReady = true;

  constructor(shares = 1) {
    this.#shares = shares;
  }

  shares(): number {
    return this.#shares;
  }

  deliver({ key, value: payload, revision }: Value, share?: number): void {
    this.values.push([key, payload.raw ? payload.bytes : msgpack().decode(payload.bytes), share]);
    this.revisions.push(revision);
  }
}

export function connected({
  isBroadcast = true,
  linger = 0,
  maxMessageBytes = 1024,
  mayAct = (): boolean => true,
} = {}) {
  const errors: unknown[] = [];
  const upstream = new Upstream();
  const topics = new Topics({
    codec: msgpack(),
    maxMessageBytes,
    isBroadcast,
    linger,
    mayAct,
    onError: (error) => errors.push(error),
  });
  topics.connect(upstream);
  return {
    topics,
    upstream,
    errors,
    push: (reg: unknown, value: unknown) => upstream.listeners.get(reg)?.(value),
  };
}
