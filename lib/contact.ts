import type { Codec } from '../protocol/codec.js';
import { V1Follower } from '../protocol/dialects/v1-follower.js';
import type { Message, Outcome } from '../protocol/message.js';
import { Connection } from './connection.js';
import type { Answer, Contact } from './election.js';
import { ClusterError } from './errors.js';
import { type Applicant, apply, type Following3x, strangerOf3x } from './handshake.js';
import type { Leadership } from './record.js';
import { type Address, formatAddress, type Holder, type Transport } from './transport.js';

export interface AskOptions {
  transport: Transport;
  /** Of each secret that the group has at present. */
  keys: readonly Buffer[];
  applicant: Applicant;
  /** ms for connecting and the handshake together. */
  connectTimeout: number;
  /** ms; one of our group is mute after three of them without a frame. */
  heartbeatInterval: number;
  /** Whether a leader of our group is on record to have listened there; undefined: there is no record. */
  isOurs(): boolean | undefined;
  /** Where a leader of 3.x will do as well: the codec of its values. */
  codec3x?: Codec | undefined;
  maxMessageBytes: number;
  maxFrameBytes?: number | undefined;
  maxHandshakeBytes?: number | undefined;
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
        if (this.#closed) return finish({ type: 'gone', left: isLeft(this.#closed) });
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
    else if (type === 'unavailable' || type === 'standby') this.#keep(message);
    this.#listener?.();
  }

  /** Of each type the last one counts. */
  #keep(message: Message): void {
    const earlier = this.#unread.findIndex(({ type }) => type === message.type);
    if (earlier >= 0) this.#unread.splice(earlier, 1);
    this.#unread.push(message);
  }
}

/** By then whoever listens has proved itself, or is looked up. ms */
const SILENCE = 500;
/** Our own event loop was blocked if a timer is later than this. ms */
const LATE = 50;

/** What shows that the other end is no hub of ours; anything else may be one that is just going. */
const SPEAKS_OTHERWISE = new Set([
  'ERR_CLUSTER_PROTOCOL',
  'ERR_CLUSTER_FRAME_TOO_LARGE',
  'ERR_CLUSTER_PEER_VERSION',
  'ERR_CLUSTER_CONNECT_TIMEOUT',
]);

/** This process has nothing left to dial with: that says nothing about the other end. */
const EXHAUSTED = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM']);

