import { type ChildProcess, fork, type Serializable } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';

const children = new Set<ChildProcess>();

// A run that is cut short leaves nobody behind: who is stopped cannot see that it is over.
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
process.on('SIGTERM', () => process.exit(1));

/** A forked program of this folder: it is sent commands and reports. */
export class Child<Command extends Serializable, Report extends { type: string }> {
  readonly process: ChildProcess;
  readonly pid: number;
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  readonly #reports = new EventEmitter();

  /** @param program without its extension, from this folder. */
  constructor(
    program: string,
    settings: Serializable,
    onReport: (report: Report) => void,
    execArgv: string[] = process.execArgv,
  ) {
    const path = fileURLToPath(new URL(`./${program}.js`, import.meta.url));
    this.process = fork(path, [JSON.stringify(settings)], { execArgv });
    this.pid = this.process.pid ?? 0;
    children.add(this.process);
    this.exited = once(this.process, 'exit').then(([code, signal]) => {
      children.delete(this.process);
      return { code, signal };
    });
    this.process.on('message', (report: Report) => {
      onReport(report);
      this.#reports.emit(report.type, report);
    });
    // What is sent to one who has just ended does not matter.
    this.process.on('error', () => {});
  }

  get isGone(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  send(command: Command): void {
    if (this.process.connected) this.process.send(command);
  }

  /** The next report of a type. */
  async next<T extends Report['type']>(type: T): Promise<Extract<Report, { type: T }>> {
    const end = this.exited.then(() => {
      throw new Error(`process ${this.pid} has ended before it could report ${type}`);
    });
    const [report] = (await Promise.race([once(this.#reports, type), end])) as [Extract<Report, { type: T }>];
    return report;
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (!this.isGone) this.process.kill(signal);
  }

  /** Resolves when the process is gone; a stopped one need not be continued for it. */
  async kill(): Promise<void> {
    if (!this.isGone) this.process.kill('SIGKILL');
    await this.exited;
  }
}
