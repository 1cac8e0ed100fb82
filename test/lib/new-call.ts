import type { NewCall } from '../../lib/pending.js';

/** A call that notes how it was settled. */
export function newCall(
  settled: string[],
  method: string,
  timeout = Infinity,
  more: Partial<NewCall> = {},
): NewCall {
  return {
    method,
    args: [],
    oneway: false,
    idempotent: false,
    timeout,
    explicit: false,
    signal: undefined,
    settle: (error, results) => settled.push(error ? `${method}: ${error.message}` : `${method} ${results}`),
    ...more,
  };
}
