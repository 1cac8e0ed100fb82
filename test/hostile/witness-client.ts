import { EventEmitter } from 'node:events';
import { callContext } from 'cluster-client';

/** Names of what ran in this process that nobody may ask for over a link. */
export const executed: string[] = [];

/** The real client of a hostile run. Who may ask for what is delegated: `echo`, `slow`, `large`, `never` and `note`. */
export class WitnessClient extends EventEmitter {
  readonly #listeners = new Set<unknown>();

  get subscriptions(): number {
    return this.#listeners.size;
  }

  ready(callback: () => void): void {
    callback();
  }

  subscribe(_reg: unknown, listener: unknown): void {
    this.#listeners.add(listener);
  }

  unSubscribe(_reg: unknown, listener: unknown): void {
    this.#listeners.delete(listener);
  }

  publish(_reg: unknown): void {}

  close(): void {}

  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  /** Takes so many ms, or up to twice as long: answers of a remote service do not come all at once. */
  async slow(ms: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, ms * (1 + Math.random())));
  }

  async large(bytes: number): Promise<string> {
    return 'x'.repeat(bytes);
  }

  async never(): Promise<void> {
    await new Promise(() => {});
  }

  note(_value: unknown): void {}

  wipe(): void {}

  async _private(): Promise<void> {}
}

/** What the library calls for its own messages, what is not delegated, and what is inherited: no follower may run it. */
function witnessAll({ prototype }: typeof WitnessClient): void {
  const inherited = [EventEmitter.prototype, Object.prototype].flatMap((level) =>
    Object.getOwnPropertyNames(level),
  );
  const own = ['ready', 'subscribe', 'unSubscribe', 'publish', 'close', 'wipe', '_private'];
  for (const name of new Set([...own, ...inherited])) {
    const method: unknown = name === '__proto__' ? undefined : Reflect.get(prototype, name);
    if (typeof method !== 'function') continue;
    const witnessed = function (this: unknown, ...args: unknown[]): unknown {
      if (callContext()?.caller.local !== false) return Reflect.apply(method, this, args);
      executed.push(name);
      const callback = args.at(-1);
      if (typeof callback === 'function') callback();
      return undefined;
    };
    Object.defineProperty(prototype, name, { value: witnessed, writable: true, configurable: true });
  }
}

witnessAll(WitnessClient);
