// Two processes have published for one slot, the leader dies: does the slot end with what was published last?
import { setTimeout as sleep } from 'node:timers/promises';
import { every } from '../bars.js';

/** For the acknowledgement, once the upstream has a publication. ms */
const HOME = 30;

const oldThenNew = {
  name: 'leader killed, after one published old, one new',
  rounds: (n) => [Math.floor(n * 2.5), n],
  rows: [{ key: 'new', text: 'ends new', counted: true, bar: every }],
  start: (group) => group.race(4),
  async round(group, round) {
    const slot = `slot ${round}`;
    const leader = await group.leader();
    const followers = group.members.filter((member) => member !== leader);
    const [first, second] = Math.random() < 0.5 ? followers : followers.reverse();
    for (const [publisher, value] of [
      [first, 'old'],
      [second, 'new'],
    ]) {
      await publisher.command('publish', { slot, value });
      await group.first('published', 0, (event) => event.slot === slot && event.value === value);
      await sleep(HOME);
    }
    group.forgetEvents();
    const since = group.kill(leader);
    const republished = (value) =>
      group.first('published', since, (event) => event.slot === slot && event.value === value, 3_000);
    await Promise.all([republished('old'), republished('new')]);
    await sleep(300);
    const last = group.all('published').findLast((event) => event.slot === slot);
    await group.join();
    return { new: Number(last?.value === 'new') };
  },
};

export const publishing = [oldThenNew];
