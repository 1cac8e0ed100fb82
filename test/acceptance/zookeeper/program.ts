import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { plainEnvironment } from '../../helpers/environment.js';
import { FOLDER } from '../packages.js';

type Report =
  | { type: 'ready' }
  | { type: 'failed'; message: string }
  | { type: 'children'; path: string; children: string[] }
  | {
      type: 'result';
      id: number;
      result?: unknown;
      error?: { name: string; message: string; code: unknown };
    };

export interface ProgramSettings {
  connectionString: string;
  /** Of the cluster; undefined: zookeeper-cluster-client as it comes. */
  port?: number;
  /** Where the group's key and records are. */
  folder: string;
}

/** One forked sharing.cjs. */
export class Program {
  readonly #child: ChildProcess;
  readonly #reports: Report[] = [];
  readonly #news = new EventEmitter();
  #calls = 0;
  /** What it prints: errors that its users handle, and that it lost its leader. */
  #output = '';

  constructor({ folder, ...settings }: ProgramSettings) {
    this.#news.setMaxListeners(0);
    this.#child = fork(join(FOLDER, 'zookeeper', 'sharing.cjs'), [JSON.stringify(settings)], {
      env: { ...plainEnvironment(), TMPDIR: folder },
      silent: true,
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.#output += text;
      });
    }
    this.#child.on('message', (report: Report) => this.#tell(report));
    this.#child.once('exit', () => this.#tell({ type: 'failed', message: 'the program has ended' }));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async ready(): Promise<void> {
    await this.#until((report) => report.type === 'ready');
  }

  /** @throws what the program's client rejected with: name, message and code. */
  async ask(command: string, ...args: unknown[]): Promise<unknown> {
    this.#calls += 1;
    const id = this.#calls;
    this.#child.send({ id, command, args });
    const answer = await this.#until((report) => report.type === 'result' && report.id === id);
    assert.ok(answer.type === 'result');
    if (answer.error) throw answer.error;
    return answer.result;
  }

  /** Resolves when a watch has brought these children. */
  async sees(path: string, ...children: string[]): Promise<void> {
    await this.#until(
      (report) =>
        report.type === 'children' && report.path === path && `${report.children}` === `${children}`,
    );
  }

  /** With SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  #tell(report: Report): void {
    this.#reports.push(report);
    this.#news.emit('news');
  }

  /** The first report, past or to come, that is accepted. */
  async #until(accept: (report: Report) => boolean): Promise<Report> {
    for (let from = 0; ; ) {
      for (; from < this.#reports.length; from += 1) {
        const report = this.#reports[from] as Report;
        if (accept(report)) return report;
        if (report.type === 'failed') assert.fail(`${report.message}\n${this.#output}`);
      }
      await once(this.#news, 'news');
    }
  }
}
