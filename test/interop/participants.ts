import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../helpers/folder.js';
import { freePort } from '../helpers/free-port.js';

export type Version = '3' | '4';

export interface Settings {
  version: Version;
  options: Record<string, unknown>;
  /** Message of the error with which the real client cannot be built. */
  failWith?: string | undefined;
}

export interface Request {
  id: number;
  action: string;
  args: unknown[];
}

interface Answer {
  type: 'answer';
  id: number;
  result?: unknown;
  error?: Error & { code?: unknown };
}

type Report =
  | Answer
  | { type: 'value'; id: string; value: unknown }
  | { type: 'failure'; error: Error & { code?: unknown } };

/** A test, or the hooks of a suite. */
export interface Scope {
  after(hook: () => unknown): void;
}

const PROGRAM = join(fileURLToPath(new URL('.', import.meta.url)), 'participant.js');

/** A forked process with the package of one version. */
export class Participant {
  readonly version: Version;
  readonly child: ChildProcess;
  /** What its listeners were given, by the id of each. */
  readonly values = new Map<string, unknown[]>();
  readonly errors: (Error & { code?: unknown })[] = [];
  readonly #news = new EventEmitter();
  readonly #asked = new Map<number, (answer: Answer) => void>();
  #lastId = 0;

  constructor(t: Scope, settings: Settings) {
    this.version = settings.version;
    this.child = fork(PROGRAM, [JSON.stringify(settings)], { serialization: 'advanced' });
    this.#news.setMaxListeners(0);
    this.child.on('message', (report: Report) => {
      if (report.type === 'value')
        this.values.set(report.id, [...(this.values.get(report.id) ?? []), report.value]);
      if (report.type === 'failure') this.errors.push(report.error);
      if (report.type === 'answer') this.#asked.get(report.id)?.(report);
      this.#news.emit(report.type, report);
    });
    t.after(() => this.kill());
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** @throws what the action failed with: name, message, code, stack. */
  ask(action: string, ...args: unknown[]): Promise<unknown> {
    this.#lastId += 1;
    const id = this.#lastId;
    this.child.send({ id, action, args });
    return new Promise((resolve, reject) => {
      this.#asked.set(id, ({ error, result }) =>
        error ? reject(Object.assign(new Error(error.message), error)) : resolve(result),
      );
    });
  }

  call(method: string, ...args: unknown[]): Promise<unknown> {
    return this.ask('call', method, ...args);
  }

  /** Resolves with all values of a listener, once the test accepts them. */
  async until(id: string, accept: (values: unknown[]) => boolean): Promise<unknown[]> {
    for (;;) {
      const values = this.values.get(id) ?? [];
      if (accept(values)) return values;
      await once(this.#news, 'value');
    }
  }

  async errorOf(accept: (error: Error & { code?: unknown }) => boolean): Promise<Error> {
    for (;;) {
      const found = this.errors.find(accept);
      if (found) return found;
      await once(this.#news, 'failure');
    }
  }

  /** With SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}

/** What the real client was asked, once it has been asked this. */
export async function recall(
  participant: Participant,
  isThere: (notes: unknown[]) => boolean,
): Promise<unknown[]> {
  for (;;) {
    const notes = (await participant.call('recall')) as unknown[];
    if (isThere(notes)) return notes;
  }
}

/** Options of a group of its own that both versions understand. */
export async function group(t: Scope, more: Record<string, unknown> = {}) {
  const options = { port: await freePort(), runtimeDir: temporaryFolder(), interop: '3.x', ...more };
  return {
    options,
    join: (version: Version, own: Record<string, unknown> = {}, failWith?: string) =>
      new Participant(t, { version, options: { ...options, ...own }, failWith }),
  };
}
