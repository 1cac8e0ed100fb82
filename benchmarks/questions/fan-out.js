// How fast do values of one key reach 1, 4 or 16 follower processes?
import { setTimeout as sleep } from 'node:timers/promises';
import { alone } from '../harness/run.js';
import { ALL, allButQuick, OURS } from './contenders.js';

/** A contender that says nothing of its subscriptions has so long to make them. ms */
const SETTLING = 200;
/** Those that are so slow need not publish as much. */
const SHARES = { 'cluster-client-3': 0.1, ipc: 0.1, messenger: 0.1, grpc: 0.1 };

const small = { payload: 'small', ahead: 2_048, inTick: 32, every: 256 };
const config = { payload: 'config', ahead: 64, inTick: 8, every: 16 };

export const question = {
  name: 'fan-out',
  title: 'Values of one key, to all followers',
  reference: OURS,
  figures: {
    rate: { text: 'deliveries', unit: '1/s', isGain: true },
    leaderCpu: { text: 'CPU of leader a value', unit: 'µs' },
  },
  bars: [
    ...rates('small', { rawjson: 0.85, 'cluster-client-3': 5, zeromq: 1 }),
    ...rates('config', { rawjson: 1.1, zeromq: 1 }),
  ],
  chart: [
    { title: 'small values: deliveries/s, 4 followers', case: 'small, 4 followers', figures: ['rate'] },
    { title: '10 KB values: deliveries/s, 4 followers', case: 'config, 4 followers', figures: ['rate'] },
  ],
  scenes: [
    {
      ...scene(1, [
        { ...small, name: 'small, 1 follower', values: 16_384 },
        { ...config, name: 'config, 1 follower', values: 512 },
      ]),
      isLong: true,
    },
    scene(4, [
      { ...small, name: 'small, 4 followers', values: 16_384 },
      { ...config, name: 'config, 4 followers', values: 512 },
    ]),
    {
      ...scene(16, [
        { ...small, name: 'small, 16 followers', values: 4_096 },
        { ...config, name: 'config, 16 followers', values: 128 },
      ]),
      isLong: true,
    },
  ],
};

function scene(followers, cases) {
  return {
    followers,
    // A value is little work: it takes many until the compiler has done its own.
    warmUps: 5,
    entrants: allButQuick(ALL, 'ipc', 'messenger', 'grpc'),
    cases,
    async prepare(stage) {
      const port = await stage.leader.command('tally');
      await stage.all('count', { keys: 1, port, every: 16 });
      await sleep(SETTLING);
    },
    async measure({ stage, entrant, test, scale }) {
      const { payload, ahead, inTick } = test;
      const most = test.values * scale * (SHARES[entrant.name] ?? 1);
      const values = Math.ceil(most / test.every) * test.every;
      const { seconds, cpu } = await stage.leader.command('publish', {
        keys: 1,
        payload,
        values,
        processes: followers,
        ahead,
        inTick,
      });
      return { rate: (values * followers) / seconds, leaderCpu: cpu / values };
    },
  };
}

function rates(payload, least) {
  const test = `${payload}, 4 followers`;
  return Object.entries(least).map(([against, atLeast]) => ({
    text: `fan-out, ${test}`,
    case: test,
    figure: 'rate',
    against,
    atLeast,
  }));
}

await alone(import.meta.url, question);
