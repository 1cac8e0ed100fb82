import type { TestContext } from 'node:test';
import type { ClusterOptions } from '../../lib/options.js';
import { resolveOptions } from '../../lib/options.js';
import { PendingCalls } from '../../lib/pending.js';
import type { RoleEvents } from '../../lib/role.js';
import { Leader } from '../../lib/roles/leader.js';
import type { Value } from '../../protocol/message.js';
import { quietLogger } from '../helpers/isolated.js';
import { RegistryClient, type RegistryOptions } from '../helpers/registry-client.js';
import { IDENTITY } from './handshakes.js';
import { newCall } from './new-call.js';

export const EPOCH = 7;

const METHODS = {
  subscribe: 'subscribe',
  unSubscribe: 'unSubscribe',
  publish: 'publish',
  close: 'close',
  invoke: new Set(['getAsync', 'oneway', 'never']),
};

/** What a client hears from its leader. */
class Heard implements RoleEvents {
  readonly losses: Error[] = [];
  readonly failures: Error[] = [];
  readonly errors: unknown[] = [];
  readonly deliveries: Value[] = [];
  readies = 0;

  ready(): void {
    this.readies += 1;
  }

  failed(error: Error): void {
    this.failures.push(error);
  }

  lost(error: Error): void {
    this.losses.push(error);
  }

  deliver(value: Value): void {
    this.deliveries.push(value);
  }

  error(error: unknown): void {
    this.errors.push(error);
  }

  listenerCount(): number {
    return 1;
  }

  drain(): void {}
  event(): void {}
  standbyAt(): void {}

  async standBy(): Promise<undefined> {}
}

export interface LeaderSettings extends ClusterOptions {
  /** Whether another can take over at all. Default true. */
  replaceable?: boolean;
  real?: RegistryOptions;
  /** When the record was claimed. */
  heldAt?: number;
}

/** A leader of one client, not started; `record` says whether another leads by now, and how often that was asked. */
export function leading({ replaceable = true, real = {}, heldAt, ...options }: LeaderSettings = {}) {
  const record = { asked: 0, replaced: false };
  const built: RegistryClient[] = [];
  const holds = () => {
    record.asked += 1;
    return !record.replaced;
  };
  const leader = new Leader({
    options: resolveOptions('Config', { unsubscribeLinger: 0, logger: quietLogger(), ...options }),
    methods: METHODS,
    createRealClient: () => {
      const client = new RegistryClient(real);
      built.push(client);
      return client;
    },
    epoch: EPOCH,
    identity: IDENTITY,
    holds: replaceable ? holds : undefined,
    heldAt,
  });
  const heard = new Heard();
  const pending = new PendingCalls();
  const settled: string[] = [];
  const role = leader.attach(heard, pending, true);
  /** @returns the call, as it is then. */
  const call = (method: string, oneway = false) => {
    const one = pending.add(newCall(settled, method, Infinity, { oneway }));
    role.invoke(one);
    return one;
  };
  return { leader, role, heard, pending, settled, record, built, call };
}

/** Time that stands still. @returns what lets it pass; timers do not notice. */
export function standstill(t: TestContext): (ms: number) => void {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  return (ms) => {
    now += ms;
  };
}
