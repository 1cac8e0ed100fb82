import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';

/** A class with methods of every kind, each with types that can be told from the others'. */
export class Config extends EventEmitter {
  readonly endpoint: string;
  protected listener: ((value: number) => void) | undefined;

  constructor(options: { endpoint: string }, _retries?: number) {
    super();
    this.endpoint = options.endpoint;
  }

  subscribe(_reg: { key: string }, listener: (value: number) => void): void {
    this.listener = listener;
    listener(1);
  }

  unSubscribe(_reg: { key: string }, _listener: (value: number) => void): void {}

  publish(_reg: { key: string; value: number }): void {}

  async get(key: string): Promise<string> {
    return key;
  }

  later(key: string): PromiseLike<Date> {
    return Promise.resolve(new Date(key));
  }

  isStale(_key: string, _age?: number): boolean {
    return false;
  }

  size(key: string, callback: (error: Error | null, size: number) => void): void {
    callback(null, key.length);
  }

  find(key: string, callback?: (error: Error | null, found?: Buffer) => void): void {
    callback?.(null, Buffer.from(key));
  }

  *walk(key: string): Generator<Promise<string>, number, string> {
    return (yield Promise.resolve(key)).length;
  }

  read(key: string): Promise<string>;
  read(key: string, encoding: null): Promise<Buffer>;
  async read(key: string, encoding?: null): Promise<string | Buffer> {
    return encoding === null ? Buffer.from(key) : key;
  }

  async fail(): Promise<never> {
    throw new Error('always');
  }

  throws(): never {
    throw new Error('always');
  }

  async _internal(): Promise<void> {}

  private async hidden(): Promise<void> {}

  protected async guarded(): Promise<void> {
    await this.hidden();
  }

  async close(): Promise<void> {}
}

export const ARGUMENTS = { endpoint: 'http://127.0.0.1' };

/** Options of single mode that no other test shares. */
export const single = () => ({ singleMode: true, name: randomUUID() });
