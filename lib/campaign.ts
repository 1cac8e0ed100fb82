import { setImmediate as turn } from 'node:timers/promises';
import createDebug from 'debug';
import { createCandidate } from './candidate.js';
import type { Channel } from './channel.js';
import { type ChannelIdentity, channelIdentity } from './channel-identity.js';
import type { Candidate, Contact, Elected } from './election.js';
import { inheritClusterPort } from './elections/port.js';
import { ClusterError, closedError } from './errors.js';
import { type Hub, openHub } from './hub.js';
import type { ResolvedOptions } from './options.js';
import type { Refusals } from './reception.js';
import { openRuntime } from './runtime.js';
import type { Address } from './transport.js';

const debug = createDebug('cluster-client:campaign');

/** Pauses after an election that failed: double, with jitter. ms */
const FIRST_RETRY = 250;
const LAST_RETRY = 1_000;

export type ElectedLeader = Extract<Elected, { role: 'leader' }>;

export interface CampaignEvents {
  elected(elected: Elected): void;
  /** It is tried again after a while. */
  failed(error: Error): void;
}

/** How one client comes by its role, every time that it has none; and its share of the hub of its process. */
export class Campaign {
  readonly #options: ResolvedOptions;
  readonly #settings: unknown;
  readonly #events: CampaignEvents;
  readonly #closed = new AbortController();
  /** For as long as this client leads. */
  #leading = new AbortController();
  #hub: Hub | undefined;
  #identity: ChannelIdentity | undefined;
  #running: Promise<void> = Promise.resolve();
  /** The link to the process that would lead next; `self`: it is this one. */
  #standby: Contact | 'self' | undefined;
  /** Of the last link to one that was asked for. */
  #meeting = new AbortController();
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;

  /** @param settings what makes two clients of a class the same. */
  constructor(options: ResolvedOptions, settings: unknown, events: CampaignEvents) {
    this.#options = options;
    this.#settings = settings;
    this.#events = events;
  }

