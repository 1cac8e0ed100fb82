import createDebug from 'debug';
import { createCandidate } from './candidate.js';
import type { HubContact } from './contact.js';
import type { Candidate, Elected } from './election.js';
import { inheritClusterPort } from './elections/port.js';
import { ClusterError, closedError } from './errors.js';
import { type Hub, openHub } from './hub.js';
import type { ResolvedOptions } from './options.js';
import { type Call, type NewCall, PendingCalls, type Settle } from './pending.js';
import { Publications } from './publications.js';
import type { Role, RoleEvents } from './role.js';
import { Follower } from './roles/follower.js';
import { Leader, type MethodTable } from './roles/leader.js';
import { openRuntime } from './runtime.js';
import type { ClusterStatus, SessionState } from './status.js';
import { type Listener, Subscriptions } from './subscriptions.js';
import { memory } from './transports/memory.js';

const debug = createDebug('cluster-client:session');

/** Pauses after an election that failed: double, with jitter. ms */
const FIRST_RETRY = 250;
const LAST_RETRY = 5_000;

export interface SessionEvents {
  ready(): void;
  failed(error: Error): void;
  lost(error: Error): void;
  /** An event of the real client, where it lives. */
  event(name: string | symbol, args: unknown[]): void;
  error(error: unknown): void;
  closed(): void;
}

export interface SessionSettings {
  options: ResolvedOptions;
  methods: MethodTable;
  createRealClient: () => object;
}

