import { BusyMap } from './busy-map.js';
import { ClusterError } from './errors.js';

/** Called once, with an error or with what the method's callback was called with. */
export type Settle = (error: Error | undefined, results: readonly unknown[]) => void;

/** One call of one of our users, from the moment it was made until it is settled. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly args: readonly unknown[];
  /** No one waits for the result: the call is forgotten as soon as it is sent. */
  readonly oneway: boolean;
  /** May run twice: after the loss of a leader it is sent again. */
  readonly idempotent: boolean;
  /** The time it was given, in ms, and the `performance.now()` at which that ends; Infinity for none. */
  readonly timeout: number;
  deadline: number;
  /** Whether the deadline was asked for with this call, so that it holds in the leader too. */
  readonly explicit: boolean;
  readonly signal: AbortSignal | undefined;
  /** A byte of it was handed to a link, or the real client was called. Told by `PendingCalls.sending`. */
  sent: boolean;
  readonly settle: Settle;
}

export type NewCall = Omit<Call, 'id' | 'sent' | 'deadline'>;

/** Deadlines are kept to within so many ms, so that many calls share one wake-up of the one timer. */
const GRANULARITY = 5;

/**
 * All calls of one client that are not settled: those on their way to a leader and those that wait for one. One
 * table and one timer, whatever the number of calls and whatever happens to leaders.
 */
export class PendingCalls {
  readonly #calls = new BusyMap<number, Call>();
  readonly #onExpire: ((call: Call) => void) | undefined;
  #nextId = 1;
  #sent = 0;
  #timer: NodeJS.Timeout | undefined;
  #wakeAt = Infinity;

  /** @param onExpire hears of calls whose time is over, after they were settled. */
  constructor(onExpire?: (call: Call) => void) {
    this.#onExpire = onExpire;
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Calls that were handed over. */
  get sent(): number {
    return this.#sent;
  }

  /** Calls that wait for a leader, or for room on the link to it. */
  get waiting(): number {
    return this.#calls.size - this.#sent;
  }

  add(fields: NewCall): Call {
    const deadline = fields.timeout === Infinity ? Infinity : performance.now() + fields.timeout;
    // Field by field: spreading takes ten times as long.
    const { method, args, oneway, idempotent, timeout, explicit, signal, settle } = fields;
    const id = this.#nextId++;
    const call: Call = {
      id,
      method,
      args,
      oneway,
      idempotent,
      timeout,
      deadline,
      explicit,
      signal,
      sent: false,
      settle,
    };
    this.#calls.set(id, call);
    if (this.#calls.size === 1) this.#timer?.ref();
    this.#wake(deadline);
    return call;
  }

  get(id: number): Call | undefined {
    return this.#calls.get(id);
  }

  /** Calls in the order in which they were made. */
  values(): Call[] {
    return [...this.#calls.values()];
  }

  /** It is about to be handed over. */
  sending(call: Call): void {
    if (call.sent || !this.#calls.has(call.id)) return;
    call.sent = true;
    this.#sent += 1;
  }

  /** It has to be handed over once more, to another leader. */
  unsent(call: Call): void {
    if (!call.sent || !this.#calls.has(call.id)) return;
    call.sent = false;
    this.#sent -= 1;
  }

  /** Those that were without a limit for as long as their leader was here get the time that they ask for, from now. */
  limit(): void {
    const now = performance.now();
    for (const call of this.#calls.values()) {
      if (call.deadline === Infinity) call.deadline = now + call.timeout;
      this.#wake(call.deadline);
    }
  }

  /** False: it was settled before, as by its deadline. */
  settle(id: number, error: Error | undefined, results: readonly unknown[] = []): boolean {
    const call = this.#calls.get(id);
    if (!call) return false;
    this.#calls.delete(id);
    if (call.sent) this.#sent -= 1;
    // It stays for the next call, without keeping the process: making one for each call takes longer than the rest.
    if (this.#calls.size === 0) this.#timer?.unref();
    call.settle(error, results);
    return true;
  }

  /** For each call that `fails` has an error for. */
  reject(fails: (call: Call) => Error | undefined): void {
    for (const call of this.values()) {
      const error = fails(call);
      if (error) this.settle(call.id, error);
    }
  }

  /** No call will be added any more. */
  close(): void {
    this.#stop();
  }

  #wake(at: number): void {
    if (at >= this.#wakeAt) return;
    this.#stop();
    this.#wakeAt = at;
    this.#timer = setTimeout(() => this.#expire(), Math.max(GRANULARITY, at - performance.now()));
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#wakeAt = Infinity;
  }

  #expire(): void {
    this.#stop();
    const now = performance.now();
    let next = Infinity;
    const expired: Call[] = [];
    for (const call of this.#calls.values()) {
      if (call.deadline <= now + 1) expired.push(call);
      else next = Math.min(next, call.deadline);
    }
    this.#wake(next);
    for (const call of expired) {
      this.settle(call.id, timeoutError(call));
      this.#onExpire?.(call);
    }
  }
}

function timeoutError(call: Call): ClusterError {
  const where = call.sent ? 'the leader did not answer' : 'it could not be sent to a leader';
  return new ClusterError('ERR_CLUSTER_TIMEOUT', `call of ${call.method}: ${where} in ${call.timeout} ms`, {
    name: 'ResponseTimeoutError',
    data: { method: call.method, timeout: call.timeout, outcome: call.sent ? 'unknown' : 'not sent' },
  });
}