  /** Has one elected. @param epoch the highest of the channel that was seen here. */
  run(epoch: number): void {
    if (this.#closed.signal.aborted) return;
    this.#running = this.#elect(epoch).catch((error: Error) => {
      if (this.#closed.signal.aborted) return;
      this.#events.failed(exhausted(error) ?? error);
      this.#failures += 1;
      const pause = Math.min(FIRST_RETRY * 2 ** (this.#failures - 1), LAST_RETRY) * (0.5 + Math.random() / 2);
      this.#retry = setTimeout(() => this.run(epoch), pause);
    });
  }

  /** Single mode: there is nothing to elect. `take` is called in the next microtask. */
  join(hub: Hub, take: () => void): void {
    this.#hub = hub;
    this.#running = Promise.resolve().then(take);
  }

  /** What this client is to others of its group, whose settings it may not have. */
  identity(hub = this.#open()): ChannelIdentity {
    this.#identity ??= channelIdentity(this.#options, this.#settings, hub.identityKey);
    return this.#identity;
  }

  /** What the hub of this process has turned away. */
  get refusals(): Refusals {
    return this.#hub?.refusals ?? { strangers: 0, crowdedOut: 0, links: 0 };
  }

  /** Whether the channel's record still ends with this one. */
  holds({ leadership }: ElectedLeader): boolean {
    const hub = this.#open();
    return hub.record(this.identity(hub).channel).holds(leadership);
  }

  get standby(): 'self' | 'linked' | undefined {
    return this.#standby === undefined || this.#standby === 'self' ? this.#standby : 'linked';
  }

  /** Listens for those who would follow this process next. @returns where; undefined: it does not lead. */
  async standBy(): Promise<Address | undefined> {
    if (!this.#options.election.standsBy || this.#closed.signal.aborted) return undefined;
    const hub = this.#open();
    hub.hold(this);
    this.#leaveStandby()?.close();
    this.#standby = 'self';
    return hub.listenAnywhere().catch((error: Error) => {
      debug('%s: cannot stand by: %s', this.#options.name, error.message);
      this.#leaveStandby();
      return undefined;
    });
  }

  /** Has a link to the process that would lead next, ready for that moment. @param epoch as for `run`. */
  async meetStandby(address: Address, epoch: number): Promise<void> {
    this.#leaveStandby()?.close();
    const signal = AbortSignal.any([this.#closed.signal, this.#meeting.signal]);
    try {
      const answer = await this.#candidate(this.#open(), epoch, signal).ask(address);
      if (answer.type === 'vacant' && !signal.aborted) this.#standby = answer.contact;
      else if ('contact' in answer) answer.contact.close();
    } catch (error) {
      // Such as no file descriptor being left: then there is no link when the leader is lost.
      debug('%s: no link to the standby: %s', this.#options.name, (error as Error).message);
    }
  }

  /** @returns the link, which is the caller's then. */
  #leaveStandby(): Contact | undefined {
    const standby = this.#standby;
    this.#standby = undefined;
    this.#meeting.abort();
    this.#meeting = new AbortController();
    return standby === 'self' ? undefined : standby;
  }

  /** The channel is led here from now on, until `resign`. */
  lead(channel: Channel, { leadership, hub: holder, succession }: ElectedLeader): void {
    const hub = this.#open();
    hub.lead(channel);
    if (!holder) return;
    this.#leading = new AbortController();
    const signal = AbortSignal.any([this.#closed.signal, this.#leading.signal]);
    const candidate = this.#candidate(hub, leadership.epoch, signal);
    Promise.resolve(succession)
      // The real client is built first.
      .then(() => turn())
      .then(() => inheritClusterPort(candidate, leadership, holder))
      .catch((error: Error) => debug('%s: %s', channel.name, error.message));
  }

  /** The channel is not led here any more; the port is freed if nothing else is. */
  async resign(channel: Channel): Promise<void> {
    this.#leading.abort();
    this.#hub?.letGo(this);
    await this.#hub?.release(channel);
  }

  /** No further election. Resolves when none is under way. */
  async end(): Promise<void> {
    this.#closed.abort(closedError(this.#options.name));
    clearTimeout(this.#retry);
    this.#leaveStandby()?.close();
    await this.#running;
  }

  /** After `end`: gives back the share of the hub. */
  async leave(): Promise<void> {
    this.#hub?.letGo(this);
    await this.#hub?.leave();
  }

  async #elect(epoch: number): Promise<void> {
    const hub = this.#open();
    const { signal } = this.#closed;
    const { election } = this.#options;
    const candidate = this.#candidate(hub, epoch, signal, this.#leaveStandby());
    const elected = await election.elect(candidate).finally(() => hub.letGo(this));
    if (signal.aborted) {
      if (elected.role === 'follower') elected.contact.close();
      else if (typeof elected.hub === 'object') elected.hub.close();
      hub.unreserve(this.identity(hub).channel);
      return;
    }
    this.#failures = 0;
    this.#events.elected(elected);
    if (elected.role === 'follower') await hub.relax();
  }

  #open(): Hub {
    if (!this.#hub) {
      const { logger } = this.#options;
      const warn = (message: string) => logger.warn(`[cluster-client] ${message}`);
      this.#hub = openHub({
        ...this.#options,
        interop: this.#options.interop !== undefined,
        runtime: openRuntime(this.#options, warn),
        warn,
      });
    }
    return this.#hub;
  }

  #candidate(hub: Hub, epoch: number, signal: AbortSignal, standby?: Contact): Candidate {
    const identity = this.identity(hub);
    return createCandidate(hub, { options: this.#options, identity, epoch, signal, holder: this, standby });
  }
}

function exhausted(error: Error & { code?: unknown }): ClusterError | undefined {
  if (error.code !== 'EMFILE' && error.code !== 'ENFILE') return undefined;
  return new ClusterError(
    'ERR_CLUSTER_DESCRIPTORS',
    `this process has no file descriptor left to look for a leader (${error.message}): raise its limit (ulimit -n)`,
    { cause: error },
  );
}
