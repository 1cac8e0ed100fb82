import createDebug from 'debug';
import { type Codec, decodePayload, encodePayload } from '../protocol/codec.js';
import { EMPTY } from '../protocol/frame.js';
import type { Address, Message } from '../protocol/message.js';
import { BusyMap } from './busy-map.js';
import { ServedCall } from './call-context.js';
import type { ChannelIdentity } from './channel-identity.js';
import type { Connection } from './connection.js';
import {
  attempt,
  ClusterError,
  isError,
  limitError,
  notDelegatedError,
  protocolError,
  thrownValueError,
} from './errors.js';
import type { Admitted } from './handshake.js';
import type { PendingCalls } from './pending.js';
import type { Rank } from './publications.js';
import type { Role, RoleEvents } from './role.js';
import type { Subscriber, Topics, Value } from './topics.js';
import { Transit } from './transit.js';
import { encodeFault } from './values.js';

const debug = createDebug('cluster-client:channel');

/** The leader's side of a channel, as its followers' links need it. */
export interface Backend {
  /** Names that followers may invoke. */
  readonly methods: ReadonlySet<string>;
  readonly topics: Topics;
  invoke(
    method: string,
    args: readonly unknown[],
    call: ServedCall,
    done: ((error: Error | undefined, results: readonly unknown[]) => void) | undefined,
  ): void;
  /**
   * @param key of the publisher's own making: only among its own publications it tells which are equal.
   * @param maxKeys how many distinct ones the publisher may have.
   * @returns its rank, once the real client has been told.
   * @throws (rejects with) ClusterError ERR_CLUSTER_LIMIT
   */
  publish(publisher: object, key: string, reg: unknown, rank: Rank, maxKeys: number): Promise<Rank>;
  /** A publisher has gone. */
  forget(publisher: object): void;
  /** Asked before each act: false where this leader was replaced. Its links are then closed. */
  mayAct(): boolean;
  /** Something failed that the leader's own users should hear of. */
  error(error: unknown): void;
  /** One more client of this process. @param live values are delivered in the tick in which they come. */
  attach(events: RoleEvents, pending: PendingCalls, live: boolean): Role;
  /** No further client can be attached. */
  readonly closed: boolean;
}

export interface ChannelOptions {
  identity: ChannelIdentity;
  epoch: number;
  codec: Codec;
  maxMessageBytes: number;
  backend: Backend;
  /** ms between two signs of life on each link; undefined: silent followers are kept. */
  heartbeatInterval: number | undefined;
  /** More than this waiting for a follower, and it is not read any more; where nothing may be skipped, it is cut off. */
  maxQueuedBytes: number;
  /** newest: a link that is backed up skips values. every: never. */
  delivery: 'newest' | 'every';
  /** Of one follower: calls that run at a time, and keys that it subscribes to or publishes. */
  maxCallsPerLink: number;
  maxKeysPerLink: number;
  /** Name of the method that publishes, as followers of 3.x have it. */
  publishMethod?: string | undefined;
}

/** So many keys of one that has gone are unsubscribed in a row; then others have their turn. */
const KEYS_A_TURN = 1_000;

/** ms */
const CLOCK_TOLERANCE = 10;

/** What a link is closed with because of what came on it. */
const VIOLATIONS = new Set([
  'ERR_CLUSTER_PROTOCOL',
  'ERR_CLUSTER_FRAME_TOO_LARGE',
  'ERR_CLUSTER_MESSAGE_TOO_LARGE',
]);

export interface PeerOwner {
  closed(): void;
  /** A call was not begun, as its time was over when it was read. */
  expired(): void;
  /** More was asked than the limits allow, or the link was closed because the rules were broken. */
  refused(what: 'calls' | 'keys' | 'violations'): void;
  /** It listens there for who will follow it, if it is the next to lead; undefined: it cannot lead. */
  standsBy(address: Address | undefined): void;
}

