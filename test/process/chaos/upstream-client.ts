import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { callContext } from 'cluster-client';
import { now } from './clock.js';
import { onLine, sendLine } from './lines.js';
import type { Act, Publication, Reply, Request } from './messages.js';

export const FENCED = 'fenced';

type Listener = (n: number) => void;

/**
 * The real client. Every act carries the epoch under which this object was made and the time at which its method
 * was entered.
 */
export class UpstreamClient {
  readonly #epoch = callContext()?.epoch ?? 0;
  readonly #socket: Socket;
  readonly #connected: Promise<unknown>;
  readonly #acts = new Map<number, { resolve(): void; reject(error: Error): void }>();
  readonly #listeners = new Map<string, Set<Listener>>();
  #nextId = 1;
  #closing: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#connected = once(this.#socket, 'connect');
    onLine(this.#socket, (reply) => this.#receive(reply as Reply));
  }

  ready(callback: (error?: Error) => void): void {
    this.#connected.then(() => callback(), callback);
  }

  async subscribe({ key }: { key: string }, listener: Listener): Promise<void> {
    const began = now();
    this.#listeners.set(key, (this.#listeners.get(key) ?? new Set()).add(listener));
    await this.#act(began, { kind: 'subscribe', key });
  }

  async unSubscribe({ key }: { key: string }, listener: Listener): Promise<void> {
    const began = now();
    this.#listeners.get(key)?.delete(listener);
    await this.#act(began, { kind: 'unsubscribe', key });
  }

  async publish(publication: Publication): Promise<void> {
    const began = now();
    await this.#act(began, { kind: 'publish', publication });
  }

  /** @returns what it was given. */
  async act(call: string): Promise<string> {
    const began = now();
    await this.#act(began, { kind: 'call', call, once: true });
    return call;
  }

  async idempotentAct(call: string): Promise<string> {
    const began = now();
    await this.#act(began, { kind: 'call', call, once: false });
    return call;
  }

  /** Whatever was begun is finished first. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#connected;
    if (this.#acts.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    const closed = once(this.#socket, 'close');
    this.#socket.destroy();
    await closed;
  }

  async #act(began: number, act: Act): Promise<void> {
    if (this.#closing) throw new Error(`${act.kind} at a real client that was closed`);
    const id = this.#nextId++;
    const request: Request = { id, stamp: { epoch: this.#epoch, pid: process.pid, began }, ...act };
    sendLine(this.#socket, request);
    await new Promise<void>((resolve, reject) => this.#acts.set(id, { resolve, reject }));
  }

  #receive(reply: Reply): void {
    if ('key' in reply) {
      for (const listener of this.#listeners.get(reply.key) ?? []) listener(reply.n);
      return;
    }
    const act = this.#acts.get(reply.id);
    this.#acts.delete(reply.id);
    if (reply.refused) {
      act?.reject(Object.assign(new Error('an older epoch may not act any more'), { code: FENCED }));
    } else {
      act?.resolve();
    }
    if (this.#acts.size === 0) this.#onIdle?.();
  }
}
