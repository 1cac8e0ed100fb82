import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { plainEnvironment } from '../../helpers/environment.js';
import { temporaryFolder } from '../../helpers/folder.js';
import { FOLDER } from '../packages.js';

/** What a process of the application says; `pid` is its own. */
export interface Answer {
  pid: number;
  value?: unknown;
  /** Of the process whose real client has the value. */
  seenBy?: number;
  name?: string;
  message?: string;
  code?: string;
}

/** The Egg application, run by one of the programs beside this file. */
export class Application {
  readonly child: ChildProcess;
  /** Settles when every process that can print has ended, not the first one alone. */
  readonly ended: Promise<unknown>;
  output = '';
  readonly #folder = temporaryFolder();
  readonly #ready: Promise<unknown>;

  constructor(program: 'cluster' | 'single', upstream: number) {
    this.child = fork(join(FOLDER, 'egg', `${program}.cjs`), {
      // A group of processes, which can be ended as a whole.
      detached: true,
      silent: true,
      env: {
        ...plainEnvironment(),
        EGG_SERVER_ENV: 'prod',
        ACCEPTANCE_FOLDER: this.#folder,
        ACCEPTANCE_UPSTREAM: String(upstream),
        // Keys and records lie below it.
        TMPDIR: this.#folder,
      },
    });
    this.ended = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text) => {
        this.output += text;
      });
    }
    this.#ready = new Promise((resolve, reject) => {
      this.child.on('message', (message: { action: string }) => {
        if (message.action === 'egg-ready') resolve(undefined);
      });
      this.child.once('exit', () => reject(new Error(`ended before it was ready:\n${this.output}`)));
    });
    this.#ready.catch(() => {});
  }

  async ready(): Promise<void> {
    await this.#ready;
  }

  /** The agents that egg-cluster has started, by its own log: the last one is the present one. */
  get agents(): number[] {
    return [...this.output.matchAll(/agent_worker#\d+:(\d+) started/g)].map(([, pid]) => Number(pid));
  }

  async agent(nth: number): Promise<number> {
    for (;;) {
      const pid = this.agents[nth - 1];
      if (pid !== undefined) return pid;
      assert.ok(this.child.stdout);
      await once(this.child.stdout, 'data');
    }
  }

  /** Each request has a connection of its own, so that the workers take turns. */
  async ask(method: 'GET' | 'PUT', path: string, body?: unknown): Promise<Answer> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    const outgoing = request({
      socketPath: join(this.#folder, 'http.sock'),
      agent: false,
      method,
      path,
      headers: sent === undefined ? {} : { 'content-type': 'application/json' },
    });
    outgoing.end(sent);
    const [response] = await once(outgoing, 'response');
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    assert.equal(response.statusCode, 200, `${method} ${path}: ${text}\n${this.output}`);
    return JSON.parse(text);
  }

  /** Asks until so many processes have given an answer that is accepted. @returns the last of each. */
  async askEach(
    count: number,
    path: string,
    accept: (answer: Answer) => boolean = () => true,
  ): Promise<Answer[]> {
    const answers = new Map<number, Answer>();
    while (answers.size < count) {
      const answer = await this.ask('GET', path);
      if (accept(answer)) answers.set(answer.pid, answer);
    }
    return [...answers.values()];
  }

  /** As its users end it. @returns the exit code. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    await this.ended;
    return this.child.exitCode;
  }

  /** All of its processes, if there are any left. */
  async kill(): Promise<void> {
    try {
      if (this.child.pid !== undefined) process.kill(-this.child.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    await this.ended;
  }
}
