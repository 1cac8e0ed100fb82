// A Redis server of our own, where there is one on this machine.
import { spawn, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freePort } from './free-port.js';

const PROGRAM = 'redis-server';

export function hasRedis() {
  return spawnSync(PROGRAM, ['--version']).status === 0;
}

/** @returns `{ port, counts(), stop() }`; counts leave out the connection that asks. */
export async function startRedis() {
  const port = await freePort();
  const server = spawn(
    PROGRAM,
    ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    {
      stdio: 'ignore',
    },
  );
  const kill = () => server.kill('SIGKILL');
  process.on('exit', kill);
  const redis = new Redis({ port, host: '127.0.0.1', retryStrategy: () => 20 });
  redis.on('error', () => {});
  await redis.ping();
  return {
    port,
    async counts() {
      const number = async (section, field) =>
        Number(new RegExp(`^${field}:(\\d+)`, 'm').exec(await redis.info(section))[1]);
      return {
        connections: (await number('clients', 'connected_clients')) - 1,
        bytes: await number('memory', 'used_memory'),
      };
    },
    /** Until those of the last round are gone. */
    async empty() {
      while ((await this.counts()).connections > 0) await sleep(10);
    },
    stop() {
      redis.disconnect();
      process.off('exit', kill);
      kill();
    },
  };
}
