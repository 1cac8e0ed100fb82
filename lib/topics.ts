import { random } from 'utility';
import { type Codec, encodePayload, type Payload, retained } from '../protocol/codec.js';
import type { Value } from '../protocol/message.js';

/** The newest value of one key, encoded once whatever the number of subscribers: the message that links send. */
export type { Value };

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
  /** Most have one or a few, so a list takes least. Another one when it changes: it may be in use, and elsewhere. */
  subscribers: readonly Subscriber[];
  readonly listener: (value: unknown) => void;
  /** The newest value. */
  last: Payload | undefined;
  revision: number;
}

/** Who is subscribed to a topic that is known no more. */
const FORGOTTEN: readonly Subscriber[] = [];

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

/** So many topics are forgotten in a row; then others have their turn. */
const TOPICS_A_TURN = 1_000;

/**
 * What the leader is subscribed to, once per key whoever asks. A key that nobody wants any more is kept for the
 * linger, then unsubscribed at the real client and forgotten.
 */
export class Topics {
  readonly #topics = new Map<string, Topic>();
  readonly #options: TopicsOptions;
  /** Those that nobody wants, and until when they are kept, in this order. One timer is for all: there may be many. */
  readonly #lingering = new Map<Topic, number>();
  #timer: NodeJS.Timeout | undefined;
  #upstream: Upstream | undefined;
  #revision = 0;
  /** The list of one that was the only one: it has many keys, and one list does for all. */
  #alone: readonly Subscriber[] = [];

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#topics.size;
  }

  has(key: string): boolean {
    return this.#topics.has(key);
  }

  /** The real client is ready, or another one is after the first could not start: it is asked for every key. */
  connect(upstream: Upstream): void {
    this.#upstream = upstream;
    for (const topic of this.#topics.values()) this.#subscribeUpstream(topic);
  }

  /** @param reg counts where the key is new. */
  subscribe(key: string, reg: unknown, subscriber: Subscriber): void {
    const existing = this.#topics.get(key);
    if (existing) {
      this.#lingering.delete(existing);
      if (this.#lingering.size === 0) this.#stopTimer();
      if (!existing.subscribers.includes(subscriber))
        existing.subscribers = [...existing.subscribers, subscriber];
      const value = this.#options.isBroadcast && newestOf(existing);
      if (value) subscriber.deliver(value);
      return;
    }
    if (this.#alone[0] !== subscriber) this.#alone = [subscriber];
    const topic: Topic = {
      key,
      reg,
      subscribers: this.#alone,
      listener: (value) => this.#publish(topic, value),
      last: undefined,
      revision: 0,
    };
    this.#topics.set(key, topic);
    this.#subscribeUpstream(topic);
  }

  unsubscribe(key: string, subscriber: Subscriber): void {
    const topic = this.#topics.get(key);
    if (!topic?.subscribers.includes(subscriber)) return;
    topic.subscribers = topic.subscribers.filter((one) => one !== subscriber);
    if (topic.subscribers.length > 0) return;
    const { linger } = this.#options;
    this.#lingering.set(topic, performance.now() + linger);
    this.#timer ??= setTimeout(() => this.#forgetDue(), linger);
  }

  /** The newest value of a key, for a subscriber that had to skip some. */
  newest(key: string): Value | undefined {
    const topic = this.#topics.get(key);
    return topic && newestOf(topic);
  }

  /** Nothing is delivered any more. The real client is closed as a whole, not key by key. */
  close(): void {
    this.#stopTimer();
    this.#lingering.clear();
    this.#topics.clear();
    this.#alone = [];
    this.#upstream = undefined;
  }

  #subscribeUpstream(topic: Topic): void {
    this.#guard(() => this.#upstream?.subscribe(topic.reg, topic.listener));
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #forgetDue(): void {
    this.#timer = undefined;
    const now = performance.now();
    let left = TOPICS_A_TURN;
    for (const [topic, due] of this.#lingering) {
      if (due > now || left === 0) {
        this.#timer = setTimeout(() => this.#forgetDue(), Math.max(0, due - now));
        return;
      }
      left -= 1;
      this.#lingering.delete(topic);
      this.#forget(topic);
    }
  }

  #forget(topic: Topic): void {
    this.#topics.delete(topic.key);
    topic.subscribers = FORGOTTEN;
    this.#guard(() => this.#upstream?.unsubscribe(topic.reg, topic.listener));
  }

  #publish(topic: Topic, result: unknown): void {
    // A real client may go on calling a listener that it was asked to forget.
    if (topic.subscribers === FORGOTTEN || !this.#upstream || !this.#options.mayAct()) return;
    const { codec, maxMessageBytes } = this.#options;
    let payload: Payload;
    try {
      payload = encodePayload(codec, result, `a value of subscription ${topic.key}`, maxMessageBytes);
    } catch (error) {
      this.#options.onError(error);
      return;
    }
    this.#revision += 1;
    topic.revision = this.#revision;
    // For late subscribers, while the real client may use its Buffer again.
    topic.last = retained(payload);
    const value = messageOf(topic, topic.last);
    if (this.#options.isBroadcast) {
      for (const subscriber of topic.subscribers) subscriber.deliver(value);
      return;
    }
    const shares = topic.subscribers.flatMap((subscriber) =>
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

function newestOf(topic: Topic): Value | undefined {
  return topic.last && messageOf(topic, topic.last);
}

function messageOf({ key, revision }: Topic, value: Payload): Value {
  return { type: 'value', key, revision, missed: 0, fault: false, value, frame: undefined };
}
