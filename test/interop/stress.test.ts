import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { type ClusterOptions, close, cluster, status } from 'cluster-client';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { v1Bytes } from '../fixtures/frames-v1.js';
import { temporaryFolder } from '../helpers/folder.js';
import { freePort } from '../helpers/free-port.js';
import { quietLogger } from '../helpers/isolated.js';
import { until } from '../helpers/until.js';
import { group } from './participants.js';
import { Registry } from './registry.js';

const NOBODY = 65_534;
const canSwitchUser = process.platform === 'linux' && process.getuid?.() === 0;
const skip = !canSwitchUser && 'only root can run a process as another user';
const registration = v1Bytes('request', 1, '{"type":"register_channel","channelName":"Registry"}');

async function ours(t: TestContext, more: ClusterOptions = {}) {
  const port = more.port ?? (await freePort());
  const logger = quietLogger();
  const options = { runtimeDir: temporaryFolder(t), interop: '3.x', logger, ...more, port } as const;
  const client = cluster(Registry, options).create();
  client.on('error', () => {});
  t.after(() => close(client));
  return { client, options, logger };
}

/** What a raw follower of 3.x is told. */
async function told(port: number): Promise<unknown> {
  const socket = connect(port, '127.0.0.1');
  socket.write(registration);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return serializeJson().decode(chunk.subarray(24 + chunk.readUInt32BE(16)));
}

/** A program of another user, who may not read our files. */
async function stranger(t: TestContext, program: string, port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', program, String(port)], {
    uid: NOBODY,
    gid: NOBODY,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  });
  return child;
}

describe('where processes of 3.x belong to the group', () => {
  it('one of another user is not served', { skip }, async (t) => {
    const { client, options } = await ours(t);
    await client.ready();
    assert.deepEqual(await told(options.port), { success: true });
    const program = `
      const socket = require('node:net').connect(Number(process.argv[1]), '127.0.0.1');
      socket.write(Buffer.from('${registration.toString('hex')}', 'hex'));
      socket.on('data', (chunk) => process.stdout.write(chunk));`;
    const child = await stranger(t, program, options.port);
    const [chunk] = (await once(child.stdout ?? assert.fail(), 'data')) as [Buffer];
    const answer = serializeJson().decode(chunk.subarray(24 + chunk.readUInt32BE(16)));
    assert.equal((answer as { error: { code: string } }).error.code, 'ERR_CLUSTER_AUTH');
    assert.equal(status(client).followers, 0);
  });

  it('one of another user is not followed', { skip }, async (t) => {
    const port = await freePort();
    const answer = v1Bytes('response', 1, '{"type":"register_channel_res"}', "'success^^^^$0|-1]'");
    const program = `
      require('node:net').createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.write(Buffer.from('${answer.toString('hex')}', 'hex')));
      }).listen(Number(process.argv[1]), '127.0.0.1', () => process.stdout.write('listening'));`;
    const child = await stranger(t, program, port);
    await once(child.stdout ?? assert.fail(), 'data');
    const { client } = await ours(t, { port });
    await assert.rejects(client.ready(), { code: 'ERR_CLUSTER_AUTH', message: /uid 65534/ });
    assert.equal(status(client).role, undefined);
  });

  it('a follower of 3.x that is stopped skips to the newest value, and costs the others nothing', async (t) => {
    const { join } = await group(t);
    const leader = join('4');
    await leader.ask('ready');
    const [stopped, other] = [join('3'), join('3')];
    for (const follower of [stopped, other]) {
      await follower.ask('ready');
      await follower.ask('subscribe', { key: 'large' }, 'large');
      await follower.call('echo', 'the leader has the subscription');
    }
    stopped.child.kill('SIGSTOP');
    const padding = 'x'.repeat(1024 * 1024);
    for (let number = 1; number <= 60; number += 1) await leader.call('set', 'large', { number, padding });
    await other.until('large', (values) => numberOf(values.at(-1)) === 60);
    stopped.child.kill('SIGCONT');
    const values = await stopped.until('large', (all) => numberOf(all.at(-1)) === 60);
    assert.ok(values.length < 40, `${values.length} of 60 values were kept for it`);
  });

  it('a copy of 3.x in the same process follows ours, and ours follows it', async (t) => {
    const three = createRequire(import.meta.url)('cluster-client-3') as typeof cluster;
    for (const isOursFirst of [true, false]) {
      const port = await freePort();
      const options = { port, runtimeDir: temporaryFolder(t), logger: quietLogger() };
      const make = [
        () => cluster(Registry, { ...options, interop: '3.x' }).create(),
        () => three(Registry, options).create(),
      ];
      if (!isOursFirst) make.reverse();
      const clients = [];
      for (const create of make) {
        const client = create();
        client.on('error', () => {});
        await client.ready();
        clients.push(client);
      }
      assert.deepEqual(
        clients.map((client) => client.isClusterClientLeader),
        [true, false],
      );
      assert.equal(await clients[1]?.echo('by the loopback address'), 'by the loopback address');
      // The one's close takes the other's client. Followers go first: they would lead next.
      for (const client of clients.reverse()) await close(client);
    }
  });

  it('is not set by anything but 3.x', async (t) => {
    assert.throws(() => cluster(Registry, { interop: '2.x' as '3.x' }), { code: 'ERR_CLUSTER_OPTION' });
    const before = process.env['CLUSTER_CLIENT_INTEROP'];
    t.after(() => {
      if (before === undefined) delete process.env['CLUSTER_CLIENT_INTEROP'];
      else process.env['CLUSTER_CLIENT_INTEROP'] = before;
    });
    process.env['CLUSTER_CLIENT_INTEROP'] = '3.x';
    const { client } = await ours(t, { interop: undefined });
    assert.equal(client.options.interop, '3.x');
    const { port } = cluster(Registry, { singleMode: true }).create().options;
    assert.equal(port, 7777);
    process.env['CLUSTER_CLIENT_INTEROP'] = 'yes';
    assert.throws(() => cluster(Registry), { code: 'ERR_CLUSTER_OPTION', message: /CLUSTER_CLIENT_INTEROP/ });
  });
});

describe('where they do not', () => {
  it('a follower of 3.x is told so and kept until its time is over, so that it does not come again at once', async (t) => {
    const { client, options, logger } = await ours(t, { interop: undefined, connectTimeout: 500 });
    await client.ready();
    const socket = connect(options.port, '127.0.0.1');
    socket.write(registration);
    const start = performance.now();
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    const answer = serializeJson().decode(chunk.subarray(24 + chunk.readUInt32BE(16)));
    assert.equal((answer as { error: { code: string } }).error.code, 'ERR_CLUSTER_PEER_VERSION');
    await once(socket, 'close');
    assert.ok(performance.now() - start > 400, 'it was closed at once');
    await until(() => status(client).refused.strangers === 1);
    assert.equal(logger.warnings.filter((warning) => warning.includes("interop: '3.x'")).length, 1);
  });
});

function numberOf(value: unknown): unknown {
  return (Object(value) as { number?: number }).number;
}
