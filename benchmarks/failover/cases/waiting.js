// Followers that may not lead wait for a leader: how long after it is ready are they?
import { setTimeout as sleep } from 'node:timers/promises';
import { atMost } from '../bars.js';

/** Long enough that no follower is still in its first attempts, and out of step with any period. ms */
const pause = () => sleep(700 + Math.random() * 500);

/** 3.7.0 takes seconds. */
const rounds = (n) => [n, Math.ceil(n / 4)];

const restarted = {
  name: 'isLeader: false, leader killed and restarted',
  rounds,
  rows: [{ key: 'ms', text: 'all ready after the leader is, ms', bar: atMost(50) }],
  async start(group) {
    await group.join({ isLeader: true });
    await Promise.all([1, 2, 3].map(() => group.join({ isLeader: false })));
  },
  async round(group) {
    const old = await group.leader();
    const followers = group.members.filter((member) => member !== old);
    const since = group.kill(old);
    const leader = group.fork();
    const ready = await leader.create({ isLeader: true });
    return { ms: (await group.allFresh(followers, since, (pid) => pid === leader.pid)) - ready };
  },
};

const followerFirst = {
  name: 'isLeader: false first, leader later',
  rounds,
  rows: [{ key: 'ms', text: 'ready after the leader is, ms', bar: atMost(50) }],
  async start() {},
  async round(group) {
    const [follower, leader] = [group.fork(), group.fork()];
    const following = follower.create({ isLeader: false });
    await pause();
    const led = await leader.create({ isLeader: true });
    const ms = (await following) - led;
    group.kill(follower);
    group.kill(leader);
    return { ms };
  },
};

const channelLater = {
  name: 'isLeader: false, channel created later',
  rounds,
  rows: [{ key: 'ms', text: 'ready after the leader is, ms', bar: atMost(50) }],
  async start() {},
  async round(group) {
    const [leader, follower] = [group.fork(), group.fork()];
    await leader.create({ name: 'X', isLeader: true });
    const following = follower.create({ name: 'Y', isLeader: false });
    await pause();
    const led = await leader.create({ name: 'Y', isLeader: true });
    const ms = (await following) - led;
    group.kill(leader);
    group.kill(follower);
    return { ms };
  },
};

export const waiting = [restarted, followerFirst, channelLater];
