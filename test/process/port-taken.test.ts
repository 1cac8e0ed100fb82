import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { close, cluster } from 'cluster-client';
import { freePort } from '../helpers/free-port.js';
import { isolated } from '../helpers/isolated.js';
import { RegistryClient } from '../helpers/registry-client.js';
import { clusterPorts } from './members.js';

async function listening(t: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

const TAKEN = 'ERR_CLUSTER_PORT_TAKEN';
const strangers: [string, string, () => Server][] = [
  [
    'an HTTP server',
    'ERR_CLUSTER_PORT_HTTP',
    () => createHttpServer((_request, response) => response.end('hello')),
  ],
  [
    'a server that speaks first',
    TAKEN,
    () => createServer((socket) => socket.write('220 mail.example ESMTP\r\n')),
  ],
  ['a server that closes every connection', TAKEN, () => createServer((socket) => socket.destroy())],
  ['a server that never says a word', 'ERR_CLUSTER_PORT_SILENT', () => createServer(() => {})],
  ['an echo server', TAKEN, () => createServer((socket) => socket.pipe(socket))],
];

describe('a given port', () => {
  for (const [name, code, create] of strangers) {
    it(`that is held by ${name} fails ready with a code, option and value, and says which process it is`, async (t) => {
      const port = await listening(t, create());
      for (const isLeader of [undefined, true, false]) {
        const client = cluster(RegistryClient, {
          ...isolated(t),
          port,
          isLeader,
        }).create({});
        await assert.rejects(
          client.ready(),
          (error: Error & { code: string; option: string; value: number }) => {
            assert.equal(error.code, code);
            assert.equal(error.option, 'port');
            assert.equal(error.value, port);
            assert.match(error.message, new RegExp(`port ${port} on 127.0.0.1`));
            // One that closes without a word may be a hub of ours that goes, which is not looked up each time.
            if (process.platform === 'linux' && !name.includes('closes'))
              assert.match(error.message, new RegExp(`process ${process.pid} \\(.*\\) of uid`));
            return true;
          },
        );
        await close(client);
      }
    });
  }

  it('is taken as soon as the stranger has gone', async (t) => {
    const server = createServer((socket) => socket.end('go away'));
    const port = await listening(t, server);
    const client = cluster(RegistryClient, { ...isolated(t), port }).create({});
    t.after(() => close(client));
    await assert.rejects(client.ready(), { code: 'ERR_CLUSTER_PORT_TAKEN' });
    server.close();
    while (!client.isReady) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(client.isClusterClientLeader, true);
  });

  it('that is held by a group with another secret fails ready, and shows no secret (3.7.0: takes its configuration)', async (t) => {
    const options = isolated(t);
    const port = await freePort();
    const ours = cluster(RegistryClient, { ...options, port, secret: 'a secret of sixteen bytes' }).create(
      {},
    );
    await ours.ready();
    const theirs = cluster(RegistryClient, {
      ...options,
      port,
      secret: 'another secret of that size',
    }).create({});
    t.after(() => Promise.all([close(ours), close(theirs)]));
    await assert.rejects(theirs.ready(), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_CLUSTER_AUTH');
      assert.doesNotMatch(
        `${error.message} ${error.stack} ${JSON.stringify(error)}`,
        /sixteen|another secret/,
      );
      return true;
    });
    assert.ok(ours.isReady);
  });
});

describe('a derived port', () => {
  it('that a stranger holds is passed over for the next, by all processes alike', async (t) => {
    const options = isolated(t);
    const first = cluster(RegistryClient, options).create({});
    await first.ready();
    await close(first);
    const [port] = clusterPorts(options);
    const stranger = createHttpServer();
    stranger.listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    t.after(() => stranger.close());
    const clients = [1, 2].map(() => cluster(RegistryClient, options).create({}));
    t.after(() => Promise.all(clients.map((client) => close(client))));
    await Promise.all(clients.map((client) => client.ready()));
    assert.equal(clients.filter((client) => client.isClusterClientLeader).length, 1);
  });
});

describe('processes with one secret and different runtime folders', () => {
  it('are told so instead of electing two leaders', async (t) => {
    const port = await freePort();
    const secret = 'a secret of sixteen bytes';
    const group = 'two folders';
    const first = cluster(RegistryClient, { ...isolated(t), group, port, secret }).create({});
    await first.ready();
    const second = cluster(RegistryClient, { ...isolated(t), group, port, secret }).create({});
    t.after(() => Promise.all([close(first), close(second)]));
    await assert.rejects(second.ready(), { code: 'ERR_CLUSTER_RUNTIME', message: /same runtimeDir/ });
  });
});
