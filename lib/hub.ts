import { createHash } from 'node:crypto';
import createDebug from 'debug';
import type { Message, Outcome } from '../protocol/message.js';
import type { Channel } from './channel.js';
import type { ChannelIdentity } from './channel-identity.js';
import { Comparison } from './comparison.js';
import type { Connection } from './connection.js';
import { ClusterError } from './errors.js';
import { type Admitted, type Applicant, deriveKey } from './handshake.js';
import { Reception, type ReceptionOptions, type Refusals } from './reception.js';
import { type ElectionRecord, fileRecord, isRecorded, memoryRecord } from './record.js';
import type { Runtime } from './runtime.js';
import { type Address, formatAddress, type Listener, type Transport } from './transport.js';

const debug = createDebug('cluster-client:hub');

/** Derived cluster ports, and the ports of leaders that do not hold the cluster port, lie in this range. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;
/** Derived ports that are tried, one after the other, if strangers hold the first. */
const DERIVED = 4;
/** Ports of the range that are tried at random before any port will do. */
const RANDOM_TRIES = 20;

export interface HubOptions extends ReceptionOptions {
  group: string;
  port: number | undefined;
  runtime: Runtime;
}

/** A follower that waits for a channel that nobody leads. */
interface Parked {
  connection: Connection;
  applicant: Admitted;
}

/**
 * A process's one listener for its group. Authenticates links and hands them to the channels that are led in this
 * process; newcomers whose channel nobody leads wait here. All clients of a process that belong to one group
 * share one hub, those of another copy of this package as well.
 */
export class Hub {
  /** Of each secret that the group has at present, the newest first. */
  readonly keys: readonly Buffer[];
  readonly runtime: Runtime;
  readonly transport: Transport;
  readonly clusterAddresses: readonly Address[];
  readonly #options: HubOptions;
  readonly #reception: Reception;
  readonly #listeners = new Map<number, Promise<Listener | undefined>>();
  readonly #channels = new Map<string, Channel>();
  /** Elections that may be about to lead here. */
  readonly #candidates = new Set<object>();
  /** Claimed by a client of this process whose leader is about to be made. */
  readonly #reserved = new Set<string>();
  readonly #parked = new Map<string, Set<Parked>>();
  readonly #comparison: Comparison;
  readonly #records = new Map<string, ElectionRecord>();
  #users = 0;
  readonly #onUnused: () => void;

