import { random } from 'utility';
import { type Codec, encodePayload, type Payload, retained } from '../protocol/codec.js';

/** The newest value of one key, encoded once whatever the number of subscribers. */
export interface Value {
  readonly key: string;
  readonly payload: Payload;
  /** Grows by one with every value of the channel. */
  readonly revision: number;
}

/** Who wants values: a follower's link, or a client in the leader's own process. */
export interface Subscriber {
  /** How many shares it has in the draw when each value goes to one subscriber only. */
  shares(key: string): number;
  /** False: it is stuck; values that go to one only go to another, if there is one. */
  readonly isReady: boolean;
  /** @param share which of its shares was drawn; undefined: the value is for all. */
  deliver(value: Value, share?: number): void;
}

/** The real client's side. */
export interface Upstream {
  subscribe(reg: unknown, listener: (value: unknown) => void): void;
  unsubscribe(reg: unknown, listener: (value: unknown) => void): void;
}

interface Topic {
  readonly key: string;
  readonly reg: unknown;
  readonly subscribers: Set<Subscriber>;
  readonly listener: (value: unknown) => void;
  value: Value | undefined;
  linger: NodeJS.Timeout | undefined;
}

export interface TopicsOptions {
  codec: Codec;
  maxMessageBytes: number;
  /** False: each value goes to one subscriber, picked at random. */
  isBroadcast: boolean;
  /** ms from the last unsubscribe of a key to the real client's. */
  linger: number;
  /** Asked before each act: false where this leader was replaced. */
  mayAct(): boolean;
  /** Hears of values that cannot be encoded, and of what the real client throws. */
  onError(error: unknown): void;
}

/**
 * What the leader is subscribed to, once per key whoever asks. A key that nobody wants any more is kept for the
 * linger, then unsubscribed at the real client and forgotten.
 */
export class Topics {
  readonly #topics = new Map<string, Topic>();
  readonly #options: TopicsOptions;
  #upstream: Upstream | undefined;
  #revision = 0;

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#topics.size;
  }

  /** The real client is ready, or another one is after the first could not start: it is asked for every key. */
  connect(upstream: Upstream): void {
    this.#upstream = upstream;
    for (const topic of this.#topics.values()) this.#subscribeUpstream(topic);
  }

  subscribe(key: string, reg: unknown, subscriber: Subscriber): void {
    const existing = this.#topics.get(key);
    if (existing) {
      clearTimeout(existing.linger);
      existing.linger = undefined;
      existing.subscribers.add(subscriber);
      if (existing.value && this.#options.isBroadcast) subscriber.deliver(existing.value);
      return;
    }
    const topic: Topic = {
      key,
      reg,
      subscribers: new Set([subscriber]),
      listener: (value) => this.#publish(topic, value),
      value: undefined,
      linger: undefined,
    };
    this.#topics.set(key, topic);
    this.#subscribeUpstream(topic);
  }

  unsubscribe(key: string, subscriber: Subscriber): void {
    const topic = this.#topics.get(key);
    if (!topic?.subscribers.delete(subscriber) || topic.subscribers.size > 0) return;
    topic.linger = setTimeout(() => this.#forget(topic), this.#options.linger);
  }

  /** The newest value of a key, for a subscriber that had to skip some. */
  newest(key: string): Value | undefined {
    return this.#topics.get(key)?.value;
  }

  /** Nothing is delivered any more. The real client is closed as a whole, not key by key. */
  close(): void {
    for (const topic of this.#topics.values()) clearTimeout(topic.linger);
    this.#topics.clear();
    this.#upstream = undefined;
  }

  #subscribeUpstream(topic: Topic): void {
    this.#guard(() => this.#upstream?.subscribe(topic.reg, topic.listener));
  }

  #forget(topic: Topic): void {
    this.#topics.delete(topic.key);
    this.#guard(() => this.#upstream?.unsubscribe(topic.reg, topic.listener));
  }

  #publish(topic: Topic, result: unknown): void {
    // A real client may go on calling a listener that it was asked to forget.
    if (this.#topics.get(topic.key) !== topic || !this.#options.mayAct()) return;
    const { codec, maxMessageBytes } = this.#options;
    let payload: Payload;
    try {
      payload = encodePayload(codec, result, `a value of subscription ${topic.key}`, maxMessageBytes);
    } catch (error) {
      this.#options.onError(error);
      return;
    }
    // For late subscribers, while the real client may use its Buffer again.
    payload = retained(payload);
    this.#revision += 1;
    const value: Value = { key: topic.key, payload, revision: this.#revision };
    topic.value = value;
    if (this.#options.isBroadcast) {
      for (const subscriber of topic.subscribers) subscriber.deliver(value);
      return;
    }
    const shares = [...topic.subscribers].flatMap((subscriber) =>
      Array.from({ length: subscriber.shares(topic.key) }, (_, share) => ({ subscriber, share })),
    );
    const ready = shares.filter(({ subscriber }) => subscriber.isReady);
    const candidates = ready.length > 0 ? ready : shares;
    const drawn = candidates[random(candidates.length)];
    drawn?.subscriber.deliver(value, drawn.share);
  }

  #guard(act: () => void): void {
    try {
      if (this.#options.mayAct()) act();
    } catch (error) {
      this.#options.onError(error);
    }
  }
}
