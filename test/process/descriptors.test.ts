import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Member, shared } from './members.js';

const name = 'config';

/** What the process has used of a processor. ms, in steps of 10 */
function processorTime(pid: number): number {
  const [, fields = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
  const [user, system] = fields.split(' ').slice(11, 13).map(Number);
  return ((user ?? 0) + (system ?? 0)) * 10;
}

const limitDescriptors = (pid: number, soft: number | 'unlimited') =>
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${soft}:`]);

describe('a process without a free file descriptor', {
  skip: process.platform !== 'linux' && 'prlimit',
}, () => {
  it('looks for a leader with pauses, and finds one when it has some (3.7.0: spins at 100 % CPU)', async (t) => {
    const options = shared(t);
    const leader = new Member(t, { channels: [name], options });
    await leader.ready(name);
    const follower = new Member(t, { channels: [name], options });
    const { epoch = 0 } = await follower.ready(name);
    const { length } = readdirSync(`/proc/${follower.pid}/fd`);
    limitDescriptors(follower.pid, length - 1);
    await leader.kill();
    await follower.until('status', ({ state }) => state === 'electing');
    const [before, begun] = [processorTime(follower.pid), performance.now()];
    await sleep(1_500);
    const share = (processorTime(follower.pid) - before) / (performance.now() - begun);
    assert.ok(share < 0.1, `${Math.round(share * 100)} % of a processor`);
    assert.equal((await follower.status(name)).ready, false);
    limitDescriptors(follower.pid, 1024);
    const { role } = await follower.ready(name, epoch);
    assert.equal(role, 'leader');
  });
});
