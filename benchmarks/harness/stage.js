// The processes of one contender: a leader, and followers. The runner tells them what to do over a socket of its own,
// so that contenders may use process.send for themselves, and have them forked by whomever they need to.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lines } from './lines.js';
import { Member } from './stage-member.js';

const PROGRAM = new URL('./member.js', import.meta.url);

const stages = new Set();

/** Where the benchmark fails or is interrupted. */
process.on('exit', () => {
  for (const stage of stages) stage.kill();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

export class Stage {
  leader;
  followers = [];
  /** Where the leader is. */
  address;
  settings;
  #contender;
  #from;
  #control;
  #members = new Map();
  #parent;
  /** For what the processes keep in files. */
  #folder = mkdtempSync(join(tmpdir(), 'cluster-client-bench-'));

  /**
   * @param contender name of a file in contenders/.
   * @param followers how many processes that follow.
   * @param from folder of the package, where it is not the one of benchmarks/.
   */
  static async open(contender, { followers = 1, settings = {}, from } = {}) {
    const stage = new Stage(contender, settings, from);
    try {
      await stage.#start(followers);
    } catch (error) {
      // Those that were started already would keep this one waiting.
      stage.kill();
      throw error;
    }
    return stage;
  }

  constructor(contender, settings, from) {
    this.#contender = contender;
    this.settings = settings;
    this.#from = from;
    stages.add(this);
  }

  /** The same command to all followers, at the same time. @returns what they answer. */
  all(command, args) {
    return Promise.all(this.followers.map((follower) => follower.command(command, args)));
  }

  async #start(count) {
    const { settings } = this;
    this.#control = createServer((socket) => this.#greet(socket)).listen(0, '127.0.0.1');
    this.#control.unref();
    await once(this.#control, 'listening');
    const { forkedBy } = await import(`../contenders/${this.#contender}.js`);
    if (forkedBy === 'master') this.#parent = await this.#spawn('master');
    this.leader = await this.#spawn('leader');
    if (forkedBy === 'leader') this.#parent = this.leader;
    this.address = await this.leader.command('lead', { ...settings, folder: this.#folder });
    this.followers = await Promise.all(Array.from({ length: count }, (_, n) => this.#spawn(`follower ${n}`)));
    await this.all('follow', { address: this.address, settings });
  }

  async #spawn(name) {
    const args = [JSON.stringify({ contender: this.#contender, name, port: this.#control.address().port })];
    const member = new Member();
    this.#members.set(name, member);
    if (this.#parent) await this.#parent.command('fork', { name, args });
    else {
      const env = this.#from ? { ...process.env, CLUSTER_CLIENT_FROM: this.#from } : process.env;
      member.pid = fork(PROGRAM, args, { execArgv: ['--expose-gc'], serialization: 'advanced', env }).pid;
    }
    await member.connected;
    return member;
  }

  #greet(socket) {
    socket.setNoDelay(true);
    const stop = lines(socket, ({ name }) => {
      stop();
      this.#members.get(name).connect(socket);
    });
  }

  async close() {
    // Those first who were forked by others, which would tell us of their end.
    await Promise.all([...this.#members.values()].reverse().map((member) => member.end()));
    this.kill();
    this.#control.close();
  }

  kill() {
    stages.delete(this);
    for (const member of this.#members.values()) member.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
