// How long does a big Buffer take, as the argument of a call and back as its result?
import { alone } from '../harness/run.js';
import { OURS } from './contenders.js';

export const question = {
  name: 'buffers',
  title: 'Buffers there and back',
  reference: OURS,
  figures: {
    ms: { text: 'median', unit: 'ms' },
    cpu: { text: 'CPU', unit: 'ms' },
    leaderCpu: { text: 'CPU of leader', unit: 'ms' },
  },
  bars: [{ text: '8 MiB Buffer there and back', case: '8 MiB', figure: 'ms', against: 'raw', atMost: 1.5 }],
  chart: [
    { title: '8 MiB there and back, ms', case: '8 MiB', figures: ['ms'] },
    { title: '64 MiB there and back, ms', case: '64 MiB', figures: ['ms'] },
  ],
  scenes: [
    {
      // JSON makes nothing bearable of a Buffer, and neither does 3.7.0, which takes 20 s for 16 MB.
      entrants: [OURS, 'raw', 'ipc', 'messenger', 'grpc', 'zeromq'],
      cases: [
        { name: '8 MiB', payload: '8 MiB', calls: 8 },
        { name: '64 MiB', payload: '64 MiB', calls: 1, isLong: true },
      ],
      async measure({ stage, test, scale }) {
        const calls = Math.ceil(test.calls * scale);
        const { leader } = stage;
        const [follower] = stage.followers;
        const before = await leader.command('cpu');
        const { p50, cpu } = await follower.command('call', { payload: test.payload, calls, inFlight: 1 });
        const leaderCpu = (await leader.command('cpu')) - before;
        return { ms: p50 / 1_000, cpu: cpu / calls / 1_000, leaderCpu: leaderCpu / calls / 1_000 };
      },
    },
  ],
};

await alone(import.meta.url, question);
