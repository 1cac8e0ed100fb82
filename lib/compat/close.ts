import is from 'is-type-of';
import { close as closeShared, SESSION } from '../client.js';
import { close as CLOSE } from './symbol.js';

/**
 * Leaves the cluster. At the leader the real client's close is called, once, and another process takes over.
 * Idempotent; needs no `this` and ignores further arguments, as in `clients.forEach(close)`. A client that a copy
 * of 3.x made is closed as that copy does it.
 * @throws (rejects with) what the real client's close fails with, after all else is closed.
 */
export function close(client: object): Promise<void> {
  return closeOf3x(client) ?? closeShared(client);
}

/** @returns undefined if it is no client of 3.x. */
export function closeOf3x(client: unknown): Promise<void> | undefined {
  // Ours have the method too, and a session.
  if (typeof client !== 'object' || client === null || Reflect.get(client, SESSION)) return undefined;
  const method: unknown = Reflect.get(client, CLOSE);
  return is.function(method) ? (Reflect.apply(method, client, []) as Promise<void>) : undefined;
}
