// What a process does that publishes, or that subscribes.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { lines, post } from '../lines.js';
import { payload } from '../payloads.js';

/** @param here `{ name, role, more }`: its own name, what the contender has made of it, and further followers in it. */
export function valueCommands(here) {
  /** Of the leader: how many values each of the other processes has. */
  const acknowledged = new Map();
  let received = 0;
  let onTold = () => {};
  const told = () =>
    new Promise((resolve) => {
      onTold = resolve;
    });
  const least = (processes) => (acknowledged.size < processes ? 0 : Math.min(...acknowledged.values()));

  return {
    /** @returns where followers tell how much they have, over sockets that are no contender's. */
    async tally() {
      const server = createServer((socket) =>
        lines(socket, (message) => {
          acknowledged.set(message.name, message.received);
          onTold();
        }),
      ).listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server.address().port;
    },

    /** Counts what comes to all followers in this process, and tells the leader now and then. */
    async count({ keys, port, every }) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      const followers = [here.role, ...here.more];
      const step = every * followers.length;
      const listener = () => {
        received += 1;
        if (received % step === 0) post(socket, { name: here.name, received: received / followers.length });
      };
      for (const follower of followers) {
        for (let n = 0; n < keys; n += 1) await follower.subscribe(`key ${n}`, listener);
      }
    },

    /**
     * As fast as the slowest process takes them, some in a tick, so many ahead at most. With several keys it is one
     * at random each time, the same ones in each run.
     * @returns seconds until all followers have all.
     */
    async publish({ keys, payload: name, values, processes, ahead, inTick }) {
      const published = payload(name);
      const publish = here.role.publisher(Array.from({ length: keys }, (_, n) => `key ${n}`));
      const pick = random();
      const before = least(processes);
      const cpu = process.cpuUsage();
      const start = process.hrtime.bigint();
      for (let sent = 0; sent < values; ) {
        while (sent + inTick - (least(processes) - before) > ahead) await told();
        for (let n = 0; n < inTick; n += 1) publish(pick(keys), published);
        sent += inTick;
        await turn();
      }
      while (least(processes) - before < values) await told();
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      const { user, system } = process.cpuUsage(cpu);
      return { seconds, cpu: user + system };
    },

    /** Of the leader: what a subscriber finds there, whatever the key. */
    keep({ payload: name }) {
      here.role.keep(payload(name));
    },

    /** @returns from when until when, in ms by the clock of the host, all keys came. */
    async load({ prefix, keys }) {
      const from = hostClock();
      await Promise.all(
        Array.from(
          { length: keys },
          (_, n) =>
            new Promise((resolve) => {
              here.role.subscribe(`${prefix} ${n}`, resolve);
            }),
        ),
      );
      return { from, to: hostClock() };
    },

    /** Subscriptions that nothing comes to; at the leader when this returns, as a call behind them was answered. */
    async subscribe({ prefix, keys }) {
      for (let n = 0; n < keys; n += 1) here.role.subscribe(`${prefix} ${n}`, () => {});
      await here.role.echo(payload('small'));
    },
  };
}

/** ms; the monotonic clock, which the processes of a host share. */
function hostClock() {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** A linear congruential generator: @returns whole numbers below a bound. */
function random(seed = 1) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
