import { attempt, ClusterError } from '../protocol/errors.js';

export {
  attempt,
  ClusterError,
  type ClusterErrorOptions,
  isError,
  messageOf,
  protocolError,
} from '../protocol/errors.js';

/** An option, from code or from the environment, has a value that it cannot have. */
export function optionError(option: string, value: unknown, expected: string): ClusterError {
  return new ClusterError('ERR_CLUSTER_OPTION', `option ${option} must be ${expected}, got ${show(value)}`, {
    data: { option, value },
  });
}

/** An argument of a call is of the wrong kind. 3.x used `assert` for these, hence the name. */
export function argumentError(message: string): ClusterError {
  return new ClusterError('ERR_CLUSTER_ARGUMENT', message, { name: 'AssertionError' });
}

/**
 * More was asked than a limit allows.
 * @param limit name of the option that sets it.
 */
export function limitError(limit: string, most: number, what: string): ClusterError {
  return new ClusterError('ERR_CLUSTER_LIMIT', `${what}: ${most} is the limit (${limit})`, {
    data: { limit, most },
  });
}

/** The client was closed before, or while, something was asked of it. */
export function closedError(channel: string): ClusterError {
  return new ClusterError('ERR_CLUSTER_CLOSED', `client ${channel} is closed`, { data: { channel } });
}

/** Only what the leader's own delegation names can be invoked, whatever the name. */
export function notDelegatedError(method: string, channel: string): ClusterError {
  const shown = show(method);
  return new ClusterError(
    'ERR_CLUSTER_METHOD_NOT_DELEGATED',
    `the leader of channel ${channel} delegates no method ${shown}: say delegate(${shown}) there`,
    { data: { method, channel } },
  );
}

/** A method threw something that is no Error; the message shows what. */
export function thrownValueError(value: unknown, method: string): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_THROWN_VALUE',
    `${method} failed with ${show(value)}, which is not an Error`,
    {
      data: { method },
    },
  );
}

/** A value for an error message: short, and never throws. */
export function show(value: unknown): string {
  if (typeof value === 'function')
    return `function ${attempt(() => String(value.name), '') || '(anonymous)'}`;
  if (typeof value === 'string')
    return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
  const text = attempt(
    () => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value)),
    undefined,
  );
  if (text === undefined) return attempt(() => Object.prototype.toString.call(value), '[object Object]');
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
