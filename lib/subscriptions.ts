import co from 'co';
import is from 'is-type-of';
import { type Codec, decodePayload, type Payload, retained } from '../protocol/codec.js';
import { ClusterError } from './errors.js';
import { isThenable } from './thenable.js';

export type Listener = (value: unknown) => void;

/** A value on its way to the listeners of this process. */
export interface Delivery {
  readonly key: string;
  readonly payload: Payload;
  /** Together with the revision: which of two values is newer. */
  readonly epoch: number;
  readonly revision: number;
  /** Values of this key that were skipped before this one, because this process was slow to read. */
  readonly missed: number;
}

interface Subscription {
  readonly key: string;
  readonly reg: unknown;
  listeners: readonly Listener[];
  last: Delivery | undefined;
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
      this.#subscriptions.set(key, {
        key,
        reg,
        listeners: [listener],
        last: undefined,
        firstValue: undefined,
      });
      return true;
    }
    existing.listeners = [...existing.listeners, listener];
    const { last } = existing;
    if (replay && last) {
      process.nextTick(() => {
        // A newer value in between has reached this listener already.
        if (existing.last === last && existing.listeners.includes(listener)) this.#call(listener, last);
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
    return true;
  }

  /** @param share index of the only listener that is meant; undefined: all. */
  deliver(delivery: Delivery, share?: number): void {
    const subscription = this.#subscriptions.get(delivery.key);
    if (!subscription) return;
    const { last } = subscription;
    if (
      last &&
      (delivery.epoch < last.epoch || (delivery.epoch === last.epoch && delivery.revision <= last.revision))
    ) {
      return;
    }
    if (subscription.firstValue) clearTimeout(subscription.firstValue);
    const { key, payload, epoch, revision, missed } = delivery;
    this.#missed += missed;
    subscription.last = { key, payload: retained(payload), epoch, revision, missed };
    const { listeners } = subscription;
    // A list that is changed meanwhile is another list.
    for (const listener of share === undefined ? listeners : listeners.slice(share, share + 1)) {
      this.#call(listener, delivery);
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
  }

  #call(listener: Listener, { key, payload }: Delivery): void {
    try {
      const value = decodePayload(this.#options.codec, payload, `a value of subscription ${key}`);
      const result: unknown = listener(payload.raw ? Buffer.from(value as Buffer) : value);
      // An async listener's failure is a listener's failure too.
      const running = is.generator(result) ? co(() => result) : result;
      if (isThenable(running)) running.then(undefined, (error) => this.#options.onError(error));
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
