// How long does a call of a follower take, how many are done in a second, and what does the processor pay for each?
import { alone } from '../harness/run.js';
import { ALL, allButQuick, OURS, PEERS } from './contenders.js';

/** One that is so slow need not be asked for as much. */
const SHARES = { grpc: 0.4 };

export const question = {
  name: 'calls',
  title: 'Calls of one follower',
  reference: OURS,
  figures: {
    p50: { text: 'median', unit: 'µs' },
    p99: { text: 'p99', unit: 'µs' },
    rate: { text: 'calls', unit: '1/s', isGain: true },
    cpu: { text: 'CPU', unit: 'µs' },
    leaderCpu: { text: 'CPU of leader', unit: 'µs' },
  },
  bars: [
    { text: 'small call, median', case: 'small, 1 in flight', figure: 'p50', against: 'raw', atMost: 1.6 },
    ...throughput('small', { rawjson: 0.9, 'cluster-client-3': 3.5 }),
    ...throughput('config', { rawjson: 2, 'cluster-client-3': 7 }),
  ],
  chart: [
    { title: 'small call, median, µs', case: 'small, 1 in flight', figures: ['p50'] },
    { title: 'small calls/s, 128 in flight', case: 'small, 128 in flight', figures: ['rate'] },
    { title: '10 KB calls/s, 128 in flight', case: 'config, 128 in flight', figures: ['rate'] },
    { title: 'CPU of both, µs a small call', case: 'small, 128 in flight', figures: ['cpu', 'leaderCpu'] },
  ],
  scenes: [
    {
      // A small call is little work: it takes many until the compiler has done its own.
      warmUps: 3,
      entrants: allButQuick(ALL, 'messenger', 'grpc'),
      cases: [
        { name: 'small, 1 in flight', payload: 'small', inFlight: 1, calls: 1_000 },
        { name: 'small, 16 in flight', payload: 'small', inFlight: 16, calls: 3_000, isLong: true },
        { name: 'small, 128 in flight', payload: 'small', inFlight: 128, calls: 6_000 },
        { name: 'config, 1 in flight', payload: 'config', inFlight: 1, calls: 200, isLong: true },
        { name: 'config, 16 in flight', payload: 'config', inFlight: 16, calls: 400, isLong: true },
        { name: 'config, 128 in flight', payload: 'config', inFlight: 128, calls: 800 },
      ],
      async measure({ stage, entrant, test, scale }) {
        const { payload, inFlight } = test;
        const { leader } = stage;
        const [follower] = stage.followers;
        const calls = Math.ceil(test.calls * scale * (SHARES[entrant.name] ?? 1));
        const before = await leader.command('cpu');
        const { seconds, p50, p99, cpu } = await follower.command('call', { payload, calls, inFlight });
        const leaderCpu = (await leader.command('cpu')) - before;
        return { p50, p99, rate: calls / seconds, cpu: cpu / calls, leaderCpu: leaderCpu / calls };
      },
    },
  ],
};

function throughput(payload, least) {
  const bar = {
    text: `${payload} calls/s, 128 in flight`,
    case: `${payload}, 128 in flight`,
    figure: 'rate',
  };
  return [
    ...Object.entries(least).map(([against, atLeast]) => ({ ...bar, against, atLeast })),
    { ...bar, against: PEERS, atLeast: 1 },
  ];
}

await alone(import.meta.url, question);
