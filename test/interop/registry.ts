import { EventEmitter } from 'node:events';

export interface Reg {
  key: string;
  value?: unknown;
}

type Listener = (value: unknown) => void;

/** A real client as users of 3.x write them: each kind of method, and what was asked of it. */
export class Registry extends EventEmitter {
  readonly notes: unknown[] = [];
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #values = new Map<string, unknown>();

  constructor(options: { failWith?: string | undefined } = {}) {
    super();
    if (options.failWith !== undefined) throw new Error(options.failWith);
  }

  subscribe(reg: Reg, listener: Listener): void {
    this.notes.push({ subscribed: reg });
    const listeners = this.#listeners.get(reg.key) ?? new Set();
    this.#listeners.set(reg.key, listeners.add(listener));
    if (this.#values.has(reg.key)) listener(this.#values.get(reg.key));
  }

  unSubscribe(reg: Reg, listener: Listener): void {
    this.notes.push({ unsubscribed: reg });
    this.#listeners.get(reg.key)?.delete(listener);
  }

  publish(reg: Reg): void {
    this.notes.push({ published: reg });
    this.#set(reg.key, reg.value);
  }

  async set(key: string, value: unknown): Promise<void> {
    this.#set(key, value);
  }

  #set(key: string, value: unknown): void {
    this.#values.set(key, value);
    for (const listener of this.#listeners.get(key) ?? []) listener(value);
  }

  async whereAmI(): Promise<number> {
    return process.pid;
  }

  async echo(value: unknown): Promise<unknown> {
    return value;
  }

  lookUp(key: string, callback: (error: Error | null, value?: unknown, ...more: unknown[]) => void): void {
    if (key === 'nowhere') callback(lookUpError(key));
    else callback(null, { key, found: true }, 'further results stay at the leader');
  }

  *walk(key: string): Generator<Promise<unknown>, unknown, unknown> {
    const step = yield Promise.resolve(`${key} and on`);
    return [key, step];
  }

  async fail(message: string): Promise<void> {
    throw lookUpError(message);
  }

  note(value: unknown): void {
    this.notes.push({ noted: value });
  }

  async slow(ms: number): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return `after ${ms} ms`;
  }

  async recall(): Promise<unknown[]> {
    return this.notes;
  }

  close(): void {
    this.notes.push('closed');
  }
}

function lookUpError(what: string): Error {
  const error = new RangeError(`no such key: ${what}`);
  error.name = 'LookUpError';
  return Object.assign(error, { code: 'NO_SUCH_KEY' });
}
