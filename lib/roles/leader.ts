import { EventEmitter } from 'node:events';
import createDebug from 'debug';
import is from 'is-type-of';
import { promiseTimeout } from 'utility';
import { BusyMap } from '../busy-map.js';
import { runInContext, ServedCall } from '../call-context.js';
import { Channel } from '../channel.js';
import type { ChannelIdentity } from '../channel-identity.js';
import { ClusterError, closedError, notDelegatedError } from '../errors.js';
import type { ResolvedOptions } from '../options.js';
import type { Backend } from '../peer.js';
import type { Call, PendingCalls } from '../pending.js';
import type { Publication, Rank } from '../publications.js';
import { asError, callAndWait, callMethod, type Done, whenReady } from '../real-client.js';
import { Replays } from '../replays.js';
import type { Role, RoleEvents } from '../role.js';
import { isThenable } from '../thenable.js';
import { type Subscriber, Topics, type Value } from '../topics.js';

const debug = createDebug('cluster-client:leader');

/** Pauses between two attempts to start a real client that could not start: double, with jitter. ms */
const FIRST_REBUILD = 1_000;
const LAST_REBUILD = 30_000;

/** Which method of the real client is which, as the delegation says. */
export interface MethodTable {
  subscribe: string | undefined;
  unSubscribe: string | undefined;
  publish: string | undefined;
  close: string | undefined;
  /** Names that may be invoked, also by followers. */
  invoke: ReadonlySet<string>;
}

/** For so long a leader that has looked at the record takes itself for the leader. ms */
const GATE = 100;
/** How often one that has nothing to do looks, too. ms */
const WATCH = 1_000;

export interface LeaderOptions {
  options: ResolvedOptions;
  methods: MethodTable;
  createRealClient: () => object;
  epoch: number;
  identity: ChannelIdentity;
  /** Looks whether no other process has taken over. Default: none can. */
  holds?: (() => boolean) | undefined;
  /** `performance.now()` at which that was known. */
  heldAt?: number | undefined;
}

/**
 * The one holder of the real client: builds it, serves the clients of this process (`attach`) and, through its
 * channel, those of others. In single mode it has several attached clients and no channel is led anywhere.
 */
