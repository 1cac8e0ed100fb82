import is from 'is-type-of';
import { ClientBase } from './base.js';
import { callBack, SESSION, SharedClient } from './client.js';
import { argumentError, ClusterError, show } from './errors.js';
import { type ClusterOptions, type ResolvedOptions, resolveOptions } from './options.js';
import type { Settle } from './pending.js';
import type { Session } from './session.js';
import type { Listener } from './subscriptions.js';
import type {
  ClientClass,
  ClusterClient,
  ConstructorArguments,
  DelegateTarget,
  MethodName,
} from './types.js';

const TARGETS: ReadonlySet<string> = new Set<DelegateTarget>([
  'subscribe',
  'unSubscribe',
  'publish',
  'invoke',
  'invokeOneway',
  'close',
]);

/** Delegated unasked where the class has them and neither name nor target is taken. */
const STANDARD = ['subscribe', 'unSubscribe', 'publish', 'close'] as const;

/** Without the class's own method of that name there is nothing to delegate to. */
const NEEDS_METHOD: ReadonlySet<string> = new Set<DelegateTarget>([
  'subscribe',
  'publish',
  'invoke',
  'invokeOneway',
]);

interface Delegate {
  target: DelegateTarget;
  idempotent: boolean;
}

type Descriptor = ({ type: 'delegate' } & Delegate) | { type: 'override'; value: unknown };

/** Says how a class is shared, then makes shared clients of it. Its type gathers what was delegated. */
export class ClusterBuilder<C extends ClientClass, D = unknown, O = unknown, Auto extends boolean = true> {
  readonly #class: C;
  readonly #options: ResolvedOptions;
  readonly #descriptors = new Map<string, Descriptor>();

  constructor(clientClass: C, options?: ClusterOptions) {
    if (!is.function(clientClass) || !is.object(clientClass.prototype)) {
      throw argumentError(`[cluster] a class is expected, got ${show(clientClass)}`);
    }
    this.#class = clientClass;
    this.#options = resolveOptions(clientClass.name, options);
  }

  /**
   * Maps a method of the class; the last word on a name wins.
   * @param target subscribe | unSubscribe | publish | close: this is the class's method for it. invoke: run it at
   *   the leader and wait for the result. invokeOneway: do not wait. Default invoke.
   * @param options idempotent: running twice does no harm, so the call is sent again if its leader is lost.
   * @throws ClusterError ERR_CLUSTER_DELEGATE_TARGET
   */
  delegate<K extends MethodName<InstanceType<C>>, Target extends DelegateTarget = 'invoke'>(
    name: K,
    target?: Target,
    options: { idempotent?: boolean | undefined } = {},
  ): ClusterBuilder<C, Omit<D, K> & Record<K, Target>, Omit<O, K>, Auto> {
    const to = target ?? 'invoke';
    if (!TARGETS.has(to)) {
      throw new ClusterError(
        'ERR_CLUSTER_DELEGATE_TARGET',
        `delegate(${show(name)}, ${show(target)}): the target must be one of ${[...TARGETS].join(', ')}`,
        { data: { method: name, target } },
      );
    }
    this.#descriptors.set(name, { type: 'delegate', target: to, idempotent: options.idempotent ?? false });
    return this as unknown as ClusterBuilder<C, Omit<D, K> & Record<K, Target>, Omit<O, K>, Auto>;
  }

  /** Gives the client a property of its own; the class's is not asked. */
  override<K extends string, V>(name: K, value: V): ClusterBuilder<C, D, Omit<O, K> & Record<K, V>, Auto> {
    this.#descriptors.set(name, { type: 'override', value });
    return this as unknown as ClusterBuilder<C, D, Omit<O, K> & Record<K, V>, Auto>;
  }

