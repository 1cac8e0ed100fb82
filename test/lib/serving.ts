import { Calls, type CallsOptions } from '../../lib/calls.js';
import type { Call, NewCall, PendingCalls } from '../../lib/pending.js';
import type { Role } from '../../lib/role.js';
import { newCall } from './new-call.js';

/** A role that notes the calls that it is given, and answers none. */
class Server implements Role {
  readonly kind = 'follower';
  readonly epoch = 1;
  readonly leaderPid = 1;
  readonly queuedBytes = 0;
  readonly invoked: string[] = [];
  readonly cancelled: string[] = [];
  /** False: nobody serves. */
  present = true;
  /** False: calls are left unsent. */
  takes = true;
  pending: PendingCalls | undefined;

  invoke(call: Call): void {
    this.invoked.push(call.method);
    if (this.takes) this.pending?.sending(call);
  }

  cancel({ method }: Call): void {
    this.cancelled.push(method);
  }

  subscribe(): void {}
  unsubscribe(): void {}
  publish(): void {}
  async close(): Promise<void> {}
}

/** The calls of one client, a role to serve them, and what the calls were settled with. */
export function served(more: Partial<CallsOptions> = {}) {
  const role = new Server();
  const settled: string[] = [];
  const calls = new Calls({
    channel: 'Config',
    maxBacklog: 100,
    serving: () => (role.present ? role : undefined),
    ...more,
  });
  role.pending = calls.pending;
  const call = (method: string, timeout = Infinity, fields: Partial<NewCall> = {}) =>
    newCall(settled, method, timeout, fields);
  return { calls, role, settled, call };
}
