import { types } from 'node:util';

/** Also for an error of another realm, as Node's own are under Jest. Never throws, though a Proxy may. */
export function isError(value: unknown): value is Error {
  return types.isNativeError(value) || attempt(() => value instanceof Error, false);
}

/** What somebody else's object answers: a getter, or the trap of a Proxy, may throw. */
export function attempt<T>(get: () => T, otherwise: T): T {
  try {
    return get();
  } catch {
    return otherwise;
  }
}

/** Of whatever was thrown; never throws. */
export function messageOf(thrown: unknown): string {
  return attempt(() => (isError(thrown) ? String(thrown.message) : String(thrown)), 'it cannot be said why');
}

export interface ClusterErrorOptions {
  cause?: unknown;
  /** Overrides `name`, where 3.x has a name for the situation. */
  name?: string;
  /** What the message shows, as own properties of the error. */
  data?: Record<string, unknown>;
}

/**
 * Every error that this library makes. Match `code`, not the class: two copies of the package in one
 * process have two classes.
 */
export class ClusterError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options: ClusterErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.name = options.name ?? 'ClusterError';
    this.code = code;
    if (options.data) Object.assign(this, options.data);
  }
}

/** What a peer sent is not this protocol; the link cannot be used any further. */
export function protocolError(message: string, data?: Record<string, unknown>): ClusterError {
  return new ClusterError('ERR_CLUSTER_PROTOCOL', message, data ? { data } : {});
}