export class Leader implements Backend {
  readonly channel: Channel;
  readonly topics: Topics;
  readonly methods: ReadonlySet<string>;
  readonly #settings: LeaderOptions;
  readonly #attached = new Set<Attachment>();
  #client: object | undefined;
  #unforward: (() => void) | undefined;
  #state: 'starting' | 'ready' | 'failed' = 'starting';
  #failure: Error | undefined;
  #rebuild: NodeJS.Timeout | undefined;
  #attempts = 0;
  #passedAt: number;
  #superseded: ClusterError | undefined;
  readonly #watch: NodeJS.Timeout | undefined;
  readonly #replays: Replays;
  #starting: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  constructor(settings: LeaderOptions) {
    const { options, epoch } = settings;
    this.#settings = settings;
    this.#passedAt = settings.heldAt ?? -Infinity;
    this.methods = settings.methods.invoke;
    this.topics = new Topics({
      codec: options.codec,
      maxMessageBytes: options.maxMessageBytes,
      isBroadcast: options.isBroadcast,
      linger: options.unsubscribeLinger,
      mayAct: () => this.mayAct(),
      onError: (error) => this.error(error),
    });
    this.#replays = new Replays({
      epoch,
      apply: (reg) => this.#publish(reg),
      onError: (error) => this.error(error),
    });
    this.channel = new Channel({
      identity: settings.identity,
      epoch,
      codec: options.codec,
      maxMessageBytes: options.maxMessageBytes,
      backend: this,
      heartbeatInterval: options.isCheckHeartbeat ? options.heartbeatInterval : undefined,
      maxQueuedBytes: options.maxQueuedBytes,
      delivery: options.delivery,
      maxCallsPerLink: options.maxCallsPerLink,
      maxKeysPerLink: options.maxKeysPerLink,
      publishMethod: settings.methods.publish,
    });
    // Also for a leader that was asleep: it finds out as soon as it wakes up.
    if (settings.holds) this.#watch = setInterval(() => this.mayAct(), WATCH);
  }

  get epoch(): number {
    return this.#settings.epoch;
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Undefined until it is built, and when it is closed. One that failed stays until it is built again. */
  get realClient(): object | undefined {
    return this.#client;
  }

  /** Builds the real client, at once or later. What goes wrong is told to whoever is attached. */
  start(after?: Promise<unknown>): void {
    this.#starting = after ? after.then(() => this.#build()) : this.#build();
  }

  /**
   * The gate before every act: has another process taken over while we did not answer? Then nothing is begun any
   * more, the followers are sent on and the clients of this process look for their leader. What has passed the gate
   * and is under way, or what the real client does of its own accord, only the remote service can refuse, by epoch.
   */
  mayAct(): boolean {
    if (this.#superseded) return false;
    const now = performance.now();
    if (now - this.#passedAt <= GATE) return true;
    if (this.#settings.holds && !this.#settings.holds()) {
      this.#stepDown();
      return false;
    }
    this.#passedAt = now;
    return true;
  }

  /** @param live whether values are delivered within the tick in which they come, as single mode does. */
  attach(events: RoleEvents, pending: PendingCalls, live: boolean): Role {
    const attachment = new Attachment(this, events, pending, live);
    this.#attached.add(attachment);
    if (this.#state === 'ready') queueMicrotask(() => this.#attached.has(attachment) && events.ready());
    const failure = this.#failure;
    if (failure) queueMicrotask(() => this.#attached.has(attachment) && events.failed(failure));
    return attachment;
  }

  /** The last one closes the leader. */
  async detach(attachment: Attachment): Promise<void> {
    this.#attached.delete(attachment);
    if (this.#attached.size === 0) await this.close();
  }

  /** The caller has asked `mayAct`. */
  invoke(method: string, args: readonly unknown[], call: ServedCall, done: Done | undefined): void {
    if (!this.#client || this.#state !== 'ready') {
      done?.(this.#failure ?? closedError(this.channel.name), []);
      return;
    }
    const outcome = done ?? ((error: Error | undefined) => error && this.error(error));
    callMethod(this.#client, method, args, call, outcome, { callback: done !== undefined });
  }

  publish(publisher: object, key: string, reg: unknown, rank: Rank, maxKeys?: number): Promise<Rank> {
    return this.#replays.publish(publisher, key, reg, rank, maxKeys);
  }

  forget(publisher: object): void {
    this.#replays.forget(publisher);
  }

  error(error: unknown): void {
    setImmediate(() => {
      if (this.closed) return;
      for (const { events } of this.#attached) events.error(error);
    });
  }

  /** Once: the real client is closed and the followers are told, in one go. Frees nothing of the hub. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    clearTimeout(this.#rebuild);
    clearInterval(this.#watch);
    const { connectTimeout } = this.#settings.options;
    const { code, message } = this.#superseded ?? leftError(this.channel.name);
    const dismiss = () => this.channel.close(code, message);
    // As in 3.x: a real client that is just starting is not closed half-way, but one that hangs is not waited for.
    if (this.#state !== 'ready') {
      dismiss();
      await promiseTimeout(this.#starting, connectTimeout).catch(() => debug('%s: hangs', this.channel.name));
    }
    this.topics.close();
    this.#replays.close();
    const closed = this.#closeRealClient();
    // Within the tick, so that no call of theirs meets a real client that is closing.
    dismiss();
    try {
      await closed;
    } finally {
      // Those who have come meanwhile.
      dismiss();
    }
  }

  #stepDown(): void {
    const { name } = this.channel;
    const superseded = new ClusterError(
      'ERR_CLUSTER_SUPERSEDED',
      `process ${process.pid} led channel ${name} under epoch ${this.epoch}, did not answer, and was replaced`,
      { data: { channel: name, epoch: this.epoch } },
    );
    this.#superseded = superseded;
    const attached = [...this.#attached];
    this.#attached.clear();
    this.close().catch((error: Error) => debug('%s: %s', name, error.message));
    for (const attachment of attached) attachment.abandon(superseded);
    // Not in the middle of what the client has just asked for.
    queueMicrotask(() => {
      for (const { events } of attached) events.lost(superseded);
    });
  }

  async #publish(reg: unknown): Promise<void> {
    const name = this.#settings.methods.publish;
    const client = this.#client;
    if (!this.mayAct()) throw this.#superseded;
    if (name === undefined || !client) throw this.#failure ?? closedError(this.channel.name);
    await runInContext(this.#ownContext(), () => callAndWait(client, name, [reg]));
  }

  #ownContext(): ServedCall {
    return new ServedCall(this.epoch, { pid: process.pid, local: true });
  }

  async #build(): Promise<void> {
    if (this.closed || !this.mayAct()) return;
    this.#attempts += 1;
    try {
      this.#client = runInContext(this.#ownContext(), this.#settings.createRealClient);
      this.#unforward = this.#forwardEvents(this.#client);
      await whenReady(this.#client);
    } catch (error) {
      this.#failed(asError(error, `the constructor of ${this.channel.name}`));
      return;
    }
    if (this.closed) return;
    debug('%s: the real client is ready', this.channel.name);
    this.#attempts = 0;
    this.#state = 'ready';
    this.#failure = undefined;
    this.#connectTopics(this.#client);
    this.channel.ready();
    for (const { events } of this.#attached) events.ready();
  }

  #failed(error: Error): void {
    if (this.closed) return;
    this.#state = 'failed';
    this.#failure = error;
    this.channel.unavailable(error);
    for (const { events } of this.#attached) events.failed(error);
    const pause =
      Math.min(FIRST_REBUILD * 2 ** (this.#attempts - 1), LAST_REBUILD) * (0.75 + Math.random() / 2);
    this.#rebuild = setTimeout(() => {
      // What is left of the failed one may hold a connection.
      this.#closeRealClient().catch((cause: unknown) => debug('%s: %o', this.channel.name, cause));
      if (!this.closed) this.start();
    }, pause);
  }

  async #closeRealClient(): Promise<void> {
    const client = this.#client;
    const unforward = this.#unforward;
    const name = this.#settings.methods.close;
    this.#client = undefined;
    this.#unforward = undefined;
    if (!client) return;
    try {
      if (name !== undefined) await callAndWait(client, name);
    } finally {
      unforward?.();
    }
  }

  #connectTopics(client: object): void {
    const { subscribe, unSubscribe } = this.#settings.methods;
    const act = (name: string | undefined, reg: unknown, listener: (value: unknown) => void) => {
      const method: unknown = name === undefined ? undefined : Reflect.get(client, name);
      if (!is.function(method)) return;
      const result: unknown = runInContext(this.#ownContext(), () =>
        Reflect.apply(method, client, [reg, listener]),
      );
      if (isThenable(result)) result.then(undefined, (error) => this.error(error));
    };
    this.topics.connect({
      subscribe: (reg, listener) => act(subscribe, reg, listener),
      unsubscribe: (reg, listener) => act(unSubscribe, reg, listener),
    });
  }

  /** Every event of the real client is one of the clients of this process too. @returns what undoes it. */
  #forwardEvents(client: object): () => void {
    if (!(client instanceof EventEmitter) && !is.function(Reflect.get(client, 'emit'))) return () => {};
    const emitter = client as EventEmitter;
    // An error is reported by the outermost client. The default handler of sdk-base, which logs when it is the
    // only one, and Node's, which throws when there is none, are both put to rest by one more listener.
    const ignore = () => {};
    emitter.on('error', ignore);
    const emit = emitter.emit;
    const forward: typeof emit = (name: string | symbol, ...args: unknown[]) => {
      const heard = Reflect.apply(emit, emitter, [name, ...args]) as boolean;
      if (name !== 'newListener' && name !== 'removeListener') {
        for (const { events } of this.#attached) events.event(name, args);
      }
      return heard;
    };
    emitter.emit = forward;
    return () => {
      if (emitter.emit === forward) emitter.emit = emit;
    };
  }
}

/** One client of this process, at its leader: values and results by reference. */
class Attachment implements Role, Subscriber {
  readonly kind = 'leader';
  readonly events: RoleEvents;
  readonly #leader: Leader;
  readonly #pending: PendingCalls;
  readonly #live: boolean;
  readonly #subscribed = new Set<string>();
  readonly #running = new BusyMap<number, ServedCall>();

  constructor(leader: Leader, events: RoleEvents, pending: PendingCalls, live: boolean) {
    this.#leader = leader;
    this.events = events;
    this.#pending = pending;
    this.#live = live;
  }

  get epoch(): number {
    return this.#leader.epoch;
  }

  get leaderPid(): number {
    return process.pid;
  }

  invoke(call: Call): void {
    if (!this.#leader.mayAct()) return;
    if (!this.#leader.methods.has(call.method)) {
      this.#pending.settle(call.id, notDelegatedError(call.method, this.#leader.channel.name));
      return;
    }
    // Here a call has a deadline only if it was asked for.
    const deadline =
      call.explicit && call.timeout !== Infinity ? Date.now() + call.deadline - performance.now() : undefined;
    if (!call.explicit) call.deadline = Infinity;
    this.#pending.sending(call);
    const served = new ServedCall(this.epoch, { pid: process.pid, local: true }, deadline);
    if (call.oneway) {
      this.#pending.settle(call.id, undefined);
      this.#leader.invoke(call.method, call.args, served, undefined);
      return;
    }
    this.#running.set(call.id, served);
    let delivered = false;
    this.#leader.invoke(call.method, call.args, served, (error, results) => {
      this.#running.delete(call.id);
      // A callback that comes again is handed on again, as in 3.x; after a time-out it is not.
      if (delivered) call.settle(error, results);
      else delivered = this.#pending.settle(call.id, error, results);
    });
  }

  cancel(call: Call): void {
    this.#running.get(call.id)?.abort(call.signal?.reason);
    this.#running.delete(call.id);
  }

  /** Nobody waits for any of them. */
  abandon(reason: Error): void {
    for (const call of this.#running.values()) call.abort(reason);
    this.#running.clear();
  }

  subscribe(key: string, reg: unknown): void {
    this.#subscribed.add(key);
    this.#leader.topics.subscribe(key, reg, this);
  }

  unsubscribe(key: string): void {
    this.#subscribed.delete(key);
    this.#leader.topics.unsubscribe(key, this);
  }

  publish(publication: Publication): void {
    this.#leader.publish(this, publication.key, publication.reg, publication.rank).then(
      (rank) => publication.acknowledged(rank),
      (error) => {
        publication.failed();
        if (!this.#leader.closed) this.events.error(error);
      },
    );
  }

  get isReady(): boolean {
    return true;
  }

  get queuedBytes(): number {
    return this.#leader.channel.queuedBytes;
  }

  shares(key: string): number {
    return this.events.listenerCount(key);
  }

  deliver(value: Value, share?: number): void {
    if (this.#live) this.events.deliver(value, this.epoch, share);
    else process.nextTick(() => this.events.deliver(value, this.epoch, share));
  }

  async close(): Promise<void> {
    for (const key of this.#subscribed) this.#leader.topics.unsubscribe(key, this);
    this.#leader.forget(this);
    await this.#leader.detach(this);
  }
}

function leftError(channel: string): ClusterError {
  return new ClusterError('ERR_CLUSTER_LEADER_LEFT', `the leader of channel ${channel} was closed`);
}
