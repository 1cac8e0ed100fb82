import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, createServer, type ListenOptions } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { describeListener, listenerAt, peerOwner } from '../../lib/port-holder.js';
import { temporaryFolder } from '../helpers/folder.js';
import { isPending } from '../helpers/until.js';

const NOBODY = 65534;
const HOST = '127.0.0.1';
const uid = process.getuid?.() ?? -1;
const notRoot = uid !== 0 && 'only root can be somebody else';
const notLinux = process.platform !== 'linux' && 'only Linux tells';
const noIPv6 = !existsSync('/proc/net/if_inet6') && 'a host without IPv6';

/** Without the usual limit of time: others may need this machine as well. */
async function holderOf(port: number, host = HOST) {
  const socket = await listenerAt({ host, port }, 30_000);
  if (!socket) return undefined;
  const text = await describeListener(socket, 30_000);
  const [, pid, command] =
    /^(?:a process|process (\d+)(?: \((.*)\))?) of uid \d+$/.exec(text) ?? assert.fail(text);
  return { uid: socket.uid, ...(pid && { pid: Number(pid) }), ...(command && { command }) };
}

/** Root may not always, such as in a container. */
function maySee(pid: number | undefined): boolean {
  try {
    readlinkSync(`/proc/${pid}/fd/0`);
    return true;
  } catch {
    return false;
  }
}

async function listening(t: TestContext, options: ListenOptions): Promise<number> {
  const server = createServer().listen({ port: 0, ...options });
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as { port: number }).port;
}

const LISTENS = `const server = require('node:net').createServer().listen(0, '${HOST}', () =>
  process.stdout.write(String(server.address().port)))`;

/** A process of its own that listens. */
async function listeningChild(
  t: TestContext,
  { argv0 = 'node', user }: { argv0?: string; user?: number } = {},
): Promise<{ port: number; pid: number | undefined }> {
  const child: ChildProcess = spawn(process.execPath, ['-e', LISTENS], {
    argv0,
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(user !== undefined && { uid: user, gid: user }),
  });
  const exited = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  assert.ok(child.stdout);
  const [port] = await once(child.stdout, 'data');
  return { port: Number(port), pid: child.pid };
}