  constructor(options: HubOptions, onUnused: () => void) {
    this.#options = options;
    this.#onUnused = onUnused;
    this.#comparison = new Comparison(options.warn);
    this.keys = options.runtime.secrets.map(deriveKey);
    this.#reception = new Reception(options, this.keys, {
      decide: (applicant) => this.#decide(applicant),
      admitted: (...admitted) => this.#place(...admitted),
    });
    this.runtime = options.runtime;
    this.transport = options.transport;
    const { host } = options.transport;
    const ports =
      options.port === undefined ? derivePorts(options.group, this.keys[0] as Buffer) : [options.port];
    this.clusterAddresses = ports.map((port) => ({ host, port }));
  }

  /** Digests of settings are made with it. The folder's id does not change with the secret. */
  get identityKey(): Buffer {
    const { id } = this.runtime;
    return id === '' ? (this.keys[0] as Buffer) : Buffer.from(id, 'hex');
  }

  get refusals(): Refusals {
    return this.#reception.refusals;
  }

  /** Each client of this process that uses the hub says so, and calls `leave` in the end. */
  join(): void {
    this.#users += 1;
  }

  async leave(): Promise<void> {
    this.#users -= 1;
    if (this.#users > 0) return this.relax();
    this.#onUnused();
    return this.#stopListening();
  }

  record(channel: string): ElectionRecord {
    const record = this.#recordOf(channel);
    this.#records.set(channel, record);
    return record;
  }

  /** Not kept: a follower may ask for channels without end. */
  #recordOf(channel: string): ElectionRecord {
    const { restore } = this.runtime;
    const { warn } = this.#options;
    const folder = this.#recordsFolder;
    const known = this.#records.get(channel);
    return known ?? (folder === undefined ? memoryRecord() : fileRecord({ folder, channel, restore, warn }));
  }

  /** Processes of 3.x do not read records. */
  get #recordsFolder(): string | undefined {
    return this.#options.interop ? undefined : this.runtime.folder;
  }

  /** Whether a leader of this group is on record to have listened there; undefined: that cannot be told. */
  knows(address: Address): boolean | undefined {
    const folder = this.#recordsFolder;
    try {
      return folder === undefined ? undefined : isRecorded(folder, address);
    } catch (error) {
      debug('%s: %s', folder, (error as Error).message);
      return undefined;
    }
  }

  /** Whether a client of this process leads the channel, or is about to. */
  leads(channel: string): boolean {
    return this.#channels.has(channel) || this.#reserved.has(channel);
  }

  /** The channel, if it is led here. */
  channel(name: string): Channel | undefined {
    return this.#channels.get(name);
  }

  reserve(channel: string): void {
    this.#reserved.add(channel);
  }

  unreserve(channel: string): void {
    this.#reserved.delete(channel);
  }

  /** False: the address is taken by another process. */
  async listen(address: Address): Promise<boolean> {
    let listener = this.#listeners.get(address.port);
    if (!listener) {
      listener = this.#bind(address);
      this.#listeners.set(address.port, listener);
    }
    let bound: Listener | undefined;
    try {
      bound = await listener;
    } finally {
      if (!bound && this.#listeners.get(address.port) === listener) this.#listeners.delete(address.port);
    }
    return bound !== undefined;
  }

  /** Listens at any address, if it does not already; tells at which. */
  async listenAnywhere(): Promise<Address> {
    for (const listener of this.#listeners.values()) {
      const bound = await listener;
      if (bound) return bound.address;
    }
    const { host } = this.transport;
    for (let tries = 0; tries < RANDOM_TRIES; tries += 1) {
      const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
      if (await this.listen({ host, port })) return { host, port };
    }
    const bound = await this.transport.listen({ host, port: 0 }, (link) => this.#reception.receive(link));
    this.#listeners.set(bound.address.port, Promise.resolve(bound));
    return bound.address;
  }

  /** From now on the channel is led here: who waits for it is handed over. */
  lead(channel: Channel): void {
    const { id, options } = channel;
    this.compare(options.identity, process.pid);
    this.#reserved.delete(id);
    this.#channels.set(id, channel);
    for (const [asked, waiting] of this.#parked) {
      for (const parked of waiting) {
        const { connection, applicant } = parked;
        if (asked !== id && this.#serving(applicant) !== channel) continue;
        waiting.delete(parked);
        if (asked !== id) this.compare(applicant, applicant.pid, channel);
        channel.accept(connection, applicant, { type: 'parked', state: 'vacant' });
      }
      if (waiting.size === 0) this.#parked.delete(asked);
    }
    for (const other of this.#channels.values()) other.sendOn(id);
  }

  /** The channel is not led here any more. */
  async release(channel: Channel): Promise<void> {
    if (this.#channels.get(channel.id) === channel) this.#channels.delete(channel.id);
    this.#reserved.delete(channel.id);
    await this.relax();
  }

  /** Why a client may not share the leader of its channel, if it is led here, or of the one that stands in for it. */
  compare(client: ChannelIdentity, pid: number, shared?: Channel): ClusterError | undefined {
    return this.#comparison.refusal(client, pid, this.#led(), shared?.options.identity);
  }

  /**
   * Who may serve one that cannot lead, and whose settings nobody leads under: the only leader of its class. Where
   * roles are given, as by Egg, agent and workers make the clients of a class with settings that differ.
   */
  standIn({ name, isStrict }: ChannelIdentity): Channel | undefined {
    const [only, other] = [...this.#channels.values()].filter((led) => led.name === name);
    return only && !other && !isStrict && !only.options.identity.isStrict ? only : undefined;
  }

  /** The port is not given up while a candidate holds it. */
  hold(candidate: object): void {
    this.#candidates.add(candidate);
  }

  letGo(candidate: object): void {
    this.#candidates.delete(candidate);
  }

  /** Frees the port where nothing is led here, for those who have something to lead. */
  async relax(): Promise<void> {
    const isUsed = this.#channels.size > 0 || this.#reserved.size > 0 || this.#candidates.size > 0;
    if (!isUsed) await this.#stopListening();
  }

  async #bind(address: Address): Promise<Listener | undefined> {
    try {
      const listener = await this.transport.listen(address, (link) => this.#reception.receive(link));
      debug('listening on %s', formatAddress(listener.address));
      return listener;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      debug('%s: %s', formatAddress(address), message);
      if (code === 'EADDRINUSE') return undefined;
      throw new ClusterError('ERR_CLUSTER_LISTEN', `cannot listen on port ${address.port}: ${message}`, {
        cause: error,
        data: { option: 'port', value: address.port },
      });
    }
  }

  async #stopListening(): Promise<void> {
    const listeners = [...this.#listeners.values()];
    this.#listeners.clear();
    const closing = listeners.map(async (listener) => (await listener)?.close());
    const parked = [...this.#parked.values()].flatMap((waiting) => [...waiting]);
    this.#parked.clear();
    for (const { connection } of parked) connection.goodbye('ERR_CLUSTER_LEADER_LEFT', 'this hub closes');
    this.#reception.close();
    await Promise.all(closing);
  }

  /** The channel that an applicant gets, of those that are led here. */
  #serving(applicant: Applicant): Channel | undefined {
    const own = this.#channels.get(applicant.channel);
    const standIn = own || applicant.mayLead ? undefined : this.standIn(applicant);
    if (!standIn) return own;
    // Where one with its settings has led, that one may just be coming again; only records tell.
    const record = this.#recordOf(applicant.channel);
    return record.shared && record.read() === undefined ? standIn : undefined;
  }

  #led(): ChannelIdentity[] {
    return [...this.#channels.values()].map(({ options }) => options.identity);
  }

  #decide(applicant: Applicant): Outcome {
    const { id } = this.runtime;
    if (applicant.runtime !== id) {
      return {
        type: 'refused',
        code: 'ERR_CLUSTER_RUNTIME',
        reason: `process ${applicant.pid} and process ${process.pid} have different runtime folders: give them the same runtimeDir`,
      };
    }
    const channel = this.#serving(applicant);
    const mismatch = this.compare(applicant, applicant.pid, channel);
    if (mismatch) return refused(mismatch);
    // A leader that was replaced while it was stopped finds out here, too.
    if (channel?.options.backend.mayAct()) {
      const { name } = channel.options.codec;
      if (applicant.codecs.includes(name)) return channel.outcome();
      return {
        type: 'refused',
        code: 'ERR_CLUSTER_CODEC',
        reason: `the leader of channel ${channel.name} uses codec ${name}, process ${applicant.pid} has ${applicant.codecs.join(', ')}`,
      };
    }
    const recorded = this.#recordOf(applicant.channel).read();
    const isElsewhere = recorded?.address && !this.#listeners.has(recorded.address.port);
    if (isElsewhere && recorded.address && recorded.epoch > applicant.epoch) {
      return { type: 'moved', epoch: recorded.epoch, address: recorded.address };
    }
    // It would wait for ever for somebody with its settings.
    const mayWait = applicant.mayLead || recorded !== undefined;
    const stranded = mayWait ? undefined : this.#comparison.stranded(applicant, applicant.pid, this.#led());
    return stranded ? refused(stranded) : { type: 'parked', state: 'vacant' };
  }

  /** The frame with the outcome has left; meanwhile the channel may have found its leader here. */
  #place(connection: Connection, applicant: Admitted, told: Outcome): void {
    if (told.type === 'moved' || told.type === 'refused') {
      connection.open({ message: () => {}, close: () => {} });
      connection.goodbye('ERR_CLUSTER_CLOSED', 'this link has served its purpose');
      return;
    }
    const channel = this.#serving(applicant);
    if (channel) {
      channel.accept(connection, applicant, told);
      return;
    }
    const waiting = this.#parked.get(applicant.channel) ?? new Set();
    this.#parked.set(applicant.channel, waiting);
    const parked: Parked = { connection, applicant };
    waiting.add(parked);
    connection.open({
      message: (message) => this.#hear(parked, message),
      close: () => {
        waiting.delete(parked);
        if (waiting.size === 0 && this.#parked.get(applicant.channel) === waiting)
          this.#parked.delete(applicant.channel);
      },
    });
  }

  /** One who waited here leads now, elsewhere: so do the others not have to wait any longer. */
  #hear(teller: Parked, message: Message): void {
    if (message.type !== 'leading') return;
    const { epoch, address } = message;
    const { applicant } = teller;
    debug('%s: led by %d at %s', applicant.channel, applicant.pid, formatAddress(address));
    for (const other of this.#parked.get(applicant.channel) ?? []) {
      if (other !== teller) other.connection.send({ type: 'moved', epoch, address });
    }
  }
}

function refused({ code, message }: ClusterError): Outcome {
  return { type: 'refused', code, reason: message };
}

/**
 * The hub of this process for a group, whichever copy of this package (ES module, CommonJS) made it.
 */
export function openHub(options: HubOptions): Hub {
  const registry = hubs();
  const { group, port, transport, runtime, interop } = options;
  const secret = createHash('sha256').update(Buffer.concat(runtime.secrets)).digest('hex');
  const place = [transport.name, port ?? 'derived', runtime.folder ?? 'no folder'];
  const name = [...place, interop ? '3.x' : '4', secret, group].join(' ');
  let hub = registry.get(name);
  if (!hub) {
    hub = new Hub(options, () => registry.delete(name));
    registry.set(name, hub);
  }
  hub.join();
  return hub;
}

const REGISTRY = Symbol.for('cluster-client.hubs');

function hubs(): Map<string, Hub> {
  const shared = globalThis as { [REGISTRY]?: Map<string, Hub> };
  shared[REGISTRY] ??= new Map();
  return shared[REGISTRY];
}

/** The same for all who have group and secret, and for nobody else to know. */
export function derivePorts(group: string, key: Buffer): number[] {
  const digest = createHash('sha256').update(key).update(group).digest();
  return Array.from({ length: DERIVED }, (_, index) => FIRST_PORT + (digest.readUInt32BE(index * 4) % PORTS));
}
