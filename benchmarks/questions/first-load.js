// A leader has 1000 settings. How long does it take until four processes, which ask at the same time, have them all?
import { alone } from '../harness/run.js';
import { Stage } from '../harness/stage.js';
import { OURS } from './contenders.js';

const KEYS = 1_000;
const FOLLOWERS = 4;
const WARM = 'processes that have run for a while';
const FRESH = 'processes that have just started';
const CONTENDERS = [OURS, 'cluster-client-3'];

export const question = {
  name: 'first-load',
  title: `First load of ${KEYS} keys by ${FOLLOWERS} followers`,
  reference: OURS,
  figures: {
    ms: { text: 'all have all after', unit: 'ms' },
    leaderCpu: { text: 'CPU of leader', unit: 'ms' },
  },
  bars: [WARM, FRESH].map((test) => ({
    text: `first load, ${test}`,
    case: test,
    figure: 'ms',
    against: 'cluster-client-3',
    atMost: 0.25,
  })),
  chart: [
    { title: 'running for a while, ms', case: WARM, figures: ['ms'] },
    { title: 'just started, ms', case: FRESH, figures: ['ms'] },
  ],
  scenes: [
    {
      followers: FOLLOWERS,
      warmUps: 15,
      entrants: CONTENDERS,
      cases: [{ name: WARM }],
      prepare: keep,
      measure: ({ stage, round }) => load(stage, round),
    },
    {
      // Each round has processes of its own.
      warmUps: 0,
      entrants: CONTENDERS.map((name) => ({ name })),
      cases: [{ name: FRESH }],
      isLong: true,
      async measure({ entrant, round }) {
        const { name, contender = name, from } = entrant;
        const stage = await Stage.open(contender, { followers: FOLLOWERS, from });
        try {
          await keep(stage);
          return await load(stage, round);
        } finally {
          await stage.close();
        }
      },
    },
  ],
};

/** All settings are of 200 bytes. */
async function keep(stage) {
  await stage?.leader.command('keep', { payload: 'setting' });
}

/** Keys of its own in each round: nobody has asked for them before. */
async function load(stage, round) {
  const before = await stage.leader.command('cpu');
  const loads = await stage.all('load', { prefix: `round ${round}`, keys: KEYS });
  const leaderCpu = ((await stage.leader.command('cpu')) - before) / 1_000;
  const ms = Math.max(...loads.map(({ to }) => to)) - Math.min(...loads.map(({ from }) => from));
  return { ms, leaderCpu };
}

await alone(import.meta.url, question);
