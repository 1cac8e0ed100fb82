import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { close, cluster, status } from 'cluster-client';
import { fileName, openRuntime } from '../../lib/runtime.js';
import { isolated } from '../helpers/isolated.js';
import { RegistryClient } from '../helpers/registry-client.js';
import { until } from '../helpers/until.js';
import { assertOneLeader, Member, shared } from './members.js';

const name = 'config';
const SECRET = 'a secret of sixteen bytes';

async function pair(t: TestContext, options: Record<string, unknown>) {
  const first = new Member(t, { channels: [name], options });
  const { epoch = 0 } = await first.ready(name);
  const second = new Member(t, { channels: [name], options });
  await second.ready(name);
  return { first, second, epoch };
}

describe('a runtime folder that is wiped while processes run', () => {
  it('is made again by the leader, with the same key, and newcomers find their way', async (t) => {
    const options = shared(t);
    const { first, second, epoch } = await pair(t, options);
    const key = join(options.runtimeDir, fileName(options.group), 'key');
    rmSync(options.runtimeDir, { recursive: true });
    await until(() => existsSync(key));
    const third = new Member(t, { channels: [name], options });
    assert.deepEqual((await third.ready(name)).leaderPid, first.pid);
    await first.kill();
    await assertOneLeader([second, third], name, epoch);
  });

  it('does not keep the others from electing when the leader dies with it', async (t) => {
    const options = shared(t);
    const { first, second, epoch } = await pair(t, options);
    first.stop();
    rmSync(options.runtimeDir, { recursive: true });
    await first.kill();
    assert.equal((await second.ready(name, epoch)).leaderPid, second.pid);
    const third = new Member(t, { channels: [name], options });
    assert.equal((await third.ready(name)).leaderPid, second.pid);
  });
});

describe('a runtime folder that cannot be used', () => {
  it('leaves the lead to the holder of the cluster port where there is a secret', async (t) => {
    const { group, runtimeDir } = shared(t);
    writeFileSync(join(runtimeDir, 'file'), '');
    const options = { group, runtimeDir: join(runtimeDir, 'file', 'run'), secret: SECRET };
    const { first, second, epoch } = await pair(t, options);
    assert.equal((await second.ready(name)).leaderPid, first.pid);
    await first.kill();
    assert.equal((await second.ready(name, epoch)).leaderPid, second.pid);
  });

  it('is an error where there is none', async (t) => {
    const { group, runtimeDir } = shared(t);
    writeFileSync(join(runtimeDir, 'file'), '');
    const options = { group, runtimeDir: join(runtimeDir, 'file', 'run') };
    const member = new Member(t, { channels: [name], options });
    assert.equal((await member.until('failed')).code, 'ERR_CLUSTER_RUNTIME_DIR');
  });
});

describe('a runtime folder on a disk that is full', () => {
  it('does not keep the only process left from leading, nor others from following it', async (t) => {
    const options = shared(t);
    const { first, second, epoch } = await pair(t, options);
    // To the process that is the same: it can make files, but not write a byte to them.
    execFileSync('prlimit', ['--pid', String(second.pid), '--fsize=0']);
    await first.kill();
    const successor = await second.ready(name, epoch);
    assert.equal(successor.leaderPid, second.pid);
    const third = new Member(t, { channels: [name], options });
    assert.equal((await third.ready(name)).leaderPid, second.pid);
    const folder = openRuntime({ ...options, secrets: undefined }, assert.fail).folder ?? '';
    const names = readdirSync(join(folder, fileName(name)));
    assert.deepEqual(names, ['leader.1']);
    await second.kill();
    assert.equal((await third.ready(name, successor.epoch)).leaderPid, third.pid);
  });
});

describe('a record', () => {
  it('of before a reboot is not believed', async (t) => {
    const options = { ...isolated(t), name: 'Registry' };
    // Who is named there accepts connections and says nothing, which would be waited for.
    const stranger = createServer().listen(0, '127.0.0.1');
    await until(() => stranger.listening);
    t.after(() => stranger.close());
    const { port } = stranger.address() as { port: number };
    const { folder = '' } = openRuntime({ ...options, secrets: undefined }, assert.fail);
    const old = join(folder, '..', fileName('another boot'));
    const channel = join(old, fileName('Registry'));
    mkdirSync(channel, { recursive: true, mode: 0o700 });
    const address = { host: '127.0.0.1', port };
    writeFileSync(join(channel, 'leader.7'), JSON.stringify({ n: 7, epoch: 1, address, pid: 1 }));
    cpSync(join(folder, 'id'), join(old, 'id'));
    const client = cluster(RegistryClient, { ...options, connectTimeout: 60_000 }).create({});
    await client.ready();
    assert.equal(client.isClusterClientLeader, true);
    assert.equal(statSync(join(folder, fileName('Registry'), 'leader.1')).isFile(), true);
    await close(client);
  });

  it('of a process that is gone is followed by the next number and a higher epoch', async (t) => {
    const options = { ...isolated(t), name: 'Registry' };
    const epochs: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      const client = cluster(RegistryClient, options).create({});
      await client.ready();
      epochs.push(status(client).epoch ?? 0);
      await close(client);
    }
    assert.deepEqual(
      epochs,
      [...new Set(epochs)].sort((a, b) => a - b),
    );
    const { folder = '' } = openRuntime({ ...options, secrets: undefined }, assert.fail);
    assert.deepEqual(readdirSync(join(folder, fileName('Registry'))).sort(), [
      'leader.1',
      'leader.2',
      'leader.3',
    ]);
  });
});
