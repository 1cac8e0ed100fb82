import createDebug from 'debug';
import type { Address, Message, Outcome } from '../protocol/message.js';
import type { Connection } from './connection.js';
import { ClusterError } from './errors.js';
import type { Admitted } from './handshake.js';
import { type ChannelOptions, Peer } from './peer.js';
import { encodeFault } from './values.js';

const debug = createDebug('cluster-client:channel');

/** After a change of leader all else is more urgent than to prepare for the next. ms */
const APPOINTMENT = 500;

type ChannelState = Message & { type: 'welcome' | 'parked' | 'unavailable' };

/** One channel at its leader: the links of its followers, and what they are told of the real client's state. */
export class Channel {
  /** As the hub knows it. */
  readonly id: string;
  readonly name: string;
  readonly epoch: number;
  readonly options: ChannelOptions;
  readonly #peers = new Set<Peer>();
  /** Would lead next: the others have a link to it, ready for that moment. */
  #standby: Peer | undefined;
  #standbyAddress: Address | undefined;
  /** Followers that cannot lead. */
  readonly #declined = new WeakSet<Peer>();
  #appointment: NodeJS.Timeout | undefined;
  #expiredCalls = 0;
  /** What followers asked for beyond their limits, and links that were closed because they broke the rules. */
  readonly refusals = { calls: 0, keys: 0, violations: 0 };
  #state: ChannelState;

  constructor(options: ChannelOptions) {
    this.id = options.identity.channel;
    this.name = options.identity.name;
    this.epoch = options.epoch;
    this.options = options;
    this.#state = { type: 'parked', state: 'starting' };
  }

  get followers(): number {
    return this.#peers.size;
  }

  /** Calls that were not begun, as their time was over when they were read. */
  get expiredCalls(): number {
    return this.#expiredCalls;
  }

  /** Bytes that wait for all followers together. */
  get queuedBytes(): number {
    let bytes = 0;
    for (const { connection } of this.#peers) bytes += connection.queuedBytes;
    return bytes;
  }

  /** What a newcomer is to be told at the end of its handshake. */
  outcome(): Outcome {
    return this.#state.type === 'unavailable' ? { type: 'parked', state: 'starting' } : this.#state;
  }

  /** Takes over a link, whose follower was told `told`. */
  accept(connection: Connection, applicant: Admitted, told: Outcome): void {
    const peer = new Peer(this.options, connection, applicant, {
      closed: () => this.#gone(peer),
      expired: () => {
        this.#expiredCalls += 1;
      },
      refused: (what) => {
        this.refusals[what] += 1;
      },
      standsBy: (address) => this.#standsBy(peer, address),
    });
    this.#peers.add(peer);
    peer.open();
    debug('%s: follower %d at %s', this.name, applicant.pid, connection.link.remoteAddress);
    const { heartbeatInterval } = this.options;
    if (heartbeatInterval !== undefined) {
      connection.watch({
        interval: heartbeatInterval,
        beat: true,
        isExcused: () => peer.isWaiting,
        dead: (...silence) => this.#silent(peer, ...silence),
      });
    }
    if (!isSame(told, this.#state)) this.#send(peer, this.#state);
    if (this.#standbyAddress) connection.send({ type: 'standby', address: this.#standbyAddress });
    else this.#appointSoon();
  }

  /** The real client is ready. */
  ready(): void {
    const { codec, backend } = this.options;
    this.#tell({
      type: 'welcome',
      epoch: this.epoch,
      pid: process.pid,
      codec: codec.name,
      methods: [...backend.methods],
    });
    this.#appointSoon();
  }

  /** The real client could not start; it is tried again. */
  unavailable(cause: Error): void {
    this.#tell({
      type: 'unavailable',
      value: encodeFault(this.options.codec, cause, this.options.maxMessageBytes),
    });
  }

  /** Those for whom this one stood in have a leader of their own now. */
  sendOn(channel: string): void {
    if (channel === this.id) return;
    for (const { applicant, connection } of this.#peers) {
      if (applicant.channel === channel)
        connection.goodbye('ERR_CLUSTER_LEADER_LEFT', `${this.name} is led under your own settings now`);
    }
  }

  /** The followers are told why, and look for another leader. Who comes after that waits for the next close. */
  close(code: string, reason: string): void {
    this.#state = { type: 'parked', state: 'leaving' };
    clearTimeout(this.#appointment);
    for (const peer of this.#peers) peer.connection.goodbye(code, reason);
    this.#peers.clear();
  }

  #appointSoon(): void {
    if (this.#standby || this.#state.type !== 'welcome') return;
    this.#appointment ??= setTimeout(() => this.#appoint(), APPOINTMENT).unref();
  }

  /** Has one follower stand by, of another process; one alone has nobody to prepare for. */
  #appoint(): void {
    this.#appointment = undefined;
    if (this.#standby || this.#peers.size < 2 || this.#state.type !== 'welcome') return;
    this.#standby = [...this.#peers].find(
      (peer) => peer.applicant.mayLead && peer.applicant.pid !== process.pid && !this.#declined.has(peer),
    );
    this.#standby?.connection.send({ type: 'standby', address: undefined });
  }

  #standsBy(peer: Peer, address: Address | undefined): void {
    if (peer !== this.#standby) return;
    if (address === undefined) {
      this.#declined.add(peer);
      this.#standby = undefined;
      this.#appoint();
      return;
    }
    this.#standbyAddress = address;
    for (const other of this.#peers) if (other !== peer) other.connection.send({ type: 'standby', address });
  }

  #gone(peer: Peer): void {
    this.#peers.delete(peer);
    if (peer !== this.#standby) return;
    this.#standby = undefined;
    this.#standbyAddress = undefined;
    this.#appointSoon();
  }

  #tell(state: ChannelState): void {
    this.#state = state;
    for (const peer of this.#peers) this.#send(peer, state);
  }

  /** At once: the peer has work to do, while the leader goes on with its own. */
  #send({ connection }: Peer, state: ChannelState): void {
    connection.send(state);
    connection.flush();
  }

  #silent(peer: Peer, silentFor: number, worstLag: number): ClusterError {
    const { pid } = peer.applicant;
    const address = peer.connection.link.remoteAddress;
    const error = new ClusterError(
      'ERR_CLUSTER_FOLLOWER_SILENT',
      `follower ${pid} of channel ${this.name} at ${address} gave no sign of life for ${silentFor} ms ` +
        `(own event loop late by ${worstLag} ms at most): its link is closed`,
      {
        name: 'ClusterClientNoResponseError',
        data: { pid, role: 'follower', channel: this.name, address, silentFor, worstLag },
      },
    );
    this.options.backend.error(error);
    return error;
  }
}

function isSame(told: Outcome, state: ChannelState): boolean {
  return told.type === 'parked' && state.type === 'parked'
    ? told.state === state.state
    : told.type === state.type;
}
