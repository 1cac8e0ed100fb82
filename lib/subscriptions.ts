import co from 'co';
import is from 'is-type-of';
import { type Codec, decodePayload, type Payload } from '../protocol/codec.js';
import type { Value } from '../protocol/message.js';
import { ClusterError } from './errors.js';
import { isThenable } from './thenable.js';

export type Listener = (value: unknown) => void;

interface Subscription {
  readonly key: string;
  readonly reg: unknown;
  listeners: readonly Listener[];
  last: Payload | undefined;
  /** Of the last value, and the epoch of the leader that it came from. */
  revision: number;
  epoch: number;
  firstValue: NodeJS.Timeout | undefined;
}

export interface SubscriptionsOptions {
  codec: Codec;
  /** What a listener throws, and what cannot be decoded. */
  onError(error: unknown): void;
}

/**
 * The listeners of one client, over all changes of leader. Every listener gets a copy of its own, so no two
 * share a mutable value.
 */
export class Subscriptions {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #options: SubscriptionsOptions;
  #missed = 0;
  /** The list of one listener that was the only one: it may have many keys, and one list does for all. */
  #alone: readonly Listener[] = [];

  constructor(options: SubscriptionsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#subscriptions.size;
  }

  /** Values that were skipped, of all keys, since the beginning. */
  get missed(): number {
    return this.#missed;
  }

  /** Each key with its reg, in the order of subscription. */
  entries(): { key: string; reg: unknown }[] {
    return [...this.#subscriptions.values()].map(({ key, reg }) => ({ key, reg }));
  }

  listenerCount(key: string): number {
    return this.#subscriptions.get(key)?.listeners.length ?? 0;
  }

  /**
   * The same listener twice is called twice.
   * @param replay whether the newest value that this client has is delivered, on the next tick.
   * @returns whether the key is new here, and so has to be asked for.
   */
  add(key: string, reg: unknown, listener: Listener, replay: boolean): boolean {
    const existing = this.#subscriptions.get(key);
    if (!existing) {
      if (this.#alone[0] !== listener) this.#alone = [listener];
      this.#subscriptions.set(key, {
        key,
        reg,
        listeners: this.#alone,
        last: undefined,
        revision: 0,
        epoch: 0,
        firstValue: undefined,
      });
      return true;
    }
    existing.listeners = [...existing.listeners, listener];
    const { last } = existing;
    if (replay && last) {
      process.nextTick(() => {
        // A newer value in between has reached this listener already.
        if (existing.last === last && existing.listeners.includes(listener)) this.#call(listener, key, last);
      });
    }
    return false;
  }

  /**
   * Without a listener: all of them; with one: all copies of it.
   * @returns whether nobody is left and the key is forgotten.
   */
  remove(key: string, listener?: Listener): boolean {
    const subscription = this.#subscriptions.get(key);
    if (!subscription) return false;
    subscription.listeners = listener ? subscription.listeners.filter((one) => one !== listener) : [];
    if (subscription.listeners.length > 0) return false;
    clearTimeout(subscription.firstValue);
    this.#subscriptions.delete(key);
    if (this.#subscriptions.size === 0) this.#alone = [];
    return true;
  }

  /**
   * @param epoch of the leader that it comes from: with the revision, it tells which of two values is newer.
   * @param share index of the only listener that is meant; undefined: all.
   */
  deliver(value: Value, epoch: number, share?: number): void {
    const subscription = this.#subscriptions.get(value.key);
    if (!subscription) return;
    if (subscription.last) {
      if (epoch < subscription.epoch) return;
      if (epoch === subscription.epoch && value.revision <= subscription.revision) return;
    }
    if (subscription.firstValue) clearTimeout(subscription.firstValue);
    this.#missed += value.missed;
    subscription.last = value.value;
    subscription.revision = value.revision;
    subscription.epoch = epoch;
    const { key, listeners } = subscription;
    // A list that is changed meanwhile is another list.
    for (const listener of share === undefined ? listeners : listeners.slice(share, share + 1)) {
      this.#call(listener, key, value.value);
    }
  }

  /** Reports a key that brings no value within so many ms, once. */
  expectFirst(key: string, timeout: number): void {
    const subscription = this.#subscriptions.get(key);
    if (!subscription || subscription.last) return;
    clearTimeout(subscription.firstValue);
    subscription.firstValue = setTimeout(() => {
      this.#options.onError(
        new ClusterError(
          'ERR_CLUSTER_SUBSCRIBE_TIMEOUT',
          `subscribe timeout: no first value for ${key} in ${timeout} ms`,
          {
            data: { key, timeout },
          },
        ),
      );
    }, timeout);
  }

  clear(): void {
    for (const { firstValue } of this.#subscriptions.values()) clearTimeout(firstValue);
    this.#subscriptions.clear();
    this.#alone = [];
  }

  #call(listener: Listener, key: string, payload: Payload): void {
    try {
      const value = decodePayload(this.#options.codec, payload, `a value of subscription ${key}`);
      const result: unknown = listener(payload.raw ? Buffer.from(value as Buffer) : value);
      if (result === undefined) return;
      // An async listener's failure is a listener's failure too.
      const running = is.generator(result) ? co(() => result) : result;
      if (isThenable(running)) running.then(undefined, (error) => this.#options.onError(error));
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
