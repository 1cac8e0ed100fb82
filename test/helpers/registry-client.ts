import { EventEmitter } from 'node:events';
import { callContext } from 'cluster-client';

export type Listener = (value: unknown) => void;

export interface RegistryOptions {
  /** Fails `ready` with this. */
  failWith?: Error | undefined;
  /** Is ready only when this has resolved. */
  readyAfter?: Promise<void> | undefined;
  /** Hears of every instance. */
  onBuild?: ((client: RegistryClient) => void) | undefined;
  label?: string;
  /** ms that its close takes. */
  closeTakes?: number;
}

/** The real client of most tests: a registry in memory with methods of every kind, that notes what was asked of it. */
export class RegistryClient extends EventEmitter {
  readonly options: RegistryOptions;
  readonly calls: { method: string; args: unknown[] }[] = [];
  readonly listeners_ = new Map<string, Set<Listener>>();
  readonly #ready: Promise<void>;
  closed = 0;
  readonly epoch: number | undefined;

  constructor(options: RegistryOptions = {}) {
    super();
    this.options = options;
    this.epoch = callContext()?.epoch;
    const { failWith } = options;
    this.#ready = failWith ? Promise.reject(failWith) : (options.readyAfter ?? Promise.resolve());
    this.#ready.catch(() => {});
    options.onBuild?.(this);
  }

  ready(callback: (error?: Error) => void): void {
    this.#ready.then(() => callback(), callback);
  }

  #note(method: string, ...args: unknown[]): void {
    this.calls.push({ method, args });
  }

  callsOf(method: string): unknown[][] {
    return this.calls.filter((call) => call.method === method).map(({ args }) => args);
  }

  subscribe(reg: { key: string }, listener: Listener): void {
    this.#note('subscribe', reg);
    const listeners = this.listeners_.get(reg.key) ?? new Set();
    this.listeners_.set(reg.key, listeners.add(listener));
  }

  unSubscribe(reg: { key: string }, listener: Listener): void {
    this.#note('unSubscribe', reg);
    this.listeners_.get(reg.key)?.delete(listener);
    this.emit('unsubscribed', reg.key);
  }

  /** What the remote service would do. */
  push(key: string, value: unknown): void {
    for (const listener of this.listeners_.get(key) ?? []) listener(value);
  }

  publish(reg: { key: string; value: unknown }): void {
    this.#note('publish', reg);
    this.emit('published', reg);
  }

  async getAsync(...args: unknown[]): Promise<unknown> {
    this.#note('getAsync', ...args);
    return args[0];
  }

  async getLater(value: unknown): Promise<unknown> {
    this.#note('getLater', value);
    await new Promise((resolve) => setTimeout(resolve, 20));
    return value;
  }

  getSync(value: unknown): unknown {
    return { sync: value };
  }

  setSync(value: unknown): void {
    this.#note('setSync', value);
  }

  getPromise(value: unknown): Promise<unknown> {
    return Promise.resolve({ promise: value });
  }

  getCallback(
    value: unknown,
    callback: (error: Error | null, first?: unknown, second?: unknown) => void,
  ): void {
    this.#note('getCallback', value);
    setImmediate(() => callback(null, value, 'second'));
  }

  getRest(...args: unknown[]): void {
    const callback = args.pop() as (error: Error | null, result: unknown) => void;
    setImmediate(() => callback(null, args));
  }

  *getGenerator(value: unknown): Generator<Promise<unknown>, unknown, unknown> {
    const result = yield Promise.resolve(value);
    return { generator: result };
  }

  oneway(...args: unknown[]): void {
    this.#note('oneway', ...args);
    this.emit('oneway-called', ...args);
  }

  async fail(error: unknown): Promise<never> {
    throw error;
  }

  failSync(message: string): never {
    throw new TypeError(message);
  }

  failCallback(message: string, callback: (error: Error) => void): void {
    callback(new Error(message));
  }

  async failAs(kind: string): Promise<unknown> {
    switch (kind) {
      case 'null':
        throw null;
      case 'undefined':
        throw undefined;
      case 'string':
        throw 'just a string';
      case 'frozen':
        throw Object.freeze(new Error('frozen'));
      default:
        throw Object.assign(new RangeError('out of range', { cause: new Error('the cause') }), {
          code: 'E_RANGE',
          limit: { max: 10 },
        });
    }
  }

  async never(): Promise<void> {
    const call = callContext();
    call?.signal.addEventListener('abort', () => this.emit('aborted', call.signal.reason));
    this.emit('waiting');
    await new Promise(() => {});
  }

  async whereAmI(): Promise<unknown> {
    const call = callContext();
    return { pid: process.pid, epoch: call?.epoch, local: call?.caller.local, deadline: call?.deadline };
  }

  async _hidden(): Promise<void> {}

  async close(): Promise<void> {
    this.closed += 1;
    const { closeTakes } = this.options;
    if (closeTakes !== undefined) await new Promise((resolve) => setTimeout(resolve, closeTakes));
    this.emit('real-closed');
  }
}