/** The one life-cycle of a client: it outlives every leader, and nothing that was asked of it is forgotten. */
export class Session {
  readonly #options: ResolvedOptions;
  readonly #settings: SessionSettings;
  readonly #events: SessionEvents;
  readonly #pending: PendingCalls;
  readonly #subscriptions: Subscriptions;
  readonly #publications = new Publications();
  readonly #watchers = new Set<() => void>();
  readonly #abort = new AbortController();
  #state: SessionState = 'electing';
  #role: Role | undefined;
  #leader: Leader | undefined;
  #ready = false;
  #failure: Error | undefined;
  #epoch = 0;
  #leaderPid: number | undefined;
  #hub: Hub | undefined;
  #election: Promise<void> = Promise.resolve();
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: SessionSettings, events: SessionEvents) {
    const { options } = settings;
    this.#settings = settings;
    this.#options = options;
    this.#events = events;
    this.#pending = new PendingCalls((call) => this.#abandon(call));
    this.#subscriptions = new Subscriptions({
      codec: options.codec,
      onError: (error) => events.error(error),
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  get isLeader(): boolean | undefined {
    return this.#role ? this.#role.kind === 'leader' : undefined;
  }

  /** ms, for a call that does not say otherwise. */
  get responseTimeout(): number {
    return this.#options.responseTimeout;
  }

  get status(): ClusterStatus {
    return {
      name: this.#options.name,
      group: this.#options.group,
      state: this.#state,
      role: this.#role?.kind,
      ready: this.#ready,
      error: this.#failure,
      epoch: this.#epoch || undefined,
      leaderPid: this.#leaderPid,
      stale: !this.#ready,
      subscriptions: this.#subscriptions.size,
      publications: this.#publications.size,
      pendingCalls: this.#pending.size,
      followers: this.#leader?.channel.followers ?? 0,
    };
  }

  /** @returns what ends it. */
  onChange(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  start(): void {
    this.#waitForLeader();
    if (this.#options.singleMode) this.#joinSingle();
    else this.#elect();
  }

  invoke(fields: NewCall): void {
    const { signal } = fields;
    const refusal = this.#refusal() ?? (signal?.aborted ? (signal.reason as Error) : undefined);
    if (refusal) {
      fields.settle(refusal, []);
      return;
    }
    const call = this.#pending.add(signal ? this.#abortable(fields, signal, () => call) : fields);
    if (this.#ready) this.#role?.invoke(call);
  }

  /** @throws ClusterError ERR_CLUSTER_METHOD_NOT_IMPLEMENTED */
  subscribe(reg: unknown, listener: Listener): void {
    if (this.#settings.methods.subscribe === undefined) {
      const { name } = this.#options;
      throw new ClusterError(
        'ERR_CLUSTER_METHOD_NOT_IMPLEMENTED',
        `channel ${name} delegates no method to subscribe`,
      );
    }
    const key = this.#options.formatKey(reg);
    const replay = this.#options.isBroadcast || this.#role?.kind === 'follower';
    const isNew = this.#subscriptions.add(key, reg, listener, replay);
    if (isNew && this.#ready) this.#askFor(key, reg);
  }

  unsubscribe(reg: unknown, listener: Listener | undefined): void {
    const key = this.#options.formatKey(reg);
    if (this.#subscriptions.remove(key, listener) && this.#ready) this.#role?.unsubscribe(key);
  }

  publish(reg: unknown): void {
    const publication = this.#publications.add(this.#options.formatKey(reg), reg);
    if (this.#ready) this.#role?.publish(publication);
  }

  /** @throws what the real client's close throws, after all else is done. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ready = false;
    this.#become('closed');
    this.#abort.abort(closedError(this.#options.name));
    clearTimeout(this.#retry);
    clearTimeout(this.#patience);
    this.#subscriptions.clear();
    this.#publications.clear();
    try {
      await this.#election;
      await this.#role?.close();
    } finally {
      this.#pending.reject(() => closedError(this.#options.name));
      const hub = this.#hub;
      hub?.letGo(this);
      if (hub && this.#leader?.closed) await hub.release(this.#leader.channel);
      await hub?.leave();
      this.#role = undefined;
      this.#watchers.clear();
      this.#events.closed();
    }
  }

  /** Why a new call cannot be served, now or later. */
  #refusal(): Error | undefined {
    if (this.#state === 'closed') return closedError(this.#options.name);
    // No leader yet is no reason: one may come within the call's deadline.
    return this.#failure && !isNoLeader(this.#failure) ? this.#failure : undefined;
  }

  #elect(): void {
    this.#become('electing');
    this.#election = this.#runElection().catch((error: Error) => {
      if (this.#state === 'closed') return;
      this.#fail(error);
      this.#failures += 1;
      const pause = Math.min(FIRST_RETRY * 2 ** (this.#failures - 1), LAST_RETRY) * (0.5 + Math.random());
      this.#retry = setTimeout(() => this.#elect(), pause);
    });
  }

  async #runElection(): Promise<void> {
    const { options } = this.#settings;
    if (!this.#hub) {
      const { logger } = options;
      const runtime = openRuntime(options, (message) => logger.warn(`[cluster-client] ${message}`));
      this.#hub = openHub({ ...options, runtime });
    }
    const hub = this.#hub;
    const elected = await options.election.elect(this.#candidate(hub)).finally(() => hub.letGo(this));
    if (this.#state === 'closed') {
      if (elected.role === 'follower') elected.contact.close();
      else await this.#resign(hub, elected);
      return;
    }
    this.#failures = 0;
    if (elected.role === 'follower') {
      this.#follow(elected.contact as HubContact);
      await hub.relax();
      return;
    }
    this.#lead(hub, elected);
  }

  #candidate(hub: Hub): Candidate {
    return createCandidate(hub, {
      options: this.#options,
      epoch: this.#epoch,
      signal: this.#abort.signal,
      holder: this,
    });
  }

  #lead(hub: Hub, { leadership, hub: contact }: Extract<Elected, { role: 'leader' }>): void {
    const leader = new Leader({ ...this.#settings, epoch: leadership.epoch });
    hub.lead(leader.channel);
    this.#take(leader, leader.attach(this.#roleEvents(), this.#pending, false));
    leader.start();
    if (contact) {
      inheritClusterPort(this.#candidate(hub), leadership, contact).catch((error: Error) => {
        debug('%s: %s', leader.channel.name, error.message);
      });
    }
  }

  async #resign(hub: Hub, elected: Extract<Elected, { role: 'leader' }>): Promise<void> {
    elected.hub?.close();
    hub.unreserve(this.#options.name);
    await hub.relax();
  }

  #follow(contact: HubContact): void {
    const { name: channel, codec, heartbeatInterval, maxMessageBytes } = this.#options;
    const options = { channel, codec, heartbeatInterval, maxMessageBytes };
    this.#take(undefined, new Follower(contact, options, this.#roleEvents(), this.#pending));
  }

  /** Single mode: the first client of a name makes the leader, the others join it. */
  #joinSingle(): void {
    const { name } = this.#options;
    const runtime = { secret: Buffer.from('cluster-client single mode'), id: '', folder: undefined };
    const hub = openHub({ ...this.#options, group: 'single mode', port: 1, transport: memory(), runtime });
    this.#hub = hub;
    const existing = hub.channel(name)?.options.backend as Leader | undefined;
    const leader =
      existing && !existing.closed ? existing : new Leader({ ...this.#settings, epoch: Date.now() });
    if (leader !== existing) {
      hub.lead(leader.channel);
      leader.start();
    }
    // Not before the next microtask, so that nobody sees a role before `create` has returned.
    this.#election = Promise.resolve().then(() =>
      this.#take(leader, leader.attach(this.#roleEvents(), this.#pending, true)),
    );
  }

  #take(leader: Leader | undefined, role: Role): void {
    this.#leader = leader;
    this.#role = role;
    // The calls of one who leads wait for the real client for as long as it takes, unless they said otherwise.
    if (leader) for (const call of this.#pending.values()) if (!call.explicit) call.deadline = Infinity;
    if (this.#state !== 'closed') this.#become(leader ? 'leading' : 'following');
  }

  #roleEvents(): RoleEvents {
    return {
      ready: () => this.#onReady(),
      failed: (error) => this.#fail(error),
      lost: (error) => this.#onLost(error),
      deliver: (delivery, share) => this.#subscriptions.deliver(delivery, share),
      listenerCount: (key) => this.#subscriptions.listenerCount(key),
      event: (name, args) => this.#events.event(name, args),
      error: (error) => this.#events.error(error),
    };
  }

  #onReady(): void {
    const role = this.#role;
    if (!role || this.#ready || this.#state === 'closed') return;
    clearTimeout(this.#patience);
    this.#ready = true;
    this.#failure = undefined;
    this.#epoch = role.epoch;
    this.#leaderPid = role.leaderPid;
    for (const { key, reg } of this.#subscriptions.entries()) this.#askFor(key, reg);
    for (const publication of this.#publications.inOrder()) role.publish(publication);
    for (const call of this.#pending.values()) if (!call.sent) role.invoke(call);
    this.#events.ready();
    this.#changed();
  }

  /** Until further notice nothing can be served, for this reason. What waits is told. */
  #fail(error: Error): void {
    if (this.#state === 'closed') return;
    debug('%s: %s', this.#options.name, error.message);
    this.#ready = false;
    this.#failure = error;
    if (!isNoLeader(error)) this.#pending.reject(() => error);
    this.#events.failed(error);
    this.#changed();
  }

  #onLost(cause: Error): void {
    if (this.#state === 'closed') return;
    const { name, logger } = this.#options;
    logger.warn(
      `[cluster-client] channel ${name}: lost leader ${this.#leaderPid ?? ''}: ${cause.message}; electing`,
    );
    this.#ready = false;
    this.#failure = undefined;
    this.#role = undefined;
    this.#leader = undefined;
    this.#become('lost');
    this.#events.lost(cause);
    this.#pending.reject((call) => this.#inFlight(call, cause));
    this.#waitForLeader();
    this.#elect();
  }

  /** What was sent may have been done or not; what may be done twice is sent to the next leader as well. */
  #inFlight(call: Call, cause: Error): Error | undefined {
    if (!call.sent) return undefined;
    if (call.idempotent) {
      call.sent = false;
      return undefined;
    }
    const { name } = this.#options;
    return new ClusterError(
      'ERR_CLUSTER_LEADER_LOST',
      `call of ${call.method} on channel ${name}: the leader was lost before it answered (${cause.message})`,
      { name: 'SocketCloseError', cause, data: { method: call.method, channel: name, outcome: 'unknown' } },
    );
  }

  #waitForLeader(): void {
    const { maxWaitTime, name, group } = this.#options;
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => {
      if (this.#failure) return;
      this.#fail(
        new ClusterError(
          'ERR_CLUSTER_NO_LEADER',
          `leader of channel ${name} in group ${group} is not active in ${maxWaitTime} ms (maxWaitTime); still looking`,
          { data: { channel: name, group, maxWaitTime } },
        ),
      );
    }, maxWaitTime);
  }

  #askFor(key: string, reg: unknown): void {
    const { subscribeTimeout } = this.#options;
    this.#role?.subscribe(key, reg);
    if (subscribeTimeout !== undefined && this.#role?.kind === 'follower') {
      this.#subscriptions.expectFirst(key, subscribeTimeout);
    }
  }

  /** The signal settles the call; the settled call lets go of the signal, which may serve many. */
  #abortable(fields: NewCall, signal: AbortSignal, call: () => Call): NewCall {
    const abort = () => {
      if (this.#pending.settle(call().id, signal.reason as Error)) this.#abandon(call());
    };
    signal.addEventListener('abort', abort);
    const settle: Settle = (error, results) => {
      signal.removeEventListener('abort', abort);
      fields.settle(error, results);
    };
    return { ...fields, settle };
  }

  /** Settled without a result: whoever serves it may stop. */
  #abandon(call: Call): void {
    if (call.sent) this.#role?.cancel(call);
  }

  #become(state: SessionState): void {
    this.#state = state;
    this.#changed();
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

function isNoLeader(error: Error): boolean {
  return (error as ClusterError).code === 'ERR_CLUSTER_NO_LEADER';
}
