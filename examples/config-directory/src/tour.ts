// The demonstration: edit, call, kill, edit again. Each step is waited for and checked.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeAtomically } from './config-file.js';
import type { Fleet, Member } from './fleet.js';
import type { ServedConfig } from './routes.js';

const FILE = 'db.yaml';
const REQUEST_LIMIT_MS = 10_000;

export interface Tour {
  rows: Record<string, string | number | undefined>[];
  totals: Record<string, number>;
}

export async function takeTour(fleet: Fleet, url: string, directory: string): Promise<Tour> {
  const { workers, leader: agent } = fleet;
  if (agent?.name !== 'agent') throw notDone('the agent leads', `${agent?.name} does`);

  console.log(`1. An editor saves ${FILE}`);
  await writeAtomically(directory, FILE, await textWithPool(directory, 20));
  await fleet.until('every worker has the first edit', () =>
    workers.every((worker) => poolOf(worker) === 20),
  );
  const firstEdit = new Map(workers.map((worker) => [worker.name, latency(worker)]));

  console.log('\n2. A worker calls a method of the leader');
  const call = await request('the agent runs what a worker asks for', `${url}/config/features.json`);
  console.log(`served by pid ${call.servedBy}, run by pid ${call.readBy}: ${JSON.stringify(call.value)}`);
  if (call.readBy !== agent.pid)
    throw notDone('the agent runs what a worker asks for', 'another process ran it');

  console.log('\n3. The agent is killed, and a request arrives while nobody leads');
  const killedAt = Date.now();
  agent.child.kill('SIGKILL');
  const [answer] = await Promise.all([
    request('the next leader answers', `${url}/config/${FILE}`),
    fleet.until(
      'the workers have a new leader',
      () =>
        fleet.leader !== undefined &&
        fleet.leader !== agent &&
        workers.every(({ epoch }) => epoch === fleet.leader?.epoch),
    ),
  ]);
  const leader = workers.find(({ role }) => role === 'leader');
  const failoverMs = Math.max(...workers.map(({ roleSince }) => roleSince)) - killedAt;
  console.log(
    `${leader?.name} (pid ${leader?.pid}) took over; every worker was served again after ${failoverMs} ms`,
  );
  console.log(`the request was answered: run by pid ${answer.readBy}`);

  console.log(`\n4. A worker is sent a new ${FILE}, which it publishes`);
  await request('a worker accepts the second edit', `${url}/config/${FILE}`, {
    method: 'PUT',
    body: await textWithPool(directory, 30),
  });
  await fleet.until('every worker has the second edit', () =>
    workers.every((worker) => poolOf(worker) === 30),
  );

  console.log('\n5. The agent comes back, as a follower');
  await fleet.until(
    'every process is up to date again',
    () =>
      fleet.members.length === workers.length + 1 &&
      fleet.settled &&
      fleet.members.every((member) => poolOf(member) === 30),
  );

  return {
    rows: fleet.members.map((member) => ({
      process: member.name,
      role: member.role,
      pid: member.pid,
      epoch: member.epoch,
      [FILE]: member.configs.get(FILE)?.config.version,
      'edit 1, ms': firstEdit.get(member.name),
      'edit 2, ms': workers.includes(member) ? latency(member) : undefined,
      'real clients': member.upstreamClients,
    })),
    totals: {
      workers: workers.length,
      updates: 2 * workers.length,
      failoverMs,
      upstreamClients: fleet.members.reduce((sum, { upstreamClients }) => sum + upstreamClients, 0),
      slowestUpdateMs: Math.max(...firstEdit.values(), ...workers.map(latency)),
    },
  };
}

async function textWithPool(directory: string, pool: number): Promise<string> {
  return (await readFile(join(directory, FILE), 'utf8')).replace(/^pool: .*$/m, `pool: ${pool}`);
}

function poolOf({ configs }: Member): unknown {
  const value = configs.get(FILE)?.config.value;
  return typeof value === 'object' && value !== null && 'pool' in value ? value.pool : undefined;
}

/** Milliseconds from the file's modification to its arrival. */
function latency({ configs }: Member): number {
  const arrival = configs.get(FILE);
  return arrival ? arrival.at - arrival.config.modifiedAt : Number.NaN;
}

async function request(step: string, url: string, init?: RequestInit): Promise<ServedConfig> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(REQUEST_LIMIT_MS) }).catch(
    (error: unknown) => {
      throw notDone(step, String(error));
    },
  );
  const body = await response.text();
  if (!response.ok) throw notDone(step, body);
  return JSON.parse(body);
}

function notDone(step: string, reason: string): Error {
  return new Error(`"${step}" did not happen: ${reason}`);
}