/** One follower, as the leader sees it. */
export class Peer implements Subscriber {
  readonly connection: Connection;
  readonly applicant: Admitted;
  readonly #options: ChannelOptions;
  readonly #owner: PeerOwner;
  readonly #subscribed = new Set<string>();
  readonly #running = new BusyMap<number, ServedCall>();
  /** Keys whose newest value waits until the link has room, and how many values each has missed by then. */
  readonly #dirty = new Map<string, number>();
  readonly #transit: Transit;
  /** Calls that run though nobody waits for them any more. */
  #abandoned = 0;
  /** It has gone, or was cut off: nothing is done for it any more. */
  #hasLeft = false;

  constructor(options: ChannelOptions, connection: Connection, applicant: Admitted, owner: PeerOwner) {
    this.#options = options;
    this.connection = connection;
    this.applicant = applicant;
    this.#owner = owner;
    connection.maxMessageBytes = options.maxMessageBytes;
    applicant.v1?.serve(options.codec, options.publishMethod);
    this.#transit = new Transit(connection.link.isLocal);
    this.#transit.waited(applicant.sentAt, applicant.readAt);
  }

  /** Begins with what has come behind the handshake: its owner has to know it by then. */
  open(): void {
    this.connection.open({
      message: (message) => this.#receive(message),
      drain: () => this.#drained(),
      close: (error) => this.#closed(error),
    });
  }

  /** A follower of 3.x gives no other sign of life while it waits for calls. */
  get isWaiting(): boolean {
    return this.applicant.v1 !== undefined && this.#running.size > 0;
  }

  shares(): number {
    return this.#hasLeft ? 0 : 1;
  }

  get isReady(): boolean {
    return this.connection.writable && !this.connection.isLate;
  }

  /**
   * A link that is backed up is given the newest value of each key once it has room, not every one. But a value that
   * was drawn for it is nobody else's, and with delivery `every` none may be skipped: then the link is cut off once
   * too much waits for it.
   */
  deliver(value: Value, share?: number): void {
    const { delivery, maxQueuedBytes } = this.#options;
    if (this.#hasLeft) return;
    const mustHave = share !== undefined || delivery === 'every';
    if (this.connection.writable || (mustHave && this.connection.queuedBytes <= maxQueuedBytes)) {
      this.#send(value, 0, mustHave);
    } else if (mustHave) {
      this.#cutOff();
    } else {
      const missed = this.#dirty.get(value.key);
      this.#dirty.set(value.key, missed === undefined ? 0 : missed + 1);
    }
  }

  #send(value: Value, missed: number, isOrdered: boolean): void {
    this.connection.send(missed === 0 ? value : { ...value, missed, frame: undefined }, isOrdered);
  }

