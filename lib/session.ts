import { setTimeout as sleep } from 'node:timers/promises';
import createDebug from 'debug';
import is from 'is-type-of';
import { promiseTimeout } from 'utility';
import { Calls } from './calls.js';
import { Campaign, type ElectedLeader } from './campaign.js';
import type { HubContact } from './contact.js';
import type { Elected } from './election.js';
import { argumentError, ClusterError, closedError, show } from './errors.js';
import { openHub } from './hub.js';
import type { ResolvedOptions } from './options.js';
import type { NewCall } from './pending.js';
import { Publications } from './publications.js';
import type { Role, RoleEvents } from './role.js';
import { Follower } from './roles/follower.js';
import { Leader, type MethodTable } from './roles/leader.js';
import type { ClusterStatus, SessionState } from './status.js';
import { type Listener, Subscriptions } from './subscriptions.js';
import { memory } from './transports/memory.js';

const debug = createDebug('cluster-client:session');

const NOTHING_REFUSED = { calls: 0, keys: 0, violations: 0 };

/** A leader that is replaced looks at the record at least every 100 ms while it runs: after this it has. ms */
const STEP_DOWN = 250;

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
  /** What makes two clients of a class the same: by default the constructor's arguments. */
  identity: unknown;
}

/** The one life-cycle of a client: it outlives every leader, and nothing that was asked of it is forgotten. */
export class Session {
  readonly #options: ResolvedOptions;
  readonly #settings: SessionSettings;
  readonly #events: SessionEvents;
  readonly #calls: Calls;
  readonly #subscriptions: Subscriptions;
  readonly #publications = new Publications();
  readonly #watchers = new Set<() => void>();
  readonly #campaign: Campaign;
  #state: SessionState = 'electing';
  #role: Role | undefined;
  #leader: Leader | undefined;
  /** A leader that stepped down and whose real client is closing. */
  #retiring: Promise<void> | undefined;
  #ready = false;
  #failure: Error | undefined;
  #epoch = 0;
  #leaderPid: number | undefined;
  #patience: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: SessionSettings, events: SessionEvents) {
    const { options } = settings;
    this.#settings = settings;
    this.#options = options;
    this.#events = events;
    this.#calls = new Calls({
      channel: options.name,
      maxBacklog: options.maxBacklog,
      serving: () => (this.#ready ? this.#role : undefined),
    });
    this.#subscriptions = new Subscriptions({
      codec: options.codec,
      onError: (error) => events.error(error),
    });
    this.#campaign = new Campaign(options, settings.identity, {
      elected: (elected) => this.#elected(elected),
      failed: (error) => this.#fail(error),
    });
  }

  get state(): SessionState {
    return this.#state;
  }

  get isLeader(): boolean | undefined {
    return this.#role ? this.#role.kind === 'leader' : undefined;
  }

  /** Where this process leads: the present one, which another may follow. */
  get realClient(): object | undefined {
    return this.#role ? this.#leader?.realClient : undefined;
  }

  /** ms, for a call that does not say otherwise. */
  get responseTimeout(): number {
    return this.#options.responseTimeout;
  }

  get status(): ClusterStatus {
    const { pending } = this.#calls;
    const channel = this.#leader?.channel;
    return {
      name: this.#options.name,
      group: this.#options.group,
      state: this.#state,
      role: this.#role?.kind,
      ready: this.#ready,
      standby: this.#campaign.standby,
      error: this.#failure,
      epoch: this.#epoch || undefined,
      leaderPid: this.#leaderPid,
      stale: !this.#ready,
      subscriptions: this.#subscriptions.size,
      missedValues: this.#subscriptions.missed,
      publications: this.#publications.size,
      pendingPublications: this.#publications.pending,
      pendingCalls: pending.size,
      backlog: pending.waiting,
      queuedBytes: this.#role?.queuedBytes ?? 0,
      followers: channel?.followers ?? 0,
      expiredCalls: channel?.expiredCalls ?? 0,
      refused: { ...this.#campaign.refusals, ...(channel?.refusals ?? NOTHING_REFUSED) },
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
    else this.#campaign.run(this.#epoch);
  }

  invoke(fields: NewCall): void {
    this.#calls.invoke(fields, this.#refusal());
  }

  /** @throws ClusterError ERR_CLUSTER_METHOD_NOT_IMPLEMENTED, ERR_CLUSTER_ARGUMENT */
  subscribe(reg: unknown, listener: Listener): void {
    const { name } = this.#options;
    const { subscribe: method } = this.#settings.methods;
    if (method === undefined) {
      throw new ClusterError(
        'ERR_CLUSTER_METHOD_NOT_IMPLEMENTED',
        `channel ${name} delegates no method to subscribe`,
      );
    }
    if (!is.function(listener)) {
      throw argumentError(
        `[ClusterClient:${name}] ${method}(reg, listener) listener should be a function, got ${show(listener)}`,
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
    clearTimeout(this.#patience);
    this.#subscriptions.clear();
    this.#publications.clear();
    try {
      await this.#campaign.end();
      await this.#retiring;
      await this.#role?.close();
    } finally {
      this.#calls.pending.reject(() => closedError(this.#options.name));
      this.#calls.pending.close();
      if (this.#leader?.closed) await this.#campaign.resign(this.#leader.channel);
      await this.#campaign.leave();
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

  #elected(elected: Elected): void {
    if (elected.role === 'follower') {
      const { name: channel } = this.#options;
      const options = { ...this.#options, channel, publishMethod: this.#settings.methods.publish };
      const contact = elected.contact as HubContact;
      this.#take(undefined, new Follower(contact, options, this.#roleEvents(), this.#calls.pending));
      return;
    }
    const { epoch } = elected.leadership;
    const holds = () => this.#campaign.holds(elected);
    const identity = this.#campaign.identity();
    const leader = new Leader({ ...this.#settings, identity, epoch, holds, heldAt: elected.claimedAt });
    this.#campaign.lead(leader.channel, elected);
    this.#take(leader, leader.attach(this.#roleEvents(), this.#calls.pending, false));
    leader.start(this.#predecessors(elected));
  }

  /** Whom to wait for before the real client is built; undefined: nobody. */
  #predecessors({ succession, leadership }: ElectedLeader): Promise<unknown> | undefined {
    const { name, connectTimeout, logger } = this.#options;
    const closing = [succession, this.#retiring].filter((wait) => wait !== undefined);
    const waits: Promise<unknown>[] = [];
    if (leadership.replaces) waits.push(sleep(STEP_DOWN));
    if (closing.length > 0) {
      const closed = promiseTimeout(Promise.all(closing), connectTimeout).catch(() =>
        logger.warn(
          `[cluster-client] channel ${name}: the real client of the leader before is not closed after ` +
            `${connectTimeout} ms (connectTimeout); the next one is built`,
        ),
      );
      waits.push(closed);
    }
    return waits.length > 0 ? Promise.all(waits) : undefined;
  }

  /** Single mode: the first client of a name makes the leader, the others join it. */
  #joinSingle(): void {
    const { logger } = this.#options;
    const warn = (message: string) => logger.warn(`[cluster-client] ${message}`);
    const secrets = [Buffer.from('cluster-client single mode')];
    const runtime = { secrets, id: '', folder: undefined, restore: () => {} };
    const place = { group: 'single mode', port: 1, transport: memory(), runtime, warn };
    const hub = openHub({ ...this.#options, ...place, interop: false });
    const identity = this.#campaign.identity(hub);
    const standIn = () => (this.#options.isLeader === false ? hub.standIn(identity) : undefined);
    const channel = hub.channel(identity.channel) ?? standIn();
    const existing = channel?.options.backend as Leader | undefined;
    const mismatch = existing && !existing.closed ? hub.compare(identity, process.pid, channel) : undefined;
    if (mismatch) {
      this.#campaign.join(hub, () => this.#fail(mismatch));
      return;
    }
    const leader =
      existing && !existing.closed
        ? existing
        : new Leader({ ...this.#settings, identity, epoch: Date.now() });
    if (leader !== existing) {
      hub.lead(leader.channel);
      leader.start();
    }
    // Not before the next microtask, so that nobody sees a role before `create` has returned.
    this.#campaign.join(hub, () =>
      this.#take(leader, leader.attach(this.#roleEvents(), this.#calls.pending, true)),
    );
  }

  #take(leader: Leader | undefined, role: Role): void {
    this.#leader = leader;
    this.#role = role;
    if (leader) this.#calls.liftDeadlines();
    if (this.#state !== 'closed') this.#become(leader ? 'leading' : 'following');
  }

  #roleEvents(): RoleEvents {
    return {
      ready: () => this.#onReady(),
      failed: (error) => this.#fail(error),
      drain: () => this.#calls.resume(),
      lost: (error) => this.#onLost(error),
      deliver: (value, epoch, share) => this.#subscriptions.deliver(value, epoch, share),
      listenerCount: (key) => this.#subscriptions.listenerCount(key),
      event: (name, args) => this.#events.event(name, args),
      standBy: () => this.#campaign.standBy(),
      standbyAt: (address) => void this.#campaign.meetStandby(address, this.#epoch),
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
    this.#leaderPid = role.leaderPid || undefined;
    for (const { key, reg } of this.#subscriptions.entries()) this.#askFor(key, reg);
    for (const publication of this.#publications.again()) role.publish(publication);
    this.#calls.resume();
    this.#events.ready();
    this.#changed();
  }

  /** Until further notice nothing can be served, for this reason. What waits is told. */
  #fail(error: Error): void {
    if (this.#state === 'closed') return;
    debug('%s: %s', this.#options.name, error.message);
    this.#ready = false;
    this.#failure = error;
    if (!isNoLeader(error)) this.#calls.pending.reject(() => error);
    this.#events.failed(error);
    this.#changed();
  }

  #onLost(cause: Error): void {
    if (this.#state === 'closed') return;
    const { name, logger } = this.#options;
    logger.warn(
      `[cluster-client] channel ${name}: lost leader ${this.#leaderPid ?? ''}: ${cause.message}; electing`,
    );
    const replaced = this.#leader;
    this.#ready = false;
    this.#failure = undefined;
    this.#role = undefined;
    this.#leader = undefined;
    this.#become('lost');
    this.#events.lost(cause);
    // It has missed values that it was promised to get.
    if ((cause as ClusterError).code === 'ERR_CLUSTER_FOLLOWER_SLOW') this.#events.error(cause);
    this.#calls.lost(cause);
    this.#waitForLeader();
    if (replaced) this.#retiring = this.#retire(replaced);
    this.#campaign.run(this.#epoch);
    // A moment later, so that whoever watches the status sees that the leader was lost.
    setImmediate(() => this.#state === 'lost' && this.#become('electing'));
  }

  /** Another process leads by now: the port is freed first, since closing the real client may take its time. */
  async #retire(leader: Leader): Promise<void> {
    await this.#campaign.resign(leader.channel);
    await leader.close().catch((error: unknown) => this.#events.error(error));
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
