import { ClientBase } from './base.js';
import { argumentError, closedError, show } from './errors.js';
import { latest } from './latest.js';
import type { ResolvedOptions } from './options.js';
import type { Settle } from './pending.js';
import { asError, type Callable } from './real-client.js';
import { Session, type SessionSettings } from './session.js';
import type { ClusterStatus } from './status.js';
import type { ArgumentsOf, InvokableName, RegOf, ResultOf, Typed, ValueOf } from './types.js';

/** How the free functions find the session of a client, also of one that another copy of this package made. */
export const SESSION = Symbol.for('cluster-client.session');

/** The client that users hold: readiness and events of its session; the builder adds the methods of the class. */
export class SharedClient extends ClientBase {
  declare options: ResolvedOptions;
  declare readonly [SESSION]: Session;

  constructor(settings: SessionSettings) {
    // What users can read, and print, does not hold the secret.
    const shown: ResolvedOptions = { ...settings.options, secrets: undefined };
    super(shown);
    this.setMaxListeners(settings.options.maxListeners);
    const session = new Session(settings, {
      ready: () => this.ready(true),
      failed: (error) => isolate(() => this.ready(error)),
      lost: () => this.ready(false),
      event: (name, args) => this.emit(name, ...args),
      error: (error) => isolate(() => this.emit('error', asError(error, settings.options.name))),
      closed: () => {
        this.endReady(closedError(settings.options.name));
        isolate(() => this.emit('close'));
      },
    });
    Object.defineProperty(this, SESSION, { value: session });
    // Of its own, as the generated methods are, so that it can be called without `this`.
    Object.defineProperty(this, 'close', {
      value: () => session.close(),
      writable: true,
      configurable: true,
    });
    session.start();
  }

  get isClusterClientLeader(): boolean | undefined {
    return this[SESSION].isLeader;
  }

  override get isClosed(): boolean {
    return this[SESSION].state === 'closed';
  }

  [Symbol.asyncDispose](): Promise<void> {
    return close(this);
  }
}

/** What a user's listener throws is the user's, on a tick of its own: it must not cut off whoever reported to it. */
function isolate(act: () => void): void {
  try {
    act();
  } catch (thrown) {
    process.nextTick(() => {
      throw thrown;
    });
  }
}

/** Settles a call by a callback of Node's kind. What that throws is the user's: an `error` event. */
export function callBack(client: SharedClient, callback: Callable): Settle {
  return (error, results) => {
    try {
      Reflect.apply(callback, undefined, error ? [error] : [null, ...results]);
    } catch (thrown) {
      process.nextTick(() => client.emit('error', thrown));
    }
  };
}

export interface InvokeOptions {
  /** ms; also in the leader, where a call has no limit otherwise. Default: option responseTimeout. */
  timeout?: number | undefined;
  /** Ends the wait; the method sees it as `callContext().signal`. */
  signal?: AbortSignal | undefined;
  /** Running twice does no harm: the call is sent again if its leader is lost. Default: as delegated. */
  idempotent?: boolean | undefined;
}

/**
 * Calls a method of the shared class with more say than calling the client's own method.
 * @throws (rejects with) the method's own error; ERR_CLUSTER_TIMEOUT, ERR_CLUSTER_LEADER_LOST,
 *   ERR_CLUSTER_CLOSED, ERR_CLUSTER_METHOD_NOT_DELEGATED; the signal's reason.
 */
export function invoke<T, D, K extends InvokableName<T, D>>(
  client: Typed<T, D>,
  method: K,
  args: ArgumentsOf<T[K]>,
  options: InvokeOptions = {},
): Promise<ResultOf<T[K]>> {
  const shared = sessionOf(client, 'invoke');
  const { timeout, signal, idempotent = false } = options;
  if (timeout !== undefined && !(timeout > 0 && timeout <= 0x7fff_ffff)) {
    throw argumentError(`[cluster#invoke] timeout must be a number of ms above 0, got ${show(timeout)}`);
  }
  return new Promise((resolve, reject) => {
    shared.invoke({
      method,
      args: args as readonly unknown[],
      oneway: false,
      idempotent,
      timeout: timeout ?? shared.responseTimeout,
      explicit: timeout !== undefined,
      signal,
      settle: (error, [result]) => (error ? reject(error) : resolve(result as ResultOf<T[K]>)),
    });
  });
}

/**
 * The values of a subscription, newest first; values that come while the loop's body runs may be skipped in
 * favour of the newest. Ends when the client is closed.
 * @throws the signal's reason when it is aborted.
 */
export async function* watch<T, D>(
  client: Typed<T, D>,
  reg: RegOf<T, D>,
  options: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ValueOf<T, D>, void, void> {
  const session = sessionOf(client, 'watch');
  const values = latest<ValueOf<T, D>>(options.signal);
  const listener = (value: unknown) => values.push(value as ValueOf<T, D>);
  const off = session.onChange(() => session.state === 'closed' && values.end());
  session.subscribe(reg, listener);
  try {
    yield* values;
  } finally {
    off();
    session.unsubscribe(reg, listener);
  }
}

/** What the client is at this moment: role, epoch, leader, state. Changing it changes nothing. */
export function status(client: object): ClusterStatus {
  return sessionOf(client, 'status').status;
}

/**
 * The present status, then each change; several changes in one tick are one. Ends after the client is closed.
 * @throws the signal's reason when it is aborted.
 */
export async function* watchStatus(
  client: object,
  options: { signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ClusterStatus, void, void> {
  const session = sessionOf(client, 'watchStatus');
  const statuses = latest<ClusterStatus>(options.signal);
  const look = () => {
    statuses.push(session.status);
    if (session.state === 'closed') statuses.end();
  };
  const off = session.onChange(look);
  look();
  try {
    yield* statuses;
  } finally {
    off();
  }
}

/**
 * Leaves the cluster. At the leader the real client's close is called, once, and another process takes over.
 * Idempotent. May be called without `this` and with further arguments, as in `clients.forEach(close)`.
 * @throws (rejects with) what the real client's close fails with, after all else is closed.
 */
export function close(client: object): Promise<void> {
  return sessionOf(client, 'close').close();
}

/** @throws ClusterError ERR_CLUSTER_ARGUMENT */
export function sessionOf(client: unknown, caller: string): Session {
  const session: unknown =
    typeof client === 'object' && client !== null ? Reflect.get(client, SESSION) : undefined;
  if (!session) {
    throw argumentError(`[cluster#${caller}] client should be instanceof ClusterClient, got ${show(client)}`);
  }
  return session as Session;
}
