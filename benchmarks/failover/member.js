// One process of one contender. Its parent sends `{ id, command, args }` and gets `{ id, result }` or `{ id, error }`;
// what happens meanwhile it gets as `{ event, at, … }`, with the time at which it happened here.
import { createRequire } from 'node:module';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import { now } from './clock.js';
import { makeFeed } from './feed.js';

const { packageName, port, folder } = JSON.parse(process.argv[2]);
const require = createRequire(import.meta.url);
const library = require(packageName);
const sdkBase = require(require.resolve('sdk-base', { paths: [require.resolve(packageName)] }));

/** Only when a takeover is over: telling takes time of the processor, and makes the parent want some too. ms */
const TELL_AFTER = 500;
const tellNow = (event, fields) => process.send({ event, at: now(), ...fields });
const tell = (event, fields) => {
  const at = now();
  setTimeout(() => process.send({ event, at, ...fields }), TELL_AFTER);
};

const Feed = makeFeed(sdkBase.Base ?? sdkBase, { tell, tellNow });
const quiet = () => {};
const clients = new Map();
let latencies = [];

const commands = {
  /** @returns when it was ready. */
  async create({ name = 'feed', real = {}, tellLosses = false, ...options }) {
    const logger = { info: quiet, warn: quiet, error: quiet };
    const client = library(Feed, { name, port, runtimeDir: folder, logger, ...options }).create(real);
    clients.set(name, client);
    client.on('error', quiet);
    if (tellLosses && library.watchStatus) watchLosses(client);
    await client.ready();
    return now();
  },

  /** @returns once there is a value. */
  subscribe(key) {
    return new Promise((resolve) => {
      clients.get('feed').subscribe({ key }, ({ pid }) => {
        tell('value', { leader: pid });
        resolve();
      });
    });
  },

  publish(reg) {
    clients.get('feed').publish(reg);
  },

  whoLeads() {
    return clients.get('feed').whoLeads();
  },

  /** @returns when it was asked to. */
  async close() {
    const at = now();
    await library.close(clients.get('feed'));
    return at;
  },

  /** Calls that only the end of the leader ends. @returns when the last was settled, and how many had which code. */
  async callAndHang(count) {
    const outcomes = {};
    const settled = (outcome) => {
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    };
    const call = () =>
      clients
        .get('feed')
        .hang()
        .then(
          () => settled('result'),
          (error) => settled(error.code ?? error.name),
        );
    await Promise.all(Array.from({ length: count }, call));
    return { at: now(), outcomes };
  },

  /** @returns from the first subscription to the first value of the last. */
  async load({ prefix, keys, bytes }) {
    const from = now();
    const first = (n) =>
      new Promise((resolve) => clients.get('feed').subscribe({ key: `${prefix} ${n}`, bytes }, resolve));
    await Promise.all(Array.from({ length: keys }, (_, n) => first(n)));
    return { from, to: now() };
  },

  /** @returns ms */
  async fetch({ type, bytes }) {
    const from = now();
    const { length } = await clients.get('feed').fetch(type, bytes);
    if (length !== bytes) throw new Error(`${length} bytes came instead of ${bytes}`);
    return now() - from;
  },

  async cycle(keys) {
    const client = clients.get('feed');
    for (let from = 0; from < keys; from += 100) {
      const batch = Array.from({ length: 100 }, (_, n) => ({ key: `cycle ${from + n}` }));
      for (const reg of batch) client.subscribe(reg, quiet);
      await turn();
      for (const reg of batch) client.unSubscribe(reg, quiet);
      await turn();
    }
  },

  /** Values of `push` are strings that begin with the time at which they were pushed. */
  measure(key) {
    clients.get('feed').subscribe({ key }, (value) => {
      if (typeof value === 'string') latencies.push(now() - Number.parseFloat(value));
    });
  },

  takeLatencies() {
    const taken = latencies.sort((a, b) => a - b);
    latencies = [];
    return { count: taken.length, p99: taken[Math.floor(taken.length * 0.99)] };
  },

  /** Real client: pushes strings. @returns how many, and what the memory of this process grew by meanwhile, bytes. */
  async push({ key, bytes, perSecond, duration }) {
    const before = process.memoryUsage.rss();
    let peak = before;
    const look = () => {
      peak = Math.max(peak, process.memoryUsage.rss());
    };
    const sampler = setInterval(look, 100);
    const padding = 'x'.repeat(bytes - 24);
    const start = now();
    let pushed = 0;
    for (let passed = 0; passed < duration; passed = now() - start) {
      // One who cannot keep pace falls behind, rather than having a backlog of its own to push in one turn.
      const due = Math.min(Math.floor((passed * perSecond) / 1000) - pushed, 10);
      for (let n = 0; n < due; n += 1) Feed.current.push(key, `${String(now()).padEnd(24)}${padding}`);
      pushed += Math.max(due, 0);
      await sleep(1);
    }
    clearInterval(sampler);
    look();
    return { pushed, growth: peak - before };
  },

  counts() {
    const { unsubscribed, hanging } = Feed.current;
    return { unsubscribed, hanging };
  },

  /** bytes */
  memory() {
    gc();
    gc();
    return process.memoryUsage();
  },

  /** ms since the process was started. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1_000;
  },
};

async function watchLosses(client) {
  for await (const { ready } of library.watchStatus(client)) if (!ready) tell('lost', {});
}

process.on('message', async ({ id, command, args }) => {
  try {
    process.send({ id, result: await commands[command](args) });
  } catch (error) {
    process.send({ id, error: error.message });
  }
});
process.on('disconnect', () => process.exit());