  /** Nothing more is done for it. It closes the link when it reads why; one that never does is silent some day. */
  #cutOff(): void {
    const { maxQueuedBytes, backend } = this.#options;
    const { name } = this.#options.identity;
    const { pid } = this.applicant;
    const error = new ClusterError(
      'ERR_CLUSTER_FOLLOWER_SLOW',
      `follower ${pid} of channel ${name} did not read more than ${maxQueuedBytes} bytes (maxQueuedBytes) of values ` +
        'that must not be skipped: it is cut off, and misses values',
      { data: { pid, channel: name, maxQueuedBytes } },
    );
    backend.error(error);
    this.#leave();
    this.connection.send({ type: 'goodbye', code: error.code, reason: error.message });
  }

  #reply(message: Message): void {
    this.connection.send(message);
    // Who does not read answers cannot ask for more of them.
    if (!this.connection.writable && this.connection.queuedBytes > this.#options.maxQueuedBytes)
      this.connection.pause();
  }

  #drained(): void {
    this.connection.resume();
    for (const [key, missed] of this.#dirty) {
      if (!this.connection.writable) return;
      this.#dirty.delete(key);
      const value = this.#subscribed.has(key) && this.#options.backend.topics.newest(key);
      if (value) this.#send(value, missed, false);
    }
  }

  #receive(message: Message): void {
    const { backend } = this.#options;
    if (this.#hasLeft || !backend.mayAct()) return;
    switch (message.type) {
      case 'invoke':
        this.#invoke(message);
        break;
      case 'cancel':
        this.#cancel(message.id);
        break;
      case 'subscribe':
        this.#subscribe(message);
        break;
      case 'unsubscribe':
        this.#subscribed.delete(message.key);
        this.#dirty.delete(message.key);
        backend.topics.unsubscribe(message.key, this);
        break;
      case 'publish':
        void this.#publish(message);
        break;
      case 'standby':
        this.#owner.standsBy(message.address);
        break;
      default:
        // Not a follower's to send; a newer one's meaning is not known here.
        debug('%s: %s from a follower', this.#options.identity.name, message.type);
    }
  }

  #subscribe({ key, reg: payload }: Message & { type: 'subscribe' }): void {
    const { codec, backend, maxKeysPerLink, maxMessageBytes } = this.#options;
    const { name } = this.#options.identity;
    try {
      if (!this.#subscribed.has(key) && this.#subscribed.size >= maxKeysPerLink) {
        this.#owner.refused('keys');
        throw limitError(
          'maxKeysPerLink',
          maxKeysPerLink,
          `keys that one follower of channel ${name} subscribes to`,
        );
      }
      // Who was first to subscribe to the key has said what it stands for.
      const isNew = !backend.topics.has(key);
      const reg = isNew ? decodePayload(codec, payload, `subscription ${key}`) : undefined;
      this.#subscribed.add(key);
      backend.topics.subscribe(key, reg, this);
    } catch (error) {
      const value = encodeFault(codec, error as Error, maxMessageBytes);
      this.#reply({ type: 'value', key, revision: 0, missed: 0, fault: true, value });
    }
  }

  #invoke({ id, method, oneway, timeout, sentAt, args: payload }: Message & { type: 'invoke' }): void {
    const { epoch, codec, maxMessageBytes, maxCallsPerLink, backend } = this.#options;
    const { name } = this.#options.identity;
    if (this.#running.has(id)) throw protocolError(`call ${id} is made again while it runs`);
    const waited = this.#transit.waited(sentAt);
    if (timeout > 0 && waited >= timeout) {
      debug('%s: %s of %d came %d ms late', name, method, this.applicant.pid, waited - timeout);
      this.#owner.expired();
      return;
    }
    const fail = (error: Error) => {
      if (!oneway)
        this.#reply({ type: 'result', id, fault: true, value: encodeFault(codec, error, maxMessageBytes) });
    };
    if (!backend.methods.has(method)) {
      fail(notDelegatedError(method, name));
      return;
    }
    const { size } = this.#running;
    // Those that were given up run on, but are not what the follower waits for.
    if (size - this.#abandoned >= maxCallsPerLink || size >= 2 * maxCallsPerLink) {
      this.#owner.refused('calls');
      fail(
        limitError('maxCallsPerLink', maxCallsPerLink, `calls of one follower of channel ${name} at a time`),
      );
      return;
    }
    let args: readonly unknown[];
    try {
      args = this.connection.dialect.decodeArguments(codec, payload, method);
    } catch (error) {
      fail(error as Error);
      return;
    }
    const deadline = timeout > 0 ? Date.now() + timeout - waited : undefined;
    const call = new ServedCall(epoch, { pid: this.applicant.pid, local: false }, deadline);
    if (oneway) {
      backend.invoke(method, args, call, undefined);
      return;
    }
    this.#running.set(id, call);
    backend.invoke(method, args, call, (error, [result]) => {
      // A callback may come twice; the first time counts.
      if (!this.#running.delete(id)) return;
      if (call.aborted) this.#abandoned -= 1;
      if (call.aborted || (deadline !== undefined && Date.now() > deadline)) {
        // The caller gives up a little before or after our own clock says so; not to be reported is one who
        // changed his mind.
        if (deadline !== undefined && Date.now() > deadline - CLOCK_TOLERANCE)
          backend.error(lateError(method, args, timeout));
        return;
      }
      if (error) {
        backend.error(named(error, method));
        fail(error);
        return;
      }
      try {
        refuseStreams(result, method);
        this.#reply({
          type: 'result',
          id,
          fault: false,
          value: encodePayload(codec, result, `the result of ${method}`, maxMessageBytes),
        });
      } catch (unsendable) {
        backend.error(unsendable);
        fail(unsendable as Error);
      }
    });
  }

  #cancel(id: number): void {
    const call = this.#running.get(id);
    if (!call || call.aborted) return;
    this.#abandoned += 1;
    call.abort(abortError());
  }

  async #publish({ id, epoch, sequence, key, reg: payload }: Message & { type: 'publish' }): Promise<void> {
    const { codec, backend, maxKeysPerLink, maxMessageBytes } = this.#options;
    const reply = { type: 'published', id, epoch: 0, sequence: 0 } as const;
    try {
      const reg = decodePayload(codec, payload, 'a publication');
      const rank = await backend.publish(this, key, reg, { epoch, sequence }, maxKeysPerLink);
      this.#reply({ ...reply, ...rank, fault: false, value: { bytes: EMPTY, raw: true } });
    } catch (error) {
      const cause = isError(error) ? error : thrownValueError(error, 'publish');
      if ((cause as ClusterError).code === 'ERR_CLUSTER_LIMIT') this.#owner.refused('keys');
      backend.error(cause);
      this.#reply({ ...reply, fault: true, value: encodeFault(codec, cause, maxMessageBytes) });
    }
  }

  #closed(error: Error): void {
    if (VIOLATIONS.has((error as ClusterError).code)) this.#owner.refused('violations');
    debug('%s: follower %d is gone: %s', this.#options.identity.name, this.applicant.pid, error.message);
    this.#owner.closed();
    this.#leave();
  }

  #leave(): void {
    const { backend } = this.#options;
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#unsubscribeAll();
    this.#dirty.clear();
    backend.forget(this);
    for (const call of this.#running.values()) call.abort(abortError());
    this.#running.clear();
  }

  /** It may have had a hundred thousand keys. */
  #unsubscribeAll(): void {
    let left = KEYS_A_TURN;
    for (const key of this.#subscribed) {
      if (left === 0) {
        setImmediate(() => this.#unsubscribeAll());
        return;
      }
      left -= 1;
      this.#subscribed.delete(key);
      this.#options.backend.topics.unsubscribe(key, this);
    }
  }
}

function refuseStreams(result: unknown, method: string): void {
  if (typeof result !== 'object' || result === null) return;
  const isPipe = () => 'pipe' in result && typeof result.pipe === 'function';
  if (!attempt(() => Symbol.asyncIterator in result || isPipe(), false)) return;
  throw new ClusterError(
    'ERR_CLUSTER_ENCODE',
    `the result of ${method} is a stream, which cannot be carried`,
    {
      data: { method },
    },
  );
}

/** As 3.x did; an error that cannot be changed goes as it is. */
function named(error: Error, method: string): Error {
  const isOpen = () => Object.isExtensible(error) || Object.hasOwn(error, 'method');
  attempt(() => isOpen() && Reflect.set(error, 'method', method), false);
  return error;
}

function lateError(method: string, args: readonly unknown[], timeout: number): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_LATE',
    `${method} took longer than the ${timeout} ms of its caller: the result is dropped`,
    {
      name: 'ClusterLeaderTimeoutError',
      data: { method, args },
    },
  );
}

function abortError(): ClusterError {
  return new ClusterError('ERR_CLUSTER_CALL_ABANDONED', 'nobody waits for this call any more', {
    name: 'AbortError',
  });
}
