// The master's side: forks the agent and the workers, keeps what they report, forks again what dies, ends them in order.
import { type ChildProcess, fork } from 'node:child_process';
import cluster from 'node:cluster';
import { EventEmitter, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Config } from './config-file.js';
import type { Report, Role } from './messages.js';

const AGENT = fileURLToPath(new URL('agent.js', import.meta.url));
const WORKER = fileURLToPath(new URL('worker.js', import.meta.url));
const REFORK_AFTER_MS = 1000;
const STEP_LIMIT_MS = 15_000;
const LEAVE_LIMIT_MS = 5000;

export interface Member {
  readonly name: string;
  readonly child: ChildProcess;
  readonly pid: number;
  /** Lets the process go: it closes its client and ends. */
  readonly release: () => void;
  ready: boolean;
  role: Role | undefined;
  epoch: number | undefined;
  /** Date.now() in the member when it took its role. */
  roleSince: number;
  upstreamClients: number;
  /** The newest value of each file, by file name, and Date.now() in the member when it came. */
  readonly configs: Map<string, { config: Config; at: number }>;
}

interface FleetEvents {
  /** Something of what follows. */
  news: [];
  /** The value of a file changed; not told for first values. */
  changed: [member: Member, config: Config, ms: number];
  /** Every process has a role under one epoch, for the first time or again. */
  settled: [];
  gone: [member: Member, how: string];
}

export class Fleet extends EventEmitter<FleetEvents> {
  readonly #members = new Map<string, Member>();
  readonly #reforks = new Set<NodeJS.Timeout>();
  #wasSettled = false;
  #stopping = false;
  #failure: Error | undefined;
  #port: number | undefined;

  get members(): Member[] {
    return [...this.#members.values()].sort((one, other) => one.name.localeCompare(other.name));
  }

  get workers(): Member[] {
    return this.members.filter(({ name }) => name !== 'agent');
  }

  get leader(): Member | undefined {
    return this.members.find(({ role }) => role === 'leader');
  }

  /** Whether every process leads or follows, all under one epoch. */
  get settled(): boolean {
    return (
      this.leader !== undefined &&
      this.members.every(({ role, epoch }) => role && epoch === this.leader?.epoch)
    );
  }

  /** The agent first, so that it leads; then the workers. Resolves with the port that they serve. */
  async start(workers: number): Promise<number> {
    cluster.setupPrimary({ exec: WORKER, args: [] });
    this.#launch('agent');
    await this.until('the agent is ready', () => this.members.every(({ ready }) => ready));
    for (let number = 1; number <= workers; number++) this.#launch(`worker ${number}`);
    await this.until('every worker is ready', () => this.settled && this.members.every(({ ready }) => ready));
    return this.#port ?? 0;
  }

  /** Rejects, and says which step it was, if `reached` does not become true within the time for a step. */
  until(step: string, reached: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        clearTimeout(timer);
        this.off('news', check);
        settle();
      };
      const fail = (reason: string) => finish(() => reject(new Error(`"${step}" did not happen: ${reason}`)));
      const check = () => {
        if (this.#stopping) return;
        if (this.#failure) fail(this.#failure.message);
        else if (reached()) finish(resolve);
      };
      const timer = setTimeout(() => fail(`waited for ${STEP_LIMIT_MS} ms`), STEP_LIMIT_MS).unref();
      this.on('news', check);
      check();
    });
  }

  /** Workers first, then the agent; each closes its client. Resolves with what did not go well. */
  async stop(): Promise<string[]> {
    this.#stopping = true;
    for (const timer of this.#reforks) clearTimeout(timer);
    const agent = this.#members.get('agent');
    const unclean = await Promise.all(this.workers.map(end));
    if (agent) unclean.push(await end(agent));
    return unclean.filter((complaint) => complaint !== undefined);
  }

  #launch(name: string): void {
    if (this.#stopping) return;
    const worker = name === 'agent' ? undefined : cluster.fork();
    const child = worker?.process ?? fork(AGENT);
    const member: Member = {
      name,
      child,
      pid: child.pid ?? 0,
      release: () => (worker ? worker.disconnect() : child.disconnect()),
      ready: false,
      role: undefined,
      epoch: undefined,
      roleSince: 0,
      upstreamClients: 0,
      configs: new Map(),
    };
    this.#members.set(name, member);
    child.on('message', (report: Report) => this.#hear(member, report));
    child.once('exit', (code, signal) => this.#lose(member, signal ?? `exit code ${code}`));
    this.#tell();
  }

  #hear(member: Member, report: Report): void {
    member.upstreamClients = report.upstreamClients;
    switch (report.type) {
      case 'role':
        if (member.role !== report.role || member.epoch !== report.epoch) member.roleSince = report.at;
        member.role = report.role;
        member.epoch = report.epoch;
        break;
      case 'config': {
        const { config, at } = report;
        const previous = member.configs.get(config.file)?.config.version ?? config.version;
        member.configs.set(config.file, { config, at });
        if (previous !== config.version) this.emit('changed', member, config, at - config.modifiedAt);
        break;
      }
      case 'ready':
        member.ready = true;
        this.#port = report.port ?? this.#port;
    }
    this.#tell();
  }

  #lose(member: Member, how: string): void {
    this.#members.delete(member.name);
    if (this.#stopping) return;
    if (!member.ready) this.#failure = new Error(`${member.name} ended before it was ready (${how})`);
    this.emit('gone', member, how);
    const timer = setTimeout(() => {
      this.#reforks.delete(timer);
      this.#launch(member.name);
    }, REFORK_AFTER_MS);
    this.#reforks.add(timer);
    this.#tell();
  }

  #tell(): void {
    if (this.settled && !this.#wasSettled) this.emit('settled');
    this.#wasSettled = this.settled;
    this.emit('news');
  }
}

async function end({ name, child, release }: Member): Promise<string | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  const timer = setTimeout(() => child.kill('SIGKILL'), LEAVE_LIMIT_MS);
  const exit = once(child, 'exit');
  if (child.connected) release();
  const [code, signal] = await exit;
  clearTimeout(timer);
  return code === 0 ? undefined : `${name} did not end cleanly: ${signal ?? `exit code ${code}`}`;
}
