import type { Message, Outcome } from '../protocol/message.js';
import { Connection } from './connection.js';
import type { Answer, Contact } from './election.js';
import { ClusterError } from './errors.js';
import { type Applicant, apply } from './handshake.js';
import type { Leadership } from './record.js';
import { type Address, formatAddress, type Transport } from './transport.js';

export interface AskOptions {
  transport: Transport;
  key: Buffer;
  applicant: Applicant;
  /** ms for connecting and the handshake together. */
  connectTimeout: number;
  /** ms; one of our group is mute after three of them without a frame. */
  heartbeatInterval: number;
  /** Whether a leader of our group is known to have listened there. Asked where nobody answers. */
  isOurs(): boolean;
  maxMessageBytes: number;
  /** Ends the attempt: the answer is `gone`. */
  signal: AbortSignal;
}

/** What a role that follows wants to hear. */
export interface ContactOwner {
  message(message: Message): void;
  drain(): void;
  close(error: Error): void;
}

/** This process's end of an authenticated link to a hub, from the outcome of the handshake on. */
export class HubContact implements Contact {
  readonly connection: Connection;
  #outcome: Outcome;
  #owner: ContactOwner | undefined;
  /** What came before there was an owner, in order. */
  readonly #unread: Message[] = [];
  #closed: Error | undefined;
  #listener: (() => void) | undefined;

  constructor(connection: Connection, outcome: Outcome) {
    this.connection = connection;
    this.#outcome = outcome;
    connection.open({
      message: (message) => this.#receive(message),
      drain: () => this.#owner?.drain(),
      close: (error) => {
        this.#closed = error;
        this.#owner?.close(error);
        this.#listener?.();
      },
    });
  }

  /** The last word of the hub about the channel. */
  get outcome(): Outcome {
    return this.#outcome;
  }

  /** From now on the owner hears everything, beginning with what is unread. */
  give(owner: ContactOwner): void {
    this.#owner = owner;
    for (const message of this.#unread.splice(0)) owner.message(message);
    if (this.#closed) {
      const error = this.#closed;
      queueMicrotask(() => owner.close(error));
    }
  }

  news(ms: number, signal: AbortSignal): Promise<Answer | undefined> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const finish = (answer: Answer | undefined) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', stop);
        this.#listener = undefined;
        resolve(answer);
      };
      const stop = () => finish(undefined);
      const look = () => {
        if (this.#closed)
          return finish({ type: 'gone', left: codeOf(this.#closed) === 'ERR_CLUSTER_LEADER_LEFT' });
        // Who is sent on closes this link: that is not the news.
        this.#listener = undefined;
        const answer = this.answer();
        if (answer.type !== 'vacant' && answer.type !== 'leaving') return finish(answer);
        this.#listener = look;
        return undefined;
      };
      signal.addEventListener('abort', stop);
      if (signal.aborted) return stop();
      if (ms !== Infinity) timer = setTimeout(stop, ms);
      return look();
    });
  }

  announce({ epoch, address }: Leadership): void {
    if (address) this.connection.send({ type: 'leading', epoch, address });
  }

  close(): void {
    this.connection.goodbye('ERR_CLUSTER_CLOSED', 'the other end needs this link no more');
  }

  answer(): Answer {
    const outcome = this.#outcome;
    switch (outcome.type) {
      case 'welcome':
        return { type: 'led', contact: this };
      case 'parked':
        return { type: outcome.state === 'starting' ? 'led' : outcome.state, contact: this };
      case 'moved':
        this.close();
        return outcome;
      case 'refused':
        this.close();
        return { type: 'refused', error: new ClusterError(outcome.code, outcome.reason) };
    }
  }

  #receive(message: Message): void {
    const { type } = message;
    if (type === 'welcome' || type === 'parked' || type === 'moved' || type === 'refused')
      this.#outcome = message;
    if (this.#owner) this.#owner.message(message);
    else if (type === 'unavailable' || type === 'standby') this.#unread.push(message);
    this.#listener?.();
  }
}

/** What shows that the other end is no hub of ours; anything else may be one that is just going. */
const SPEAKS_OTHERWISE = new Set([
  'ERR_CLUSTER_PROTOCOL',
  'ERR_CLUSTER_FRAME_TOO_LARGE',
  'ERR_CLUSTER_PEER_VERSION',
  'ERR_CLUSTER_CONNECT_TIMEOUT',
]);

/** Dials, proves who we are, and asks for the channel. Never throws: what went wrong is an answer too. */
export async function askAt(address: Address, options: AskOptions): Promise<Answer> {
  const { transport, key, applicant, connectTimeout, heartbeatInterval, isOurs, signal } = options;
  const start = performance.now();
  let connection: Connection;
  try {
    connection = new Connection(await transport.dial(address, connectTimeout), options);
  } catch (error) {
    const isRefused = codeOf(error) === 'ECONNREFUSED';
    if (isRefused) return { type: 'gone' };
    // Such as no file descriptor being left here: that says nothing about the other end.
    if (!isTimeout(error)) return { type: 'foreign', error: uncertain(portTaken(address, error as Error)) };
    // The system accepts connections for a stopped process until its queue is full.
    return isOurs() ? { type: 'mute' } : { type: 'foreign', error: portTaken(address, error) };
  }
  // One of ours is given three beats, whoever else holds the port connectTimeout.
  connection.watch({
    interval: heartbeatInterval,
    misses: 2,
    dead: () => (isOurs() ? muteError(address, heartbeatInterval) : undefined),
  });
  const left = Math.max(1, connectTimeout - (performance.now() - start));
  const timer = setTimeout(() => {
    const mayBeMute = 3 * heartbeatInterval > connectTimeout && isOurs();
    if (!mayBeMute) connection.destroy(handshakeTimeout(address, connectTimeout));
  }, left);
  const abort = () => connection.destroy(new ClusterError('ERR_CLUSTER_CLOSED', 'the client was closed'));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    const outcome = await apply(connection, key, applicant);
    const contact = new HubContact(connection, outcome);
    connection.watch({
      interval: heartbeatInterval,
      beat: true,
      dead: () => muteError(address, heartbeatInterval),
    });
    return contact.answer();
  } catch (error) {
    connection.destroy(error as Error);
    const { code } = error as ClusterError;
    if (signal.aborted) return { type: 'gone' };
    if (code === 'ERR_CLUSTER_LEADER_SILENT') return { type: 'mute' };
    if (code === 'ERR_CLUSTER_AUTH') return { type: 'foreign', error: error as Error };
    const taken = portTaken(address, error as Error);
    return { type: 'foreign', error: SPEAKS_OTHERWISE.has(code) ? taken : uncertain(taken) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function muteError(address: Address, interval: number): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_LEADER_SILENT',
    `${formatAddress(address)} gave no sign of life for three beats of ${interval} ms`,
    { name: 'ServerNoResponseError', data: { address: formatAddress(address) } },
  );
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function uncertain(error: Error): Error {
  return Object.assign(error, { certain: false });
}

function isTimeout(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.code === 'ERR_CLUSTER_CONNECT_TIMEOUT';
}

function handshakeTimeout(address: Address, timeout: number): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_CONNECT_TIMEOUT',
    `${formatAddress(address)} did not answer in ${timeout} ms`,
    {
      name: 'TcpConnectionTimeoutError',
    },
  );
}

function portTaken(address: Address, cause: Error): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_PORT_TAKEN',
    `port ${address.port} on ${address.host} is held by something that is not of this group (${cause.message}): ` +
      'stop it, or set option port to another port',
    { cause, data: { option: 'port', value: address.port } },
  );
}
