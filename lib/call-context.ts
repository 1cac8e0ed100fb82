import { AsyncLocalStorage } from 'node:async_hooks';

/** What a method of the real client can know of the call that it serves. */
export interface CallContext {
  /** The leader's epoch: send it upstream as a fencing token. */
  readonly epoch: number;
  /** Aborted when nobody waits for the result any more. */
  readonly signal: AbortSignal;
  /** `Date.now()` at which the caller stops waiting; undefined: never. */
  readonly deadline: number | undefined;
  readonly caller: { readonly pid: number; readonly local: boolean };
}

const storage = new AsyncLocalStorage<CallContext>();

/**
 * Within a method of the real client, and within its constructor: who calls, until when, under which epoch.
 * Elsewhere `undefined`.
 */
export function callContext(): CallContext | undefined {
  return storage.getStore();
}

export function runInContext<T>(context: CallContext, run: () => T): T {
  return storage.run(context, run);
}

/** The controller of `signal` is made when it is first asked for, by either side: most methods never look. */
export class ServedCall implements CallContext {
  readonly epoch: number;
  readonly deadline: number | undefined;
  readonly caller: CallContext['caller'];
  #controller: AbortController | undefined;
  #aborted: { reason: unknown } | undefined;

  constructor(epoch: number, caller: CallContext['caller'], deadline?: number) {
    this.epoch = epoch;
    this.caller = caller;
    this.deadline = deadline;
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController();
      if (this.#aborted) this.#controller.abort(this.#aborted.reason);
    }
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#aborted !== undefined;
  }

  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.#controller?.abort(reason);
  }
}
