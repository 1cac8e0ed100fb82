import { attempt } from './errors.js';

/** Any promise, also one of a library that is older than the language's. Not what throws when it is asked. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return attempt(() => 'then' in value && typeof value.then === 'function', false);
}
