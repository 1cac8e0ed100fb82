// What the leader pays: memory for a follower that has stopped and for keys that come and go, time for much at once.
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from '../bars.js';

const MB = 2 ** 20;

const stopped = {
  name: '1 of 3 followers stopped, 100 KB x 1000/s',
  rounds: () => [1, 1],
  rows: [
    { key: 'growth', text: "leader's memory, MB more", bar: atMost(32) },
    { key: 'before', text: 'p99 of the others before, ms' },
    { key: 'after', text: 'p99 of the others meanwhile, ms' },
  ],
  async start(group) {
    await group.join({ isLeader: true });
    await Promise.all([1, 2, 3].map(() => group.join({ isLeader: false })));
  },
  async round(group) {
    const [leader, victim, ...others] = group.members;
    await Promise.all([victim, ...others].map((member) => member.command('measure', 'feed')));
    const run = async (duration) => {
      const push = { key: 'feed', bytes: 100_000, perSecond: 1_000, duration };
      const { pushed, growth } = await leader.command('push', push);
      await sleep(500);
      const taken = await Promise.all(others.map((member) => member.command('takeLatencies')));
      const p99 = Math.max(...taken.map((one) => one.p99));
      const delivered = taken.reduce((sum, { count }) => sum + count, 0) / others.length;
      const per = (count) => Math.round((count * 1_000) / duration);
      return { growth, p99, note: `${per(pushed)} pushed and ${per(delivered)} delivered per second` };
    };
    // Not to count the compiler's time.
    await run(1_000);
    const running = await run(5_000);
    victim.signal('SIGSTOP');
    const slow = await run(10_000);
    return {
      growth: slow.growth / MB,
      before: running.p99,
      after: slow.p99,
      note: `all running: ${running.note}; one stopped: ${slow.note}`,
    };
  },
};

const CYCLES = 10_000;

const cycles = {
  name: `${CYCLES} keys subscribed, unsubscribed`,
  rounds: () => [1, 1],
  rows: [
    {
      key: 'unsubscribed',
      text: 'real unsubscribes',
      bar: { text: `${CYCLES}`, met: ({ worst }) => worst === CYCLES },
    },
    { key: 'heap', text: "leader's heap, MB more" },
    { key: 'rss', text: "leader's memory, MB more" },
  ],
  options: { unsubscribeLinger: 100 },
  async start(group) {
    await group.join({ isLeader: true });
    await group.join({ isLeader: false });
  },
  async round(group) {
    const [leader, follower] = group.members;
    // Code that runs for the first time takes memory of its own.
    await follower.command('cycle', 1_000);
    await sleep(1_000);
    const { unsubscribed: already } = await leader.command('counts');
    const before = await leader.command('memory');
    await follower.command('cycle', CYCLES);
    await sleep(1_000);
    const { unsubscribed } = await leader.command('counts');
    const after = await leader.command('memory');
    return {
      unsubscribed: unsubscribed - already,
      heap: (after.heapUsed - before.heapUsed) / MB,
      rss: (after.rss - before.rss) / MB,
    };
  },
};

const KEYS = 1_000;

const firstLoad = {
  name: `first load of ${KEYS} keys, 4 followers`,
  rounds: (n) => [Math.min(n, 5), Math.min(n, 5)],
  rows: [
    { key: 'ms', text: 'ms' },
    { key: 'cpu', text: "leader's CPU, ms" },
  ],
  async start(group) {
    await group.join({ isLeader: true });
    await Promise.all([1, 2, 3, 4].map(() => group.join({ isLeader: false })));
  },
  async round(group, round) {
    const [leader, ...followers] = group.members;
    const before = await leader.command('cpu');
    const load = { prefix: `round ${round}`, keys: KEYS, bytes: 200 };
    const loads = await Promise.all(followers.map((member) => member.command('load', load)));
    const after = await leader.command('cpu');
    const from = Math.min(...loads.map((one) => one.from));
    const to = Math.max(...loads.map((one) => one.to));
    return { ms: to - from, cpu: after - before };
  },
};

const result = (type, megabytes, theirs) => ({
  name: `result of a call: ${type}, ${megabytes} MB`,
  rounds: (n) => [Math.min(n, 5), Math.min(n, theirs)],
  rows: [{ key: 'ms', text: 'ms' }],
  options: { responseTimeout: 60_000 },
  async start(group) {
    await group.join({ isLeader: true });
    await group.join({ isLeader: false });
  },
  async round(group) {
    const [, follower] = group.members;
    return { ms: await follower.command('fetch', { type, bytes: megabytes * MB }) };
  },
});

// 3.7.0 takes 20 s for a Buffer of 16 MB, and for 64 MB more memory than there is.
const results = [
  result('Buffer', 1, 5),
  result('Buffer', 16, 0),
  result('Buffer', 64, 0),
  result('string', 16, 5),
  result('string', 64, 5),
];

export const load = [stopped, cycles, firstLoad, ...results];
