import is from 'is-type-of';
import { APIClientBase } from '../api-client.js';
import { callBack, SESSION, SharedClient } from '../client.js';
import type { ResolvedOptions } from '../options.js';
import type { Listener } from '../subscriptions.js';
import * as symbols from './symbol.js';

/** What others knew of leader and follower of 3.x. */
interface InnerClient {
  readonly isLeader: boolean | undefined;
  /** The present one; undefined where this process does not lead. */
  readonly _realClient: object | undefined;
  readonly options: ResolvedOptions;
}

const innerClients = new WeakMap<SharedClient, InnerClient>();

/** What our clients have under the symbols of 3.x: what has a meaning here, and no inner state. */
const sharedClient: ThisType<SharedClient> = {
  get [symbols.innerClient]() {
    return innerClientOf(this);
  },
  get [symbols.logger]() {
    return this.options.logger;
  },
  get [symbols.isReady]() {
    return this.isReady;
  },
  get [symbols.singleMode]() {
    return this.options.singleMode;
  },
  [symbols.subscribe](reg: unknown, listener: Listener) {
    this[SESSION].subscribe(reg, listener);
  },
  [symbols.unSubscribe](reg: unknown, listener?: Listener) {
    this[SESSION].unsubscribe(reg, listener);
  },
  [symbols.publish](reg: unknown) {
    this[SESSION].publish(reg);
  },
  /** Without a callback nobody waits for the result. */
  [symbols.invoke](method: string, args: readonly unknown[], callback?: unknown) {
    const session = this[SESSION];
    const isAwaited = is.function(callback);
    session.invoke({
      method,
      args,
      oneway: !isAwaited,
      idempotent: false,
      timeout: session.responseTimeout,
      explicit: false,
      signal: undefined,
      settle: isAwaited ? callBack(this, callback) : () => {},
    });
  },
  [symbols.close]() {
    return this[SESSION].close();
  },
};

const { close: closeApiClient } = APIClientBase.prototype;

/** So that the `close` of any copy takes an API client, whatever its `options.cluster` made. */
const apiClient: ThisType<APIClientBase> = {
  /** A subclass's own `close` may have come here: it is not called again. */
  [symbols.close]() {
    return closeApiClient.call(this);
  },
};

/** Once for each copy of this package, ES module and CommonJS: each has classes of its own. */
export function addMembersOf3x(): void {
  Object.defineProperties(SharedClient.prototype, Object.getOwnPropertyDescriptors(sharedClient));
  Object.defineProperties(APIClientBase.prototype, Object.getOwnPropertyDescriptors(apiClient));
}

/** One object from the moment in which a role is known, whoever leads later. */
function innerClientOf(client: SharedClient): InnerClient | undefined {
  const known = innerClients.get(client);
  const session = client[SESSION];
  if (known || session.isLeader === undefined) return known;
  const inner: InnerClient = {
    get isLeader() {
      return session.isLeader;
    },
    get _realClient() {
      return session.realClient;
    },
    options: client.options,
  };
  innerClients.set(client, inner);
  return inner;
}
