import co from 'co';
import is from 'is-type-of';
import { Base } from 'sdk-base';
import { asError } from './real-client.js';
import { isThenable } from './thenable.js';

type Listener = (...args: never[]) => unknown;
type ReadyCallback = (error?: Error) => void;

export interface BaseOptions {
  /** Name of a method that makes this client ready: async, or a generator function. */
  initMethod?: string;
}

/**
 * sdk-base 5 with what users of cluster-client 3.x know from sdk-base 4: a client that failed is not ready;
 * callbacks of `ready` come on the next tick; a failure that nobody waits for is an `error` event; generator
 * functions can be listeners and `initMethod`. Unlike 4, `ready` tells the present: success clears a failure.
 */
export abstract class ClientBase extends Base {
  #state: 'pending' | 'ready' | Error = 'pending';
  #callbacks: ReadyCallback[] = [];

  constructor(options: BaseOptions & object = {}) {
    // sdk-base would call the method too, and report its failure a second time.
    super({ ...options, initMethod: undefined } as object);
    // Defined, not assigned: a subclass may have an accessor of this name.
    Object.defineProperty(this, 'options', {
      value: options,
      writable: true,
      enumerable: true,
      configurable: true,
    });
    const { initMethod } = options;
    if (initMethod !== undefined) process.nextTick(() => this.#init(initMethod));
  }

  override get isReady(): boolean {
    return this.#state === 'ready';
  }

  override get readyError(): Error | undefined {
    return this.#state instanceof Error ? this.#state : undefined;
  }

  override get hasReadyCallbacks(): boolean {
    return this.#callbacks.length > 0;
  }

  /**
   * Without an argument: a promise that this client is ready, or rejects with the reason why it is not. A
   * function is called back with that. `true`, `false` or an error: says so.
   */
  override ready(): Promise<void>;
  override ready(flagOrFunction: boolean | Error | ReadyCallback): void;
  override ready(flagOrFunction?: boolean | Error | ReadyCallback): Promise<void> | undefined {
    if (flagOrFunction === undefined) {
      return new Promise((resolve, reject) => {
        this.#await((error) => (error ? reject(error) : resolve()));
      });
    }
    if (typeof flagOrFunction === 'function') this.#await(flagOrFunction);
    else this.#become(flagOrFunction);
    return undefined;
  }

  /** It will not be ready any more: whoever waits is told, and nobody else. */
  protected endReady(reason: Error): void {
    this.#state = reason;
    this.#callBack();
  }

  #await(callback: ReadyCallback): void {
    this.#callbacks.push(callback);
    if (this.#state !== 'pending') this.#callBack();
  }

  #become(flag: boolean | Error): void {
    const before = this.#state;
    this.#state = typeof flag === 'boolean' ? (flag ? 'ready' : 'pending') : flag;
    if (this.#state === 'pending') return;
    const isNews = !(
      before instanceof Error &&
      this.#state instanceof Error &&
      before.message === this.#state.message
    );
    if (this.#callbacks.length > 0) this.#callBack();
    else if (this.#state instanceof Error && isNews) this.emit('error', this.#state);
  }

  #callBack(): void {
    const error = this.readyError;
    for (const callback of this.#callbacks.splice(0)) process.nextTick(() => callback(error));
  }

  async #init(name: string): Promise<void> {
    try {
      const method: unknown = Reflect.get(this, name);
      if (!is.function(method)) throw new TypeError(`initMethod ${name} is not a function`);
      const run = is.generatorFunction(method)
        ? co.wrap(method as (...args: unknown[]) => Generator)
        : method;
      const result: unknown = Reflect.apply(run, this, []);
      if (!isThenable(result))
        throw new TypeError(`initMethod ${name} must return a promise or be a generator function`);
      await result;
      this.ready(true);
    } catch (error) {
      this.ready(asError(error, name));
    }
  }

  override on(event: string | symbol, listener: Listener): this {
    return super.on(event, this.#wrap(event, listener));
  }

  override addListener(event: string | symbol, listener: Listener): this {
    return this.on(event, listener);
  }

  override once(event: string | symbol, listener: Listener): this {
    const wrapped = this.#wrap(event, listener, true);
    return is.generatorFunction(listener) ? super.on(event, wrapped) : super.once(event, wrapped);
  }

  override prependListener(event: string | symbol, listener: Listener): this {
    return super.prependListener(event, this.#wrap(event, listener));
  }

  override prependOnceListener(event: string | symbol, listener: Listener): this {
    const wrapped = this.#wrap(event, listener, true);
    return is.generatorFunction(listener)
      ? super.prependListener(event, wrapped)
      : super.prependOnceListener(event, wrapped);
  }

  /**
   * EventEmitter finds a wrapped listener by its property `listener`, as it does for its own `once`; in two wraps,
   * one in the other, it would not.
   */
  #wrap(event: string | symbol, listener: Listener, once = false): (...args: unknown[]) => void {
    if (!is.generatorFunction(listener)) return listener as (...args: unknown[]) => void;
    if (event === 'error') throw new TypeError('a listener of "error" must not be a generator function');
    const run = co.wrap(listener as unknown as (...args: unknown[]) => Generator);
    const wrapped = (...args: unknown[]) => {
      if (once) this.removeListener(event, wrapped);
      run.apply(this, args).catch((cause: unknown) => {
        const error = asError(cause, `a listener of ${String(event)}`);
        error.name = 'EventListenerProcessError';
        this.emit('error', error);
      });
    };
    return Object.assign(wrapped, { listener });
  }
}
