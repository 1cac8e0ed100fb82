import { once } from 'node:events';
import type { Answer, Candidate, Contact } from '../../lib/election.js';
import type { Leadership } from '../../lib/record.js';
import type { Address } from '../../lib/transport.js';

export const GONE: Answer = { type: 'gone' };
export const MUTE: Answer = { type: 'mute' };
export const led = (contact = new ScriptedContact()): Answer => ({ type: 'led', contact });
export const vacant = (contact: ScriptedContact): Answer => ({ type: 'vacant', contact });

export const at = (port: number): Address => ({ host: 'memory', port });

export const leadership = (n: number, port: number, epoch = 10 * n): Leadership => ({
  n,
  epoch,
  address: at(port),
  pid: port,
});

/** A link that does what the test says, and notes what is done with it. */
export class ScriptedContact implements Contact {
  closed = 0;
  announced: Leadership[] = [];
  /** Patience that was asked for, each time. */
  readonly waits: number[] = [];
  readonly #news: (Answer | undefined)[];

  /** @param news what `news` resolves with, one after the other; then only the signal ends the wait. */
  constructor(...news: (Answer | undefined)[]) {
    this.#news = news;
  }

  news(ms: number, signal: AbortSignal): Promise<Answer | undefined> {
    this.waits.push(ms);
    if (this.#news.length > 0) return Promise.resolve(this.#news.shift());
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(undefined));
    });
  }

  announce(leadership: Leadership): void {
    this.announced.push(leadership);
  }

  close(): void {
    this.closed += 1;
  }
}

export interface Script {
  /**
   * What is at a port when it is asked, one answer after the other; the last one stays. Default: gone. Until it comes,
   * as in silence, the signal ends the wait with gone.
   */
  answers?: Record<number, (Answer | Promise<Answer> | 'silence')[]>;
  record?: Leadership | undefined;
  shared?: boolean;
  /** Ports that are somebody else's. */
  taken?: number[];
  ports?: number[];
  epoch?: number;
  takeover?: boolean;
}

/** A candidate without a network: the script says what it finds, `log` has what it did, in order. */
export class ScriptedCandidate implements Candidate {
  readonly channel = 'Config';
  readonly controller = new AbortController();
  readonly signal: AbortSignal = this.controller.signal;
  readonly clusterAddresses: readonly Address[];
  readonly epoch: number;
  readonly log: string[] = [];
  readonly taken: Set<number>;
  current: Leadership | undefined;
  leads = false;
  /** Runs before each act, by its name in the log. */
  before: (act: string) => void = () => {};
  /** Runs when somebody begins to watch the record. */
  onWatch: () => void = () => {};
  readonly #script: Script;
  readonly #watchers = new Set<() => void>();

  constructor(script: Script) {
    this.#script = script;
    this.current = script.record;
    this.taken = new Set(script.taken);
    this.clusterAddresses = (script.ports ?? [1]).map(at);
    this.epoch = script.epoch ?? 0;
  }

  get record() {
    return {
      shared: this.#script.shared ?? true,
      read: () => this.current,
      claim: (after: Leadership | undefined, next: Omit<Leadership, 'n'>) => {
        this.#note(`claim ${(after?.n ?? 0) + 1}`);
        if (this.current?.n !== after?.n) return undefined;
        this.current = { ...next, n: (after?.n ?? 0) + 1 };
        return this.current;
      },
      holds: ({ n }: Leadership) => this.current?.n === n,
      watch: (onChange: () => void) => {
        this.#watchers.add(onChange);
        this.onWatch();
        return () => this.#watchers.delete(onChange);
      },
    };
  }

  /** Somebody is recorded; who watches is told. */
  change(to: Leadership | undefined): void {
    this.current = to;
    for (const tell of this.#watchers) tell();
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  ledHere(): boolean {
    return this.leads;
  }

  get takeover(): boolean {
    return this.#script.takeover ?? true;
  }

  async ask({ port }: Address, signal: AbortSignal = this.signal): Promise<Answer> {
    this.#note(`ask ${port}`);
    const answers = this.#script.answers?.[port] ?? [];
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? { type: 'gone' };
    if (answer !== 'silence' && !(answer instanceof Promise)) return answer;
    const aborted = signal.aborted ? undefined : once(signal, 'abort');
    const gone = Promise.resolve(aborted).then(() => GONE);
    return answer === 'silence' ? gone : Promise.race([answer, gone]);
  }

  async listen({ port }: Address): Promise<boolean> {
    this.#note(`listen ${port}`);
    return !this.taken.has(port);
  }

  async listenAnywhere(): Promise<Address> {
    this.#note('listen anywhere');
    return at(99);
  }

  #note(act: string): void {
    this.log.push(act);
    this.before(act);
  }
}
