import { ClusterError } from './errors.js';
import { type Call, type NewCall, PendingCalls, type Settle } from './pending.js';
import type { Role } from './role.js';

export interface CallsOptions {
  channel: string;
  /** Calls that may wait for a leader. */
  maxBacklog: number;
  /** Who serves calls now; undefined: nobody. */
  serving(): Role | undefined;
}

/** The calls of one client, over all changes of leader: each is settled within its deadline, whatever happens. */
export class Calls {
  readonly pending: PendingCalls;
  readonly #options: CallsOptions;

  constructor(options: CallsOptions) {
    this.#options = options;
    this.pending = new PendingCalls((call) => this.#abandon(call));
  }

  /** @param refusal why it cannot be served, now or later. */
  invoke(fields: NewCall, refusal: Error | undefined): void {
    const { signal } = fields;
    const error = refusal ?? (signal?.aborted ? (signal.reason as Error) : undefined);
    if (error) {
      fields.settle(error, []);
      return;
    }
    const call = this.pending.add(signal ? this.#abortable(fields, signal, () => call) : fields);
    this.#options.serving()?.invoke(call);
    if (!call.sent && this.pending.waiting > this.#options.maxBacklog)
      this.pending.settle(call.id, this.#overflow(call.method));
  }

  /** Hands over what waits. */
  resume(): void {
    const role = this.#options.serving();
    if (!role || this.pending.waiting === 0) return;
    for (const call of this.pending.values()) {
      // What happens to one of them may settle another.
      if (!call.sent && this.pending.get(call.id)) role.invoke(call);
    }
  }

  /** What was sent may have been done or not; what may be done twice is sent to the next leader as well. */
  lost(cause: Error): void {
    const { channel } = this.#options;
    this.pending.reject((call) => {
      if (!call.sent) return undefined;
      if (call.idempotent) {
        this.pending.unsent(call);
        return undefined;
      }
      return new ClusterError(
        'ERR_CLUSTER_LEADER_LOST',
        `call of ${call.method} on channel ${channel}: the leader was lost before it answered (${cause.message})`,
        { name: 'SocketCloseError', cause, data: { method: call.method, channel, outcome: 'unknown' } },
      );
    });
    this.pending.limit();
  }

  /** Whoever leads waits for the real client for as long as it takes, unless the caller said otherwise. */
  liftDeadlines(): void {
    for (const call of this.pending.values()) if (!call.explicit) call.deadline = Infinity;
  }

  #overflow(method: string): ClusterError {
    const { channel, maxBacklog } = this.#options;
    return new ClusterError(
      'ERR_CLUSTER_BACKLOG',
      `call of ${method} on channel ${channel}: ${maxBacklog} calls wait for a leader already (maxBacklog)`,
      { data: { method, channel, maxBacklog, outcome: 'not sent' } },
    );
  }

  /** The signal settles the call; the settled call lets go of the signal, which may serve many. */
  #abortable(fields: NewCall, signal: AbortSignal, call: () => Call): NewCall {
    const abort = () => {
      if (this.pending.settle(call().id, signal.reason as Error)) this.#abandon(call());
    };
    signal.addEventListener('abort', abort);
    const settle: Settle = (error, results) => {
      signal.removeEventListener('abort', abort);
      fields.settle(error, results);
    };
    return { ...fields, settle };
  }

  /** Settled without a result: whoever serves it may stop. */
  #abandon(call: Call): void {
    if (call.sent) this.#options.serving()?.cancel(call);
  }
}
