// The healthy follower: calls the leader all the time, and knows how long the slowest call of each window took.
import { cluster } from 'cluster-client';
import type { FollowerReport, Ready, Settings } from './messages.js';
import { WitnessClient } from './witness-client.js';

/** ms between two calls, which do not wait for each other. */
const PERIOD = 5;
/** A window has at least so many. */
const MIN_CALLS = 3;

const { options } = JSON.parse(process.argv[2] ?? '{}') as Settings;
const logger = { info() {}, warn() {}, error() {} };
const client = cluster(WitnessClient, { ...options, logger })
  .delegate('note', 'invokeOneway')
  .create();
client.on('error', () => {});
await client.ready();

class Window {
  readonly #begun = performance.now();
  readonly #calls: Promise<void>[] = [];
  readonly #failures: string[] = [];
  #slowest = 0;
  #slowestAt = 0;

  get calls(): number {
    return this.#calls.length;
  }

  call(): void {
    this.#calls.push(this.#call(this.#calls.length));
  }

  async #call(number: number): Promise<void> {
    const start = performance.now();
    const answer: unknown = await client.echo(number).catch((error: Error & { code?: string }) => {
      this.#failures.push(error.code ?? error.message);
      return number;
    });
    if (answer !== number) this.#failures.push(`${number} was answered with ${answer}`);
    const ms = performance.now() - start;
    if (ms <= this.#slowest) return;
    this.#slowest = ms;
    this.#slowestAt = start - this.#begun;
  }

  /** When every call has been answered. */
  async report(): Promise<FollowerReport> {
    await Promise.all(this.#calls);
    return {
      type: 'window',
      calls: this.calls,
      slowest: this.#slowest,
      slowestAt: this.#slowestAt,
      failures: this.#failures,
    };
  }
}

let current = new Window();
setInterval(() => current.call(), PERIOD);

const report = (one: FollowerReport | Ready) => process.send?.(one);
report({ type: 'ready' });

process.on('message', async () => {
  const closing = current;
  while (closing.calls < MIN_CALLS) closing.call();
  current = new Window();
  report(await closing.report());
});

process.on('disconnect', () => process.exit());
