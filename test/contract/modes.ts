import type { TestContext } from 'node:test';
import { type ClusterOptions, close, cluster } from 'cluster-client';
import { isolated, quietLogger } from '../helpers/isolated.js';
import { RegistryClient, type RegistryOptions } from '../helpers/registry-client.js';

/** The three ways in which a client can be what its user holds. */
export const MODES = ['leader', 'follower', 'single mode'] as const;
export type Mode = (typeof MODES)[number];

export function build(options: ClusterOptions, args: RegistryOptions) {
  return cluster(RegistryClient, options)
    .delegate('getSync')
    .delegate('setSync')
    .delegate('getPromise')
    .delegate('getCallback')
    .delegate('getRest')
    .delegate('failSync')
    .delegate('failCallback')
    .delegate('oneway', 'invokeOneway')
    .create(args);
}

export type Client = ReturnType<typeof build>;

export interface Subject {
  /** The client under test. */
  client: Client;
  /** The clients of the cluster, the one that leads first. */
  all: Client[];
  /** The one real client. */
  real: RegistryClient;
  options: ClusterOptions;
  /** One more client of the same kind as `client`, ready. */
  another(): Promise<Client>;
}

/** A cluster in which `client` has the role that is tested; everything is closed after the test. */
export async function open(
  t: TestContext,
  mode: Mode,
  given: ClusterOptions = {},
  args: RegistryOptions = {},
): Promise<Subject> {
  const options: ClusterOptions =
    mode === 'single mode'
      ? { name: isolated(t).group, singleMode: true, logger: quietLogger(), ...given }
      : { ...isolated(t), ...given };
  const built: RegistryClient[] = [];
  const all: Client[] = [];
  const make = async () => {
    const client = build(options, {
      ...args,
      onBuild: (real) => {
        built.push(real);
        args.onBuild?.(real);
      },
    });
    all.push(client);
    // What the real close fails with is for the test to see, not for the clean-up.
    t.after(() => close(client).catch(() => {}));
    await client.ready();
    return client;
  };
  let client = await make();
  if (mode === 'follower') client = await make();
  return { client, all, real: built[0] as RegistryClient, options, another: make };
}

/** The next value of a subscription, as a promise, and all of them. */
export function collect(
  client: Client,
  reg: { key: string },
): { values: unknown[]; next(): Promise<unknown> } {
  const values: unknown[] = [];
  const waiting: ((value: unknown) => void)[] = [];
  client.subscribe(reg, (value: unknown) => {
    const waiter = waiting.shift();
    if (waiter) waiter(value);
    else values.push(value);
  });
  return {
    values,
    next: () =>
      values.length > 0 ? Promise.resolve(values.shift()) : new Promise((resolve) => waiting.push(resolve)),
  };
}

/** When the real client is subscribed to a key, as a follower's request takes its way. */
export async function subscribed(real: RegistryClient, key: string): Promise<void> {
  while (!real.listeners_.get(key)?.size) await new Promise((resolve) => setImmediate(resolve));
}
