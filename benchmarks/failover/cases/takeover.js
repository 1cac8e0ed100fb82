// The leader is lost, in one way or another: when do the others have what a new one brings?
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost, every } from '../bars.js';

const kill = (processes, bar) => ({
  name: `leader killed, ${processes} processes`,
  rounds: (n) => [n, n],
  rows: [{ key: 'ms', text: 'all have a fresh value, ms', bar }],
  start: (group) => group.race(processes),
  async round(group) {
    const leader = await group.leader();
    const since = group.kill(leader);
    const ms = (await group.allFresh(group.members, since, (pid) => pid !== leader.pid)) - since;
    await group.join();
    return { ms };
  },
});

const hung = {
  name: 'leader hangs, heartbeat 200 ms',
  rounds: (n) => [n, 1],
  rows: [
    { key: 'missed', text: 'fresh value after 3 missed beats, ms', bar: atMost(1000) },
    { key: 'ms', text: 'fresh value after it hangs, ms' },
    { key: 'back', text: 'goes on: all agree within 5 s', counted: true, bar: every },
  ],
  options: { heartbeatInterval: 200, tellLosses: true },
  start: (group) => group.race(4),
  async round(group) {
    const leader = await group.leader();
    const survivors = group.members.filter((member) => member !== leader);
    const since = leader.signal('SIGSTOP');
    const fresh = await group.allFresh(survivors, since, (pid) => pid !== leader.pid);
    // Only 4.x tells. Who never has a fresh value has no beat to count from either.
    const losses = group.all('lost').filter(({ at, from }) => at >= since && from !== leader.pid);
    const missed = fresh === Infinity ? 0 : Math.min(...losses.map(({ at }) => at));
    leader.signal('SIGCONT');
    const back = (await group.settle(5_000)) !== undefined;
    if (!back) {
      group.kill(leader);
      await group.join();
    }
    return { missed: fresh - missed, ms: fresh - since, back: Number(back) };
  },
};

/** What the real client itself takes to start, and to close. ms */
const REAL = { startTime: 50, closeTime: 50 };

const planned = {
  name: 'leader closed, real client takes 50 + 50 ms',
  rounds: (n) => [n, n],
  rows: [
    { key: 'gap', text: 'ms above that', bar: atMost(10) },
    { key: 'overlap', text: 'two real clients at once, ms', bar: atMost(0) },
  ],
  options: { real: REAL },
  start: (group) => group.race(4),
  async round(group) {
    const leader = await group.leader();
    const survivors = group.members.filter((member) => member !== leader);
    group.forgetEvents();
    const since = await leader.command('close');
    const fresh = await group.allFresh(survivors, since, (pid) => pid !== leader.pid);
    const [built, shut] = await Promise.all([group.first('built', since), group.first('shut', since)]);
    group.kill(leader);
    await group.join();
    return {
      gap: fresh - since - REAL.closeTime - REAL.startTime,
      overlap: Math.max(0, shut - built),
    };
  },
};

const CALLERS = 8;
const CALLS = 400;

const inFlight = {
  name: `leader killed, ${CALLERS * CALLS} calls in flight`,
  rounds: (n) => [Math.min(n, 5), Math.min(n, 5)],
  rows: [{ key: 'ms', text: 'all are settled, ms' }],
  options: { responseTimeout: 60_000 },
  start: (group) => group.race(CALLERS + 1),
  async round(group) {
    const leader = await group.leader();
    const callers = group.members.filter((member) => member !== leader);
    const calls = Promise.all(callers.map((member) => member.command('callAndHang', CALLS, 20_000)));
    while ((await leader.command('counts')).hanging < CALLERS * CALLS) await sleep(10);
    const since = group.kill(leader);
    const settled = await calls;
    const outcomes = {};
    for (const { outcomes: some } of settled) {
      for (const [code, count] of Object.entries(some)) outcomes[code] = (outcomes[code] ?? 0) + count;
    }
    const ms = Math.max(...settled.map(({ at }) => at)) - since;
    await group.join();
    return { ms, note: JSON.stringify(outcomes) };
  },
};

export const takeover = [
  kill(4, {
    text: "median <= 3.7.0's, worst <= 60",
    met: (ours, theirs) => ours.worst <= 60 && !(ours.median > theirs?.median),
  }),
  kill(32, atMost(150)),
  hung,
  planned,
  inFlight,
];
