// The runner's end of one process of a stage.
import { once } from 'node:events';
import { lines, post } from './lines.js';

/** For one command. ms */
const LIMIT = 90_000;

export class Member {
  pid;
  connected;
  #connect;
  #socket;
  #commands = 0;
  #waiting = new Map();
  #ended;

  constructor() {
    this.connected = new Promise((resolve) => {
      this.#connect = resolve;
    });
  }

  /** @param socket the process's, which has said its name. */
  connect(socket) {
    this.#socket = socket;
    this.#ended = once(socket, 'close').then(() => {
      for (const settle of this.#waiting.values()) settle({ error: 'the process has ended' });
    });
    socket.on('error', () => {});
    lines(socket, ({ id, ...answer }) => {
      if (answer.pid) this.pid = answer.pid;
      if (id === undefined) this.#connect();
      else this.#waiting.get(id)?.(answer);
    });
    post(socket, { hello: true });
  }

  /** @returns what the process answers; rejects with what it throws. */
  async command(command, args) {
    this.#commands += 1;
    const id = this.#commands;
    const { result, error } = await new Promise((resolve) => {
      const timer = setTimeout(resolve, LIMIT, { error: `no answer in ${LIMIT} ms` });
      this.#waiting.set(id, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      post(this.#socket, { id, command, args });
    });
    this.#waiting.delete(id);
    if (error) throw new Error(`${command}: ${error}`);
    return result;
  }

  /** @returns once it has ended. */
  async end() {
    this.kill();
    await this.#ended;
  }

  kill() {
    try {
      if (this.pid) process.kill(this.pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  }
}
