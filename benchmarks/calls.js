// How fast is a call of a follower? Beside cluster-client 3.7.0 in the same run: rounds take turns, so that drift of
// the machine hits both alike; medians are printed, and the ratio. --quick: fewer rounds and calls.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const quick = process.argv.includes('--quick');
const rounds = quick ? 3 : 7;
const scale = quick ? 0.2 : 1;
const QUESTIONS = [
  { name: 'small, one at a time', payload: 'small', calls: 5_000, inFlight: 1 },
  { name: 'small, 128 in flight', payload: 'small', calls: 50_000, inFlight: 128 },
  { name: '10 KB, one at a time', payload: 'config', calls: 1_000, inFlight: 1 },
  { name: '10 KB, 128 in flight', payload: 'config', calls: 5_000, inFlight: 128 },
];

const folder = mkdtempSync(join(tmpdir(), 'cluster-client-bench-'));
const contenders = await Promise.all(['cluster-client', 'cluster-client-3'].map(start));
const rows = [];
for (const question of QUESTIONS) {
  const results = contenders.map(() => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { follower }] of contenders.entries()) {
      follower.send({ ...question, calls: Math.ceil(question.calls * scale) });
      const [result] = await once(follower, 'message');
      // The first round warms up.
      if (round > 0) results[index].push(result);
    }
    process.stderr.write('.');
  }
  const [ours, theirs] = results.map(medians);
  rows.push({
    question: question.name,
    'calls/s': Math.round(ours.callsPerSecond),
    '3.7.0': Math.round(theirs.callsPerSecond),
    ratio: `${(ours.callsPerSecond / theirs.callsPerSecond).toFixed(1)} x`,
    'p50 µs': Math.round(ours.p50),
    'p99 µs': Math.round(ours.p99),
    'CPU µs/call': ours.cpu.toFixed(1),
  });
}
process.stderr.write('\n');
console.table(rows);
for (const { leader, follower } of contenders) {
  leader.kill('SIGKILL');
  follower.kill('SIGKILL');
}
rmSync(folder, { recursive: true, force: true });

async function start(packageName) {
  const port = String(await freePort());
  const program = new URL('./contender.js', import.meta.url);
  const run = async (role) => {
    const child = fork(program, [packageName, port, role, folder]);
    await once(child, 'message');
    return child;
  };
  const leader = await run('leader');
  return { leader, follower: await run('follower') };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function medians(results) {
  const middle = (name) =>
    results.map((result) => result[name]).sort((a, b) => a - b)[Math.floor(results.length / 2)];
  return {
    callsPerSecond: middle('callsPerSecond'),
    p50: middle('p50'),
    p99: middle('p99'),
    cpu: middle('cpu'),
  };
}