  /**
   * Makes a client, at once; `ready()` tells when it can serve. The arguments are those of the class, which is
   * built with them where this process leads.
   * @throws ClusterError ERR_CLUSTER_METHOD_NOT_IMPLEMENTED
   */
  create(...args: ConstructorArguments<C>): ClusterClient<InstanceType<C>, D, O, Auto> {
    const descriptors = new Map(this.#descriptors);
    if (this.#options.autoGenerate) this.#addAutomatic(descriptors);
    const delegates = new Map<string, Delegate>();
    for (const [name, descriptor] of descriptors) {
      if (descriptor.type === 'override') continue;
      if (NEEDS_METHOD.has(descriptor.target) && !is.function(this.#prototype(name))) {
        throw new ClusterError(
          'ERR_CLUSTER_METHOD_NOT_IMPLEMENTED',
          `[ClusterClient] api: ${name} not implement in client: class ${this.#class.name} has no method ` +
            `${name} to delegate to ${descriptor.target}`,
          { data: { method: name, class: this.#class.name } },
        );
      }
      delegates.set(name, descriptor);
    }
    const find = (target: DelegateTarget) =>
      [...delegates].find(([, delegate]) => delegate.target === target)?.[0];
    const client = new SharedClient({
      options: this.#options,
      createRealClient: () => Reflect.construct(this.#class, args),
      identity: is.function(this.#options.identity) ? this.#options.identity(args) : args,
      methods: {
        subscribe: find('subscribe'),
        unSubscribe: find('unSubscribe'),
        publish: find('publish'),
        close: find('close'),
        invoke: new Set(
          [...delegates].filter(([, { target }]) => target.startsWith('invoke')).map(([name]) => name),
        ),
      },
    });
    for (const [name, descriptor] of descriptors) {
      const value =
        descriptor.type === 'override'
          ? descriptor.value
          : member(client[SESSION], client, name, descriptor, is.generatorFunction(this.#prototype(name)));
      Object.defineProperty(client, name, { value, writable: true, enumerable: true, configurable: true });
    }
    return client as unknown as ClusterClient<InstanceType<C>, D, O, Auto>;
  }

  #prototype(name: string): unknown {
    return Reflect.get(this.#class.prototype as object, name);
  }

  #addAutomatic(descriptors: Map<string, Descriptor>): void {
    const add = (name: string, target: DelegateTarget) =>
      descriptors.set(name, { type: 'delegate', target, idempotent: false });
    const taken = new Set<string>();
    for (const [name, descriptor] of descriptors) {
      taken.add(name);
      if (descriptor.type === 'delegate') taken.add(descriptor.target);
    }
    for (const name of STANDARD) if (!taken.has(name) && is.function(this.#prototype(name))) add(name, name);
    // Own methods and inherited ones, down to what every client has: sdk-base, EventEmitter, Object.
    for (
      let level: object | null = this.#class.prototype as object;
      level;
      level = Reflect.getPrototypeOf(level)
    ) {
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
        if (name.startsWith('_') || descriptors.has(name) || name in ClientBase.prototype) continue;
        if (is.asyncFunction(value) || is.generatorFunction(value)) add(name, 'invoke');
      }
    }
  }
}

/** One generated method of a client. */
function member(
  session: Session,
  client: SharedClient,
  name: string,
  delegate: Delegate,
  isGenerator: boolean,
) {
  switch (delegate.target) {
    case 'subscribe':
      return (reg: unknown, listener: unknown) => session.subscribe(reg, listener as Listener);
    case 'unSubscribe':
      return (reg: unknown, listener?: unknown) => session.unsubscribe(reg, listener as Listener | undefined);
    case 'publish':
      return (reg: unknown) => session.publish(reg);
    case 'close':
      return () => session.close();
    default:
      return invoker(session, client, name, delegate, isGenerator);
  }
}

function invoker(
  session: Session,
  client: SharedClient,
  method: string,
  delegate: Delegate,
  isGenerator: boolean,
) {
  const { responseTimeout: timeout } = client.options;
  const { idempotent, target } = delegate;
  const call = (args: readonly unknown[], settle: Settle, oneway = false) =>
    session.invoke({ method, args, oneway, idempotent, timeout, explicit: false, signal: undefined, settle });
  const promised = (args: readonly unknown[]) =>
    new Promise((resolve, reject) => {
      call(args, (error, results) => (error ? reject(error) : resolve(results[0])));
    });
  if (isGenerator) {
    return function* (...args: unknown[]): Generator<unknown, unknown, unknown> {
      return yield promised(args);
    };
  }
  if (target === 'invokeOneway') {
    return (...args: unknown[]) => call(args, () => {}, true);
  }
  return (...args: unknown[]) => {
    const callback = args.at(-1);
    if (!is.function(callback)) return promised(args);
    call(args.slice(0, -1), callBack(client, callback));
    return undefined;
  };
}

/**
 * Shares a class among the processes of an application.
 * @example
 * const client = cluster(ConfigClient, { port: 7777 }).delegate('getConfig').create({ endpoint });
 * await client.ready();
 */
export function cluster<C extends ClientClass>(
  clientClass: C,
  options: ClusterOptions & { autoGenerate: false },
): ClusterBuilder<C, unknown, unknown, false>;
export function cluster<C extends ClientClass>(clientClass: C, options?: ClusterOptions): ClusterBuilder<C>;
export function cluster<C extends ClientClass>(
  clientClass: C,
  options?: ClusterOptions,
): ClusterBuilder<C, unknown, unknown, boolean> {
  return new ClusterBuilder(clientClass, options);
}
