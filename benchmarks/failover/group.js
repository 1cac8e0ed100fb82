// The processes of one contender, as their parent sees them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../harness/free-port.js';
import { Child } from './child.js';
import { now } from './clock.js';

/** Who is not there by then never is. ms */
export const LIMIT = 10_000;

const groups = new Set();

/** Where the benchmark fails or is interrupted: a stopped process would stay for ever. */
process.on('exit', () => {
  for (const group of groups) group.abandon();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

export class Group {
  members = [];
  /** In the order of their arrival: `{ event, at, from: pid, … }`. */
  #events = [];
  #watchers = new Set();
  #settings;
  #options;

  /** @param options of every client. */
  static async open(packageName, options) {
    const folder = mkdtempSync(join(tmpdir(), 'cluster-client-failover-'));
    return new Group({ packageName, folder, port: await freePort() }, options);
  }

  constructor(settings, options) {
    this.#settings = settings;
    this.#options = options;
    groups.add(this);
  }

  /** A process without a client. */
  fork() {
    const member = new Child(this.#settings, this.#options, (event) => this.#happened(event));
    this.members.push(member);
    return member;
  }

  /** A process whose client is ready, and has a value. */
  async join(options) {
    const member = this.fork();
    await member.create(options);
    await member.command('subscribe', 'key');
    return member;
  }

  /** Processes that race, but for the first, which leads: with 3.7.0 a race at the very start may take seconds. */
  async race(count) {
    await this.join();
    await Promise.all(Array.from({ length: count - 1 }, () => this.join()));
  }

  /** Who leads, once all agree on that. */
  async leader() {
    const leader = await this.settle();
    if (!leader) throw new Error(`no leader that all follow within ${LIMIT} ms`);
    return leader;
  }

  /** The same; undefined: they did not agree in time. */
  async settle(limit = LIMIT) {
    const until = now() + limit;
    while (now() < until) {
      const asked = this.members.map((member) => member.command('whoLeads', undefined, 2_000));
      const answers = await Promise.all(asked.map((answer) => answer.catch(() => undefined)));
      const leader = this.members.find(({ pid }) => pid === answers[0]);
      if (leader && answers.every((pid) => pid === leader.pid)) return leader;
      await sleep(50);
    }
    return undefined;
  }

  /** @returns when it was killed. */
  kill(member) {
    this.members = this.members.filter((other) => other !== member);
    return member.signal('SIGKILL');
  }

  /** @returns when the last member had a value of a leader that the condition holds for; Infinity: never. */
  async allFresh(members, since, isFresh) {
    const times = members.map((member) =>
      this.first('value', since, ({ from, leader }) => from === member.pid && isFresh(leader)),
    );
    return Math.max(...(await Promise.all(times)));
  }

  /** @returns when such an event happened first, in the past or from now on; Infinity: it did not. */
  first(event, since, matches = () => true, limit = LIMIT) {
    const fits = (happened) => happened.event === event && happened.at >= since && matches(happened);
    const past = this.#events.find(fits);
    if (past) return past.at;
    return new Promise((resolve) => {
      const end = (at) => {
        clearTimeout(timer);
        this.#watchers.delete(watcher);
        resolve(at);
      };
      const watcher = (happened) => fits(happened) && end(happened.at);
      const timer = setTimeout(end, limit, Infinity);
      this.#watchers.add(watcher);
    });
  }

  all(event) {
    return this.#events.filter((happened) => happened.event === event);
  }

  forgetEvents() {
    this.#events = [];
  }

  async close() {
    const ends = this.members.map(({ ended }) => ended);
    for (const member of this.members) member.signal('SIGKILL');
    await Promise.all(ends);
    this.abandon();
    groups.delete(this);
  }

  /** As far as it can be done at once. */
  abandon() {
    for (const member of this.members) member.signal('SIGKILL');
    rmSync(this.#settings.folder, { recursive: true, force: true });
  }

  #happened(event) {
    this.#events.push(event);
    for (const watcher of this.#watchers) watcher(event);
  }
}
