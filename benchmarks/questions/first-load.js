// A leader has 1000 settings. How long does it take until four processes, which ask at the same time, have them all?
import { alone } from '../harness/run.js';
import { OURS } from './contenders.js';

const KEYS = 1_000;

export const question = {
  name: 'first-load',
  title: `First load of ${KEYS} keys by 4 followers`,
  reference: OURS,
  figures: {
    ms: { text: 'all have all after', unit: 'ms' },
    leaderCpu: { text: 'CPU of leader', unit: 'ms' },
  },
  bars: [
    { text: 'first load', case: '200 bytes each', figure: 'ms', against: 'cluster-client-3', atMost: 0.25 },
  ],
  chart: [{ title: '1000 keys to 4 followers, ms', case: '200 bytes each', figures: ['ms'] }],
  scenes: [
    {
      followers: 4,
      entrants: [OURS, 'cluster-client-3'],
      cases: [{ name: '200 bytes each' }],
      async prepare(stage) {
        await stage.leader.command('keep', { payload: 'setting' });
      },
      // Keys of its own in each round: nobody has asked for them before.
      async measure({ stage, round }) {
        const before = await stage.leader.command('cpu');
        const loads = await stage.all('load', { prefix: `round ${round}`, keys: KEYS });
        const leaderCpu = ((await stage.leader.command('cpu')) - before) / 1_000;
        const ms = Math.max(...loads.map(({ to }) => to)) - Math.min(...loads.map(({ from }) => from));
        return { ms, leaderCpu };
      },
    },
  ],
};

await alone(import.meta.url, question);