describe('the holder of a port', { skip: notLinux }, () => {
  it('is this process where it listens itself', async (t) => {
    const holder = await holderOf(await listening(t, { host: HOST }));
    assert.equal(holder?.uid, uid);
    assert.equal(holder?.pid, process.pid);
    assert.match(holder?.command ?? '', /port-holder\.test\.js|…$/);
  });

  it('is found where it listens on all addresses', async (t) => {
    assert.equal((await holderOf(await listening(t, { host: '0.0.0.0' })))?.pid, process.pid);
  });

  it('is found where it listens on all addresses of both families', { skip: noIPv6 }, async (t) => {
    assert.equal((await holderOf(await listening(t, { host: '::' })))?.pid, process.pid);
  });

  it('is found where it listens on the address in its IPv6 form', { skip: noIPv6 }, async (t) => {
    assert.equal((await holderOf(await listening(t, { host: `::ffff:${HOST}` })))?.pid, process.pid);
  });

  it('is not who listens on the port of another address', { skip: noIPv6 }, async (t) => {
    assert.equal(await holderOf(await listening(t, { host: '::1' })), undefined);
    assert.equal(await holderOf(await listening(t, { host: '127.0.0.2' })), undefined);
  });

  it('is nobody once it has closed', async () => {
    const server = createServer().listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    assert.ok(await holderOf(port));
    server.close();
    await once(server, 'close');
    assert.equal(await holderOf(port), undefined);
  });

  it('is another process, with its command', async (t) => {
    const { port, pid } = await listeningChild(t);
    const holder = await holderOf(port);
    assert.deepEqual({ ...holder, command: '' }, { uid, pid, command: '' });
    assert.match(holder?.command ?? '', /^node -e const server/);
  });

  it('has a command that is cut and without control characters, whatever it calls itself', async (t) => {
    const { port } = await listeningChild(t, { argv0: 'two\nlines\x1b[31m \u202ebackwards' });
    const { command = '' } = (await holderOf(port)) ?? {};
    assert.ok(command.startsWith('two?lines?[31m ?backwards -e const'), command);
    assert.equal([...command].length, 80);
    assert.ok(command.endsWith('…'));
  });

  it('is another user', { skip: notRoot }, async (t) => {
    const { port, pid } = await listeningChild(t, { user: NOBODY });
    const holder = await holderOf(port);
    assert.equal(holder?.uid, NOBODY);
    assert.equal(holder?.pid, maySee(pid) ? pid : undefined);
  });

  it('is a process of another user than the socket, where it was handed over', {
    skip: notRoot,
  }, async (t) => {
    const server = createServer().listen(0, HOST);
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const takes = "process.on('message', (_, server) => process.send('taken'))";
    const child = spawn(process.execPath, ['-e', takes], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: '/',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const exited = once(child, 'exit');
    t.after(async () => {
      child.kill('SIGKILL');
      await exited;
    });
    child.send('take', server);
    await once(child, 'message');
    server.close();
    await once(server, 'close');
    const holder = await holderOf(port);
    assert.equal(holder?.uid, uid);
    assert.equal(holder?.pid, maySee(child.pid) ? child.pid : undefined);
  });

  it('is known by its user alone where we may not look into its process', { skip: notRoot }, async (t) => {
    const { port } = await listeningChild(t);
    process.seteuid?.(NOBODY);
    try {
      assert.deepEqual(await holderOf(port), { uid: 0 });
    } finally {
      process.seteuid?.(0);
    }
  });

  it('is found among more who listen than one read of the table gives', async (t) => {
    const ports = await Promise.all(Array.from({ length: 60 }, () => listening(t, { host: HOST })));
    for (const port of ports) assert.equal((await holderOf(port))?.uid, uid);
  });

  it('is not told of what is no IPv4 address', async (t) => {
    const port = await listening(t, { host: HOST });
    for (const host of ['localhost', '::1', `${HOST}.5`, 'memory', '']) {
      assert.equal(await holderOf(port, host), undefined);
    }
  });
});

/** Sets how many file descriptors this process may have. @returns what puts it back. */
function limitDescriptors(most: number): () => void {
  const limit = (soft: string | number) =>
    execFileSync('prlimit', ['--pid', `${process.pid}`, `--nofile=${soft}:`]);
  const before = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  limit(most);
  return () => limit(before ?? '');
}

async function withoutDescriptors<T>(ask: () => Promise<T>): Promise<T> {
  const files: number[] = [];
  const unlimit = limitDescriptors(200);
  try {
    assert.throws(() => {
      for (;;) files.push(openSync('/dev/null', 'r'));
    }, /EMFILE/);
    return await ask();
  } finally {
    for (const file of files) closeSync(file);
    unlimit();
  }
}

describe('asking for the holder of a port', { skip: notLinux }, () => {
  it('gives nothing while no file descriptor is left, and no error', async (t) => {
    const port = await listening(t, { host: HOST });
    assert.equal(await withoutDescriptors(() => holderOf(port)), undefined);
    assert.ok(await holderOf(port));
  });

  it('looks at the lowest thousand file descriptors of a process, and no further', async (t) => {
    const files: number[] = [];
    const unlimit = limitDescriptors(2_000);
    const open = (count: number) => {
      while (files.length < count) files.push(openSync('/dev/null', 'r'));
    };
    try {
      open(500);
      const early = await listening(t, { host: HOST });
      open(1_500);
      const late = await listening(t, { host: HOST });
      assert.equal((await holderOf(early))?.pid, process.pid);
      assert.deepEqual(await holderOf(late), { uid });
    } finally {
      for (const file of files) closeSync(file);
      unlimit();
    }
  });

  it('gives up while other work keeps every thread of the pool', async (t) => {
    const port = await listening(t, { host: HOST });
    const pipe = join(temporaryFolder(t), 'pipe');
    execFileSync('mkfifo', [pipe]);
    // Opening a pipe for reading takes as long as nobody writes to it. More than the pool has threads.
    const busy = Promise.all(Array.from({ length: 100 }, () => open(pipe, 'r')));
    try {
      assert.equal(await listenerAt({ host: HOST, port }), undefined);
      assert.equal(await describeListener({ uid: 7, inode: '1' }), 'a process of uid 7');
      assert.ok(await isPending(busy));
    } finally {
      const writer = openSync(pipe, 'r+');
      for (const file of await busy) await file.close();
      closeSync(writer);
    }
    assert.ok(await holderOf(port));
  });
});

describe('the owner of the other end of a connection', { skip: notLinux }, () => {
  it('is found for a connection of this process, and is nobody for one that is not there', async () => {
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const peer = `127.0.0.1:${socket.localPort}`;
    assert.equal(await peerOwner(peer, `127.0.0.1:${port}`, 5_000), process.getuid?.());
    assert.equal(await peerOwner('127.0.0.1:1', '127.0.0.1:2', 5_000), -1);
    socket.destroy();
    server.close();
  });

  it('is nobody while no file descriptor is left to look it up: a stranger could have seen to that', async () => {
    assert.equal(await withoutDescriptors(() => peerOwner('127.0.0.1:1', '127.0.0.1:2', 5_000)), -1);
  });
});
