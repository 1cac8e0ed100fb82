import is from 'is-type-of';
import { type BaseOptions, ClientBase } from './base.js';
import { cluster } from './builder.js';
import { SESSION } from './client.js';
import { close, closeOf3x } from './compat/close.js';
import { ClusterError } from './errors.js';
import type { ClusterOptions } from './options.js';
import type { Session } from './session.js';
import type { ClientClass, ClientMembers, DelegateTarget } from './types.js';

/** What `options.cluster` may be, as Egg's `app.cluster` is: something that makes builders. */
export type ClusterFactory = (
  clientClass: ClientClass,
  options?: ClusterOptions,
) => {
  delegate(name: string, target?: DelegateTarget): unknown;
  create(...args: unknown[]): object;
};

export interface APIClientOptions extends BaseOptions {
  /** Makes the shared client in place of `cluster`. */
  cluster?: ClusterFactory | undefined;
}

/**
 * Base of a client with an API of its own, above the shared client `_client` of its `DataClient`: the data client
 * talks to the remote service, once per group; the API client, one in each process, is what users call.
 *
 * It is ready when `_client` first is, and stays so; with `options.initMethod`, when that is done.
 */
export abstract class APIClientBase<Options extends APIClientOptions = APIClientOptions> extends ClientBase {
  /** As given; the data client is built with the same. */
  declare options: Options;
  /** The shared client, with the methods that were delegated. */
  readonly _client: ClientMembers;

  constructor(options = {} as Options) {
    super(options);
    const factory = (options.cluster ?? cluster) as ClusterFactory;
    const builder = factory(this.DataClient, this.clusterOptions);
    for (const [name, target] of Object.entries(this.delegates)) builder.delegate(name, target);
    this._client = builder.create(options) as ClientMembers;
    this.#forwardEvents();
    if (options.initMethod === undefined) this._client.ready((error) => this.#follow(error));
  }

  /** The class that is shared. */
  get DataClient(): ClientClass {
    throw new ClusterError('ERR_CLUSTER_METHOD_NOT_IMPLEMENTED', '[APIClient] DataClient is required');
  }

  /** Options for sharing it. */
  get clusterOptions(): ClusterOptions {
    return {};
  }

  /** Which of its methods go where, as for `delegate`. */
  get delegates(): Record<string, DelegateTarget> {
    return {};
  }

  get isClusterClientLeader(): boolean | undefined {
    return this._client.isClusterClientLeader;
  }

  /** The free functions (`status`, `close` …) take an API client for its shared client. */
  get [SESSION](): Session {
    return Reflect.get(this._client, SESSION) as Session;
  }

  /** Closes the shared client, once; what `options.cluster` made otherwise, by its own `close`. */
  override close(): Promise<void> {
    const client = this._client;
    const isOther = Reflect.get(client, SESSION) === undefined && is.function(client.close);
    return isOther ? (closeOf3x(client) ?? client.close()) : close(client);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #follow(error: (Error & { code?: string }) | undefined): void {
    // To be closed before it was ready is no failure.
    if (error?.code === 'ERR_CLUSTER_CLOSED') this.endReady(error);
    else this.ready(error ?? true);
  }

  /** Every event of the shared client is one of this; so are errors, which the outermost client reports. */
  #forwardEvents(): void {
    const client = this._client;
    client.on('error', () => {});
    const emit = client.emit;
    client.emit = (name: string | symbol, ...args: unknown[]) => {
      const heard = Reflect.apply(emit, client, [name, ...args]) as boolean;
      if (name !== 'newListener' && name !== 'removeListener') this.emit(name, ...args);
      return heard;
    };
  }
}
