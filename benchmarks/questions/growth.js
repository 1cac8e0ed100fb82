// Does a value, or a call, cost more where there are more keys, or more followers?
import { setTimeout as sleep } from 'node:timers/promises';
import { alone } from '../harness/run.js';
import { OURS } from './contenders.js';

const SETTLING = 200;
const FEWEST_KEYS = keysName(100);
const MOST_KEYS = keysName(100_000);

const keys = [100, 1_000, 10_000, 100_000].map((count) => ({
  name: keysName(count),
  contender: OURS,
  keys: count,
  more: 0,
  isLong: count === 1_000 || count === 10_000,
}));
/** All in one process, so that it is the same processor's work to take a value in, however many they are. */
const followers = [1, 10, 100, 500].map((count) => ({
  name: `${count} follower${count === 1 ? '' : 's'}`,
  contender: OURS,
  keys: 1,
  more: count - 1,
}));

export const question = {
  name: 'growth',
  title: 'Cost as keys and followers grow',
  reference: FEWEST_KEYS,
  isAllOurs: true,
  figures: {
    delivery: { text: 'time per delivery', unit: 'µs' },
    leaderCpu: { text: 'CPU of leader', unit: 'µs' },
    call: { text: 'time per call', unit: 'µs' },
  },
  bars: ['delivery', 'call'].map((figure) => ({
    text: `time per ${figure}, 100 to 100,000 keys`,
    case: 'keys of one follower',
    entrant: MOST_KEYS,
    figure,
    against: FEWEST_KEYS,
    atMost: 1.2,
  })),
  chart: [
    { title: 'µs a delivery, by keys', case: 'keys of one follower', figures: ['delivery'] },
    { title: 'µs a call, by keys', case: 'keys of one follower', figures: ['call'] },
    { title: 'µs a delivery, by followers', case: 'followers of one key', figures: ['delivery'] },
    { title: 'µs a call, by followers', case: 'followers of one key', figures: ['call'] },
  ],
  scenes: [
    { ...growing(keys), cases: [{ name: 'keys of one follower' }] },
    { ...growing(followers), cases: [{ name: 'followers of one key' }], isLong: true },
  ],
};

function growing(entrants) {
  return {
    // A value is little work: it takes many until the compiler has done its own.
    warmUps: 4,
    entrants,
    async prepare(stage, { keys: count, more }) {
      const { address, settings } = stage;
      const [follower] = stage.followers;
      await follower.command('followMore', { address, settings, followers: more });
      const port = await stage.leader.command('tally');
      await follower.command('count', { keys: count, port, every: 8 });
      await follower.command('call', { payload: 'small', calls: 1, inFlight: 1 });
      await sleep(SETTLING);
    },
    async measure({ stage, entrant, scale }) {
      const deliveries = 16_000 * scale;
      const clients = entrant.more + 1;
      const values = Math.ceil(deliveries / clients / 8) * 8;
      const { seconds, cpu } = await stage.leader.command('publish', {
        keys: entrant.keys,
        payload: 'small',
        values,
        processes: 1,
        ahead: Math.max(16, 1_024 / clients),
        inTick: 8,
      });
      const calls = Math.ceil(8_000 * scale);
      const called = await stage.followers[0].command('call', { payload: 'small', calls, inFlight: 16 });
      const perDelivery = 1e6 / (values * clients);
      return {
        delivery: seconds * perDelivery,
        leaderCpu: cpu / (values * clients),
        call: (called.seconds * 1e6) / calls,
      };
    },
  };
}

function keysName(count) {
  return `${count.toLocaleString('en-US')} keys`;
}

await alone(import.meta.url, question);
