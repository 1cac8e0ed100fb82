import createDebug from 'debug';
import type { Codec } from '../../protocol/codec.js';
import { decodePayload, encodePayload } from '../../protocol/codec.js';
import type { Message } from '../../protocol/message.js';
import type { HubContact } from '../contact.js';
import { ClusterError } from '../errors.js';
import type { Call, PendingCalls } from '../pending.js';
import type { Publication } from '../publications.js';
import type { Role, RoleEvents } from '../role.js';
import { clock } from '../transit.js';
import { decodeFault } from '../values.js';

const debug = createDebug('cluster-client:follower');

export interface FollowerOptions {
  channel: string;
  codec: Codec;
  heartbeatInterval: number;
  maxMessageBytes: number;
  /** Calls that the leader is asked for at a time. */
  maxCallsPerLink: number;
  publishMethod: string | undefined;
}

/** A proxy over one link to the leader; lost when the link is. */
export class Follower implements Role {
  readonly kind = 'follower';
  epoch = 0;
  /** 0: unknown, as of a leader of 3.x. */
  leaderPid = 0;
  readonly #contact: HubContact;
  readonly #options: FollowerOptions;
  readonly #events: RoleEvents;
  readonly #pending: PendingCalls;
  /** Publications on their way, by the id of their message. */
  readonly #publishing = new Map<number, Publication>();
  #nextPublication = 1;
  #isResuming = false;
  #closed = false;

  constructor(contact: HubContact, options: FollowerOptions, events: RoleEvents, pending: PendingCalls) {
    this.#contact = contact;
    this.#options = options;
    this.#events = events;
    this.#pending = pending;
    contact.connection.watch({
      interval: options.heartbeatInterval,
      beat: true,
      dead: (...silence) => this.#silent(...silence),
    });
    const { outcome } = contact;
    if (outcome.type === 'welcome') queueMicrotask(() => this.#receive(outcome));
    contact.give({
      message: (message) => this.#receive(message),
      drain: () => this.#closed || events.drain(),
      close: (error) => this.#lost(error),
    });
  }

  invoke(call: Call): void {
    const { id, method, oneway } = call;
    const { connection } = this.#contact;
    const { codec, maxMessageBytes, maxCallsPerLink } = this.#options;
    // It waits among the pending calls, which are limited and have a deadline, rather than in the link.
    if (!connection.writable || this.#pending.sent >= maxCallsPerLink) return;
    try {
      const args = connection.dialect.encodeArguments(codec, call.args, method, maxMessageBytes);
      // Nobody waits for a oneway call, so none comes too late.
      const isTimed = call.deadline !== Infinity && !oneway;
      const timeout = isTimed ? Math.max(1, Math.ceil(call.deadline - performance.now())) : 0;
      this.#pending.sending(call);
      connection.send({ type: 'invoke', id, timeout, sentAt: clock(), method, oneway, args });
    } catch (error) {
      this.#pending.settle(id, error as Error);
      return;
    }
    if (oneway) this.#pending.settle(id, undefined);
  }

  cancel(call: Call): void {
    this.#contact.connection.send({ type: 'cancel', id: call.id });
    this.#resumeSoon();
  }

  subscribe(key: string, reg: unknown): void {
    const { codec, maxMessageBytes } = this.#options;
    try {
      const payload = encodePayload(codec, reg, `subscription ${key}`, maxMessageBytes);
      this.#contact.connection.send({ type: 'subscribe', key, reg: payload });
    } catch (error) {
      this.#events.error(error);
    }
  }

  unsubscribe(key: string): void {
    this.#contact.connection.send({ type: 'unsubscribe', key });
  }

  publish(publication: Publication): void {
    const { codec, maxMessageBytes, publishMethod: method } = this.#options;
    try {
      const { key } = publication;
      const { epoch, sequence } = publication.rank;
      const reg = encodePayload(codec, publication.reg, 'a publication', maxMessageBytes);
      const id = this.#nextPublication++;
      this.#publishing.set(id, publication);
      this.#contact.connection.send({ type: 'publish', id, epoch, sequence, key, reg, method });
    } catch (error) {
      publication.failed();
      this.#events.error(error);
    }
  }

  get queuedBytes(): number {
    return this.#contact.connection.queuedBytes;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#contact.close();
  }

  #receive(message: Message): void {
    if (this.#closed) return;
    switch (message.type) {
      case 'result':
        this.#result(message);
        break;
      case 'value':
        if (message.fault) this.#events.error(decodeFault(this.#options.codec, message.value));
        else this.#events.deliver(message, this.epoch);
        break;
      case 'published':
        this.#published(message);
        break;
      case 'welcome':
        this.epoch = message.epoch;
        this.leaderPid = message.pid;
        debug('%s: following %d under epoch %d', this.#options.channel, message.pid, message.epoch);
        this.#events.ready();
        break;
      case 'unavailable':
        this.#events.failed(decodeFault(this.#options.codec, message.value));
        break;
      case 'standby':
        if (message.address) this.#events.standbyAt(message.address);
        else void this.#standBy();
        break;
      case 'moved':
        this.#lost(
          new ClusterError('ERR_CLUSTER_LEADER_LOST', `channel ${this.#options.channel} is led elsewhere`),
        );
        this.#contact.close();
        break;
      default:
        debug('%s: %s from the leader', this.#options.channel, message.type);
    }
  }

  #result({ id, fault, value }: Message & { type: 'result' }): void {
    const call = this.#pending.get(id);
    this.#resumeSoon();
    // Late: its time was over.
    if (!call) return;
    const { codec } = this.#options;
    if (fault) {
      this.#pending.settle(id, decodeFault(codec, value));
      return;
    }
    let result: unknown;
    try {
      result = decodePayload(codec, value, `the result of ${call.method}`);
    } catch (error) {
      this.#pending.settle(id, error as Error);
      return;
    }
    this.#pending.settle(id, undefined, [result]);
  }

  /** Calls that wait because so many run already go on once half of these are done. */
  #resumeSoon(): void {
    const { waiting, sent } = this.#pending;
    if (waiting === 0 || this.#isResuming || sent > this.#options.maxCallsPerLink / 2) return;
    if (!this.#contact.connection.writable) return;
    this.#isResuming = true;
    queueMicrotask(() => {
      this.#isResuming = false;
      if (!this.#closed) this.#events.drain();
    });
  }

  #published({ id, epoch, sequence, fault, value }: Message & { type: 'published' }): void {
    const publication = this.#publishing.get(id);
    this.#publishing.delete(id);
    if (!publication) return;
    if (fault) {
      publication.failed();
      this.#events.error(decodeFault(this.#options.codec, value));
      return;
    }
    publication.acknowledged({ epoch, sequence });
  }

  async #standBy(): Promise<void> {
    const address = await this.#events.standBy();
    this.#contact.connection.send({ type: 'standby', address });
  }

  #lost(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events.lost(error);
  }

  #silent(silentFor: number, worstLag: number): ClusterError {
    const { channel } = this.#options;
    const { remoteAddress: address } = this.#contact.connection.link;
    const { leaderPid: pid } = this;
    return new ClusterError(
      'ERR_CLUSTER_LEADER_SILENT',
      `leader ${pid} of channel ${channel} at ${address} gave no sign of life for ${silentFor} ms ` +
        `(own event loop late by ${worstLag} ms at most)`,
      {
        name: 'ServerNoResponseError',
        data: { pid, role: 'leader', channel, address, silentFor, worstLag },
      },
    );
  }
}