/** Dials, proves who we are, and asks for the channel. Never throws: what went wrong is an answer too. */
export async function askAt(address: Address, options: AskOptions): Promise<Answer> {
  const { transport, keys, applicant, connectTimeout, heartbeatInterval, isOurs, codec3x, signal } = options;
  const start = performance.now();
  const attempt = new AbortController();
  const abort = () => attempt.abort(new ClusterError('ERR_CLUSTER_CLOSED', 'the client was closed'));
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  const silence = unlessProved(async () => {
    const holder = await transport.holder?.(address);
    if (holder?.isStranger || isOurs() === false) return silentError(address, holder);
    // A process of 3.x says nothing for as long as it does not lead the channel.
    return codec3x ? muteError(address, SILENCE) : undefined;
  }, attempt);
  let connection: Connection | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    const opened = new Connection(await transport.dial(address, connectTimeout, attempt.signal), options);
    connection = opened;
    const destroy = () => opened.destroy(attempt.signal.reason as Error);
    attempt.signal.addEventListener('abort', destroy);
    if (attempt.signal.aborted) destroy();
    // One of ours is given three beats, whoever else holds the port connectTimeout.
    opened.watch({
      interval: heartbeatInterval,
      misses: 2,
      dead: () => (isOurs() ? muteError(address, 3 * heartbeatInterval) : undefined),
    });
    const left = Math.max(1, connectTimeout - (performance.now() - start));
    timer = setTimeout(() => {
      const mayBeMute = 3 * heartbeatInterval > connectTimeout && isOurs();
      if (!mayBeMute) opened.destroy(handshakeTimeout(address, connectTimeout));
    }, left);
    const following3x = codec3x && followed3x(codec3x, options);
    const contact = new HubContact(opened, await apply(opened, keys, applicant, silence.end, following3x));
    opened.watch({
      interval: heartbeatInterval,
      beat: true,
      dead: () => muteError(address, 3 * heartbeatInterval),
    });
    return contact.answer();
  } catch (error) {
    connection?.destroy(error as Error);
    return signal.aborted ? { type: 'gone' } : judge(error as Error, address, options, connection);
  } finally {
    silence.end();
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function followed3x(codec: Codec, { transport, applicant: { epoch } }: AskOptions): Following3x {
  return {
    refusal: (link) => strangerOf3x(transport, link),
    dialect: (host) => new V1Follower(host, { codec, epoch: Math.max(epoch + 1, Date.now()) }),
  };
}

/** What it says about the other end that it could not be asked. */
async function judge(
  error: Error & { code?: unknown },
  address: Address,
  { transport, isOurs }: AskOptions,
  connection: Connection | undefined,
): Promise<Answer> {
  const code = String(error.code);
  if (code === 'ECONNREFUSED') return { type: 'gone' };
  if (code === 'ERR_CLUSTER_LEADER_SILENT') return { type: 'mute' };
  if (EXHAUSTED.has(code)) return { type: 'refused', error };
  if (code === 'ERR_CLUSTER_PORT_SILENT') return { type: 'foreign', error };
  // The system accepts connections for a stopped process until its queue is full.
  if (code === 'ERR_CLUSTER_CONNECT_TIMEOUT' && !connection && isOurs()) return { type: 'mute' };
  const holder = await transport.holder?.(address);
  if (code === 'ERR_CLUSTER_AUTH') return { type: 'foreign', error: await authError(address, error, holder) };
  const isCertain = SPEAKS_OTHERWISE.has(code) || holder?.isStranger;
  const taken = await takenError(address, error, isCertain ? holder : undefined);
  return { type: 'foreign', error: isCertain ? taken : uncertain(taken) };
}

/**
 * Aborts the attempt with what `verdict` finds, unless it is ended in time. Our own delay does not count: then the time
 * begins again.
 */
function unlessProved(verdict: () => Promise<Error | undefined>, attempt: AbortController): { end(): void } {
  let timer: NodeJS.Timeout;
  let isOver = false;
  const begin = () => {
    const due = performance.now() + SILENCE;
    timer = setTimeout(() => (performance.now() > due + LATE ? begin() : void look()), SILENCE);
  };
  const look = async () => {
    const error = await verdict();
    if (error && !isOver) attempt.abort(error);
  };
  begin();
  return {
    end() {
      isOver = true;
      clearTimeout(timer);
    },
  };
}

function muteError(address: Address, ms: number): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_LEADER_SILENT',
    `${formatAddress(address)} gave no sign of life for ${ms} ms`,
    { name: 'ServerNoResponseError', data: { address: formatAddress(address) } },
  );
}

function isLeft(error: Error & { code?: unknown }): boolean {
  return error.code === 'ERR_CLUSTER_LEADER_LEFT';
}

function uncertain(error: Error): Error {
  return Object.assign(error, { certain: false });
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

const ADVICE = 'stop it, or set option port to another port';

async function takenError(
  address: Address,
  cause: Error & { isHttp?: boolean },
  holder: Holder | undefined,
): Promise<ClusterError> {
  const who = await holder?.describe();
  const [code, what] = cause.isHttp
    ? ['ERR_CLUSTER_PORT_HTTP', 'an HTTP server']
    : ['ERR_CLUSTER_PORT_TAKEN', `something that is not of this group (${cause.message})`];
  return portError(code, address, `is held by ${what}${who ? `, ${who}` : ''}: ${ADVICE}`, who, cause);
}

async function silentError(address: Address, holder: Holder | undefined): Promise<ClusterError> {
  const who = (await holder?.describe()) ?? 'something';
  const what =
    `is held by ${who}, which says nothing and is not of this group: ${ADVICE}; a process of ` +
    "cluster-client 3.x says nothing either: then set option interop: '3.x' (or CLUSTER_CLIENT_INTEROP=3.x)";
  return portError('ERR_CLUSTER_PORT_SILENT', address, what, who);
}

async function authError(address: Address, cause: Error, holder: Holder | undefined): Promise<ClusterError> {
  const who = await holder?.describe();
  const what = `is held by ${who ?? 'somebody'}, who does not have the secret of this group: give all processes the same secret or runtimeDir, or ${ADVICE}`;
  return portError('ERR_CLUSTER_AUTH', address, what, who, cause);
}

function portError(
  code: string,
  address: Address,
  what: string,
  holder: string | undefined,
  cause?: Error,
): ClusterError {
  const { host, port } = address;
  return new ClusterError(code, `port ${port} on ${host} ${what}`, {
    ...(cause && { cause }),
    data: { option: 'port', value: port, ...(holder !== undefined && { holder }) },
  });
}
