import createDebug from 'debug';
import { type Codec, decodePayload, encodePayload } from '../protocol/codec.js';
import { EMPTY } from '../protocol/frame.js';
import type { Message } from '../protocol/message.js';
import { ServedCall } from './call-context.js';
import type { Connection } from './connection.js';
import { ClusterError, isError, thrownValueError } from './errors.js';
import type { Applicant } from './handshake.js';
import type { PendingCalls } from './pending.js';
import type { Role, RoleEvents } from './role.js';
import type { Subscriber, Topics, Value } from './topics.js';
import { decodeArguments, encodeFault } from './values.js';

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
  /** @returns its number in the order of publications of this leader. */
  publish(reg: unknown): Promise<number>;
  /** Something failed that the leader's own users should hear of. */
  error(error: unknown): void;
  /** One more client of this process. @param live values are delivered in the tick in which they come. */
  attach(events: RoleEvents, pending: PendingCalls, live: boolean): Role;
  /** No further client can be attached. */
  readonly closed: boolean;
}

export interface ChannelOptions {
  name: string;
  epoch: number;
  codec: Codec;
  maxMessageBytes: number;
  backend: Backend;
  /** ms between two signs of life on each link; undefined: silent followers are kept. */
  heartbeatInterval: number | undefined;
}

/** ms */
const CLOCK_TOLERANCE = 10;

/** One follower, as the leader sees it. */
export class Peer implements Subscriber {
  readonly connection: Connection;
  readonly applicant: Applicant;
  readonly #options: ChannelOptions;
  readonly #onClose: () => void;
  readonly #subscribed = new Set<string>();
  readonly #running = new Map<number, ServedCall>();
  /** Keys whose newest value waits until the link has room, and how many values each has missed by then. */
  readonly #dirty = new Map<string, number>();

  constructor(options: ChannelOptions, connection: Connection, applicant: Applicant, onClose: () => void) {
    this.#options = options;
    this.connection = connection;
    this.applicant = applicant;
    this.#onClose = onClose;
    connection.maxMessageBytes = options.maxMessageBytes;
    connection.open({
      message: (message) => this.#receive(message),
      drain: () => this.#catchUp(),
      close: (error) => this.#closed(error),
    });
  }

  shares(): number {
    return 1;
  }

  /**
   * A link that is backed up is given the newest value of each key once it has room, not every one; but a value
   * that was drawn for it is nobody else's.
   */
  deliver(value: Value, share?: number): void {
    if (this.connection.writable || share !== undefined) {
      this.#send(value, 0);
    } else {
      const missed = this.#dirty.get(value.key);
      this.#dirty.set(value.key, missed === undefined ? 0 : missed + 1);
    }
  }

  #send({ key, revision, payload }: Value, missed: number): void {
    this.connection.send({ type: 'value', key, revision, missed, value: payload });
  }

  #catchUp(): void {
    for (const [key, missed] of this.#dirty) {
      if (!this.connection.writable) return;
      this.#dirty.delete(key);
      const value = this.#subscribed.has(key) && this.#options.backend.topics.newest(key);
      if (value) this.#send(value, missed);
    }
  }

  #receive(message: Message): void {
    const { codec, backend } = this.#options;
    switch (message.type) {
      case 'invoke':
        this.#invoke(message);
        break;
      case 'cancel':
        this.#running.get(message.id)?.abort(abortError());
        break;
      case 'subscribe': {
        const reg = decodePayload(codec, message.reg, `subscription ${message.key}`);
        this.#subscribed.add(message.key);
        backend.topics.subscribe(message.key, reg, this);
        break;
      }
      case 'unsubscribe':
        this.#subscribed.delete(message.key);
        this.#dirty.delete(message.key);
        backend.topics.unsubscribe(message.key, this);
        break;
      case 'publish':
        void this.#publish(message);
        break;
      default:
        // Not a follower's to send; a newer one's meaning is not known here.
        debug('%s: %s from a follower', this.#options.name, message.type);
    }
  }

  #invoke({ id, method, oneway, timeout, args: payload }: Message & { type: 'invoke' }): void {
    const { name, epoch, codec, maxMessageBytes, backend } = this.#options;
    const fail = (error: Error) => {
      if (!oneway)
        this.connection.send({ type: 'result', id, fault: true, value: encodeFault(codec, error) });
    };
    if (!backend.methods.has(method)) {
      fail(
        new ClusterError(
          'ERR_CLUSTER_METHOD_NOT_DELEGATED',
          `the leader of channel ${name} delegates no method ${method}`,
          {
            data: { method, channel: name },
          },
        ),
      );
      return;
    }
    let args: readonly unknown[];
    try {
      args = decodeArguments(codec, payload, method);
    } catch (error) {
      fail(error as Error);
      return;
    }
    const deadline = timeout > 0 ? Date.now() + timeout : undefined;
    const call = new ServedCall(epoch, { pid: this.applicant.pid, local: false }, deadline);
    if (oneway) {
      backend.invoke(method, args, call, undefined);
      return;
    }
    this.#running.set(id, call);
    backend.invoke(method, args, call, (error, [result]) => {
      // A callback may come twice; the first time counts.
      if (!this.#running.delete(id)) return;
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
        this.connection.send({
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

  async #publish({ id, reg: payload }: Message & { type: 'publish' }): Promise<void> {
    const { epoch, codec, backend } = this.#options;
    const reply = { type: 'published', id, epoch } as const;
    try {
      const sequence = await backend.publish(decodePayload(codec, payload, 'a publication'));
      this.connection.send({ ...reply, sequence, fault: false, value: { bytes: EMPTY, raw: true } });
    } catch (error) {
      const cause = isError(error) ? error : thrownValueError(error, 'publish');
      backend.error(cause);
      this.connection.send({ ...reply, sequence: 0, fault: true, value: encodeFault(codec, cause) });
    }
  }

  #closed(error: Error): void {
    debug('%s: follower %d is gone: %s', this.#options.name, this.applicant.pid, error.message);
    this.#onClose();
    for (const key of this.#subscribed) this.#options.backend.topics.unsubscribe(key, this);
    for (const call of this.#running.values()) call.abort(abortError());
    this.#running.clear();
  }
}

function refuseStreams(result: unknown, method: string): void {
  if (typeof result !== 'object' || result === null) return;
  if (!(Symbol.asyncIterator in result) && !('pipe' in result && typeof result.pipe === 'function')) return;
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
  if (Object.isExtensible(error) || Object.hasOwn(error, 'method')) Reflect.set(error, 'method', method);
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
