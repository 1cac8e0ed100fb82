// How much memory does the leader need for a follower that does nothing, for a subscription, and for a call that is
// pending; and the follower for the latter two?
import { alone } from '../harness/run.js';
import { OURS } from './contenders.js';

/** The real client keeps nothing: what counts is what the library keeps. */
const settings = { forgets: true };
const both = [OURS, 'cluster-client-3'];

export const question = {
  name: 'memory',
  title: 'Memory, in use after garbage collection',
  reference: OURS,
  figures: {
    leader: { text: 'leader', unit: 'bytes each' },
    follower: { text: 'follower', unit: 'bytes each' },
  },
  bars: [
    {
      text: "leader's memory, idle follower",
      case: 'idle follower',
      figure: 'leader',
      atMost: 40 * 1_024,
      unit: 'bytes',
    },
    {
      text: "leader's memory, subscription",
      case: 'subscription',
      figure: 'leader',
      atMost: 400,
      unit: 'bytes',
    },
    {
      text: "leader's memory, subscription to a key of others",
      case: 'subscription to a key of others',
      figure: 'leader',
      atMost: 400,
      unit: 'bytes',
    },
  ],
  chart: [
    { title: 'leader, bytes an idle follower', case: 'idle follower', figures: ['leader'] },
    { title: 'leader, bytes a subscription', case: 'subscription', figures: ['leader'] },
    { title: 'leader, bytes a pending call', case: 'pending call', figures: ['leader'] },
  ],
  scenes: [
    {
      entrants: [...both, 'raw'],
      cases: [{ name: 'idle follower' }],
      measure: ({ stage, scale }) => {
        const followers = Math.ceil(100 * scale);
        const { address } = stage;
        return cost(stage, followers, () =>
          stage.followers[0].command('followMore', { address, settings, followers }),
        );
      },
    },
    {
      followers: 2,
      settings,
      entrants: both,
      cases: [
        { name: 'subscription', follower: 0 },
        { name: 'subscription to a key of others', follower: 1 },
      ],
      measure: ({ stage, test, round, scale }) => {
        const keys = Math.ceil(4_000 * scale);
        const follower = stage.followers[test.follower];
        return cost(
          stage,
          keys,
          () => follower.command('subscribe', { prefix: `round ${round}`, keys }),
          follower,
        );
      },
    },
    {
      entrants: both,
      cases: [{ name: 'pending call' }],
      isLong: true,
      measure: ({ stage, scale }) => {
        const calls = Math.ceil(1_000 * scale);
        const [follower] = stage.followers;
        return cost(
          stage,
          calls,
          () => follower.command('leavePending', { payload: 'small', calls }),
          follower,
        );
      },
    },
  ],
};

/** @returns by how much memory grew for each of so many. */
async function cost({ leader }, count, act, follower) {
  const used = () => Promise.all([leader, follower].map((member) => member?.command('memory')));
  const before = await used();
  await act();
  const after = await used();
  const [ofLeader, ofFollower] = after.map((bytes, index) => (bytes - before[index]) / count);
  return follower ? { leader: ofLeader, follower: ofFollower } : { leader: ofLeader };
}

await alone(import.meta.url, question);
