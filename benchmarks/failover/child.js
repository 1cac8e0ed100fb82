// One process of a group, as its parent sees it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { now } from './clock.js';

const PROGRAM = new URL('./member.js', import.meta.url);

export class Child {
  ended;
  #child;
  #options;
  #waiting = new Map();
  #commands = 0;

  constructor(settings, options, happened) {
    this.#options = options;
    this.#child = fork(PROGRAM, [JSON.stringify(settings)], { execArgv: ['--expose-gc'] });
    this.#child.on('message', ({ id, event, ...message }) => {
      if (event) happened({ event, from: this.pid, ...message });
      else this.#waiting.get(id)?.(message);
    });
    this.ended = once(this.#child, 'exit').then(() => {
      for (const settle of this.#waiting.values()) settle({ error: 'the process has ended' });
    });
  }

  get pid() {
    return this.#child.pid;
  }

  /** @returns when it was ready. */
  create(options) {
    return this.command('create', { ...this.#options, ...options });
  }

  async command(command, args, limit = 60_000) {
    this.#commands += 1;
    const id = this.#commands;
    const { promise, resolve } = withResolvers();
    const timer = setTimeout(resolve, limit, { error: `no answer in ${limit} ms` });
    this.#waiting.set(id, resolve);
    this.#child.send({ id, command, args }, (error) => error && resolve({ error: error.message }));
    const { result, error } = await promise;
    clearTimeout(timer);
    this.#waiting.delete(id);
    if (error) throw new Error(`${command}: ${error}`);
    return result;
  }

  /** @returns when it was sent. */
  signal(name) {
    const at = now();
    this.#child.kill(name);
    return at;
  }
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers() {
  let resolve;
  const promise = new Promise((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
