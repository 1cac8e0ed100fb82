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
    witnessCallOf('subscribe');
    this.#listeners.add(listener);
  }

  unSubscribe(_reg: unknown, listener: unknown): void {
    witnessCallOf('unSubscribe');
    this.#listeners.delete(listener);
  }

  publish(_reg: unknown): void {
    witnessCallOf('publish');
  }

  close(): void {
    witnessCallOf('close');
  }

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

/** The library calls these for its own messages; a call of a follower must not reach them. */
function witnessCallOf(method: string): void {
  if (callContext()?.caller.local === false) executed.push(method);
}

/** Those of the class that are not delegated, and all that it inherits: whoever runs one is seen. */
function witnessTheRest({ prototype }: typeof WitnessClient): void {
  const inherited = [EventEmitter.prototype, Object.prototype].flatMap((level) =>
    Object.getOwnPropertyNames(level),
  );
  for (const name of new Set(['wipe', '_private', ...inherited])) {
    const method: unknown = name === '__proto__' ? undefined : Reflect.get(prototype, name);
    if (typeof method !== 'function') continue;
    const witnessed = function (this: unknown, ...args: unknown[]): unknown {
      if (callContext()?.caller.local === false) executed.push(name);
      return Reflect.apply(method, this, args);
    };
    Object.defineProperty(prototype, name, { value: witnessed, writable: true, configurable: true });
  }
}

witnessTheRest(WitnessClient);
