import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ClusterStatus, InvokeOptions, SessionState } from 'cluster-client';
import { deriveKey } from '../../lib/handshake.js';
import { derivePorts } from '../../lib/hub.js';
import { openRuntime } from '../../lib/runtime.js';
import { isolated } from '../helpers/isolated.js';

export interface MemberSettings {
  /** Names of the channels that it opens, in this order. */
  channels: string[];
  options: Record<string, unknown>;
  /** How many real clients of this process fail to start before one can. */
  failFirst?: number;
  /** ms that the close of a real client takes. */
  closeTakes?: number;
}

export type Command =
  | { type: 'open'; name: string; options?: Record<string, unknown> }
  | { type: 'subscribe'; name: string; key: string }
  | { type: 'unsubscribe'; name: string; key: string }
  | { type: 'publish'; name: string; key: string; value: unknown }
  | { type: 'push'; name: string; key: string; value: unknown }
  /** Pushes so many values, numbered, from 1 by default, and of so many bytes, one in each turn of the event loop. */
  | { type: 'flood'; name: string; key: string; from?: number; count: number; bytes: number }
  | { type: 'call'; name: string }
  /** Any method; `id` comes back with the outcome. */
  | { type: 'invoke'; name: string; id: number; method: string; args?: unknown[]; options?: InvokeOptions }
  | { type: 'oneway'; name: string; value: unknown }
  /** Asks for a snapshot. */
  | { type: 'status'; name: string }
  /** Asks for the calls that the real client here has noted, of one method. */
  | { type: 'noted'; name: string; method: string }
  /** Asks what is in use on the heap after a collection; needs --expose-gc. */
  | { type: 'memory'; name: string }
  | { type: 'close'; name: string };

export type Report =
  | { type: 'built'; name: string }
  | {
      type: 'status';
      name: string;
      state: SessionState;
      role: 'leader' | 'follower' | undefined;
      ready: boolean;
      epoch: number | undefined;
      leaderPid: number | undefined;
    }
  /** Of a flood, the number only. */
  | { type: 'value'; name: string; key: string; value: unknown }
  | { type: 'flooded'; name: string }
  | { type: 'published'; name: string; reg: { key: string; value: unknown } }
  | { type: 'answer'; name: string; pid: number }
  | {
      type: 'outcome';
      name: string;
      id: number;
      value?: unknown;
      code?: string;
      outcome?: string;
      ms: number;
    }
  | { type: 'snapshot'; name: string; status: ClusterStatus }
  | { type: 'noted'; name: string; method: string; calls: unknown[][] }
  | { type: 'memory'; name: string; heapBytes: number }
  | { type: 'closed'; name: string }
  | { type: 'failed'; name: string; code: string | undefined; message: string }
  | { type: 'error'; name: string; message: string };

type Kind<T extends Report['type']> = Extract<Report, { type: T }>;

const PROGRAM = join(fileURLToPath(new URL('.', import.meta.url)), 'member.js');

/** One forked process: what it has reported, and waiting for what it will. */
export class Member {
  readonly reports: Report[] = [];
  readonly child: ChildProcess;
  readonly #news = new EventEmitter();

  constructor(
    t: TestContext,
    settings: MemberSettings,
    env: Record<string, string> = {},
    execArgv: string[] = [],
  ) {
    this.child = fork(PROGRAM, [JSON.stringify(settings)], { env: { ...process.env, ...env }, execArgv });
    this.#news.setMaxListeners(0);
    this.child.on('message', (report: Report) => {
      this.reports.push(report);
      this.#news.emit('news');
    });
    t.after(() => this.kill());
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  send(command: Command): void {
    this.child.send(command);
  }

  /** The first report of its kind, past or to come, that the test accepts. */
  async until<T extends Report['type']>(
    type: T,
    accept: (report: Kind<T>) => boolean = () => true,
  ): Promise<Kind<T>> {
    for (let from = 0; ; ) {
      for (; from < this.reports.length; from += 1) {
        const report = this.reports[from] as Report;
        if (report.type === type && accept(report as Kind<T>)) return report as Kind<T>;
      }
      await once(this.#news, 'news');
    }
  }

  ready(name: string, after = 0): Promise<Kind<'status'>> {
    return this.until(
      'status',
      (status) => status.name === name && status.ready && (status.epoch ?? 0) > after,
    );
  }

  /** The answer to `command`: the next report of this kind. */
  async ask<T extends Report['type']>(command: Command, type: T): Promise<Kind<T>> {
    const seen = this.reports.length;
    this.send(command);
    for (;;) {
      const answer = this.reports.slice(seen).find((report) => report.type === type);
      if (answer) return answer as Kind<T>;
      await once(this.#news, 'news');
    }
  }

  async status(name: string): Promise<ClusterStatus> {
    return (await this.ask({ type: 'status', name }, 'snapshot')).status;
  }

  /** Nothing of it runs any more, until `wake`. */
  stop(): void {
    this.child.kill('SIGSTOP');
  }

  wake(): void {
    this.child.kill('SIGCONT');
  }

  /** With SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}

/** Options that can be sent to another process. */
export function shared(t: TestContext): { group: string; runtimeDir: string } {
  const { group, runtimeDir } = isolated(t);
  return { group, runtimeDir };
}

/** All of them are ready, under an epoch above `after`, and follow the one that leads. */
export async function assertOneLeader(members: Member[], name: string, after = 0): Promise<Member> {
  const statuses = await Promise.all(members.map((member) => member.ready(name, after)));
  const leaders = members.filter((_, index) => statuses[index]?.role === 'leader');
  assert.equal(leaders.length, 1, JSON.stringify(statuses));
  for (const { epoch, leaderPid } of statuses) {
    assert.equal(leaderPid, leaders[0]?.pid);
    assert.equal(epoch, statuses[0]?.epoch);
  }
  return leaders[0] as Member;
}

/** The cluster ports of a group that exists, in the order in which they are tried. */
export function clusterPorts({ group, runtimeDir }: { group: string; runtimeDir: string }): number[] {
  const [secret] = openRuntime({ group, runtimeDir, secrets: undefined }, () => {}).secrets;
  return derivePorts(group, deriveKey(secret as Buffer));
}

/** Resolves when something listens on the port, of this process or another. */
export async function listensOn(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
  }
}
