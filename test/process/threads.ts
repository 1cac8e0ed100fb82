import { EventEmitter, once } from 'node:events';
import type { TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';

export type ThreadCommand =
  | { type: 'call'; value: unknown }
  | { type: 'publish'; value: unknown }
  /** Stands still for so many ms. */
  | { type: 'block'; ms: number }
  | { type: 'close' };

export type ThreadReport =
  | { type: 'built' }
  | { type: 'status'; role: 'leader' | 'follower' | undefined; ready: boolean; epoch: number | undefined }
  | { type: 'answer'; value: unknown }
  | { type: 'published'; value: unknown };

type Kind<T extends ThreadReport['type']> = Extract<ThreadReport, { type: T }>;

/** One thread of this process: what it has reported, and waiting for what it will. */
export class Thread {
  readonly reports: ThreadReport[] = [];
  readonly worker: Worker;
  readonly exit: Promise<unknown[]>;
  readonly #news = new EventEmitter();

  constructor(t: TestContext, options: Record<string, unknown>) {
    this.worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: options });
    this.exit = once(this.worker, 'exit');
    this.worker.on('message', (one: ThreadReport) => {
      this.reports.push(one);
      this.#news.emit('news');
    });
    t.after(() => this.worker.terminate());
  }

  send(command: ThreadCommand): void {
    this.worker.postMessage(command);
  }

  /** The first report of its kind, past or to come, that the test accepts. */
  async until<T extends ThreadReport['type']>(
    type: T,
    accept: (report: Kind<T>) => boolean = () => true,
  ): Promise<Kind<T>> {
    for (let from = 0; ; ) {
      for (; from < this.reports.length; from += 1) {
        const report = this.reports[from] as ThreadReport;
        if (report.type === type && accept(report as Kind<T>)) return report as Kind<T>;
      }
      await once(this.#news, 'news');
    }
  }

  ready(after = 0): Promise<Kind<'status'>> {
    return this.until('status', ({ ready, epoch = 0 }) => ready && epoch > after);
  }
}
