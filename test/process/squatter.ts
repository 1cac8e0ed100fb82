import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

/** What a program of another user does on a port that we want. */
export type Manner =
  | 'says nothing'
  | 'is stopped'
  | 'drips'
  | 'closes'
  | 'resets'
  | 'speaks HTTP'
  | 'answers as a leader of 3.x'
  | 'forges a challenge'
  | 'forges a goodbye'
  | 'echoes'
  | 'relays';

export const NOBODY = 65_534;

/** Runs as another user, who may not read our files: so it has no imports but Node's own. */
const PROGRAM = `
const { createServer, connect } = require('node:net');
const { manner, port, target } = JSON.parse(process.argv[1]);
const header = (version, kind, type, connection) => {
  const bytes = Buffer.alloc(24 + connection.length);
  bytes[0] = version; bytes[1] = kind; bytes[2] = type;
  bytes.writeUInt32BE(1, 8);
  bytes.writeUInt32BE(connection.length, 16);
  connection.copy(bytes, 24);
  return bytes;
};
const text = (string) => Buffer.concat([Buffer.from([0, 0, 0, string.length]), Buffer.from(string)]);
const v1 = (value) => header(1, 1, 0, Buffer.from(JSON.stringify(value)));
const forged = Buffer.concat([Buffer.of(2), Buffer.alloc(32, 7), Buffer.of(1), Buffer.alloc(32, 9)]);
const welcome = Buffer.concat([Buffer.alloc(32), Buffer.alloc(7), Buffer.of(9), Buffer.alloc(4), text('msgpack'), Buffer.alloc(4)]);
const value = Buffer.concat([Buffer.alloc(7), Buffer.of(1), Buffer.alloc(4), Buffer.from('{"key":"database.url"}')]);
const acts = {
  'says nothing': () => {},
  'is stopped': () => {},
  drips: (socket) => {
    let sent = 0;
    const timer = setInterval(() => socket.write(header(2, 1, 1, forged).subarray(sent, ++sent)), 40);
    socket.on('close', () => clearInterval(timer));
  },
  closes: (socket) => socket.end(),
  resets: (socket) => socket.resetAndDestroy(),
  'speaks HTTP': (socket) => socket.write('HTTP/1.1 400 Bad Request\\r\\nConnection: close\\r\\n\\r\\n'),
  'answers as a leader of 3.x': (socket) =>
    socket.write(Buffer.concat([v1({ type: 'register_channel_res' }), v1({ type: 'subscribe_result', key: '{"key":"database.url"}' })])),
  'forges a challenge': (socket) =>
    socket.write(Buffer.concat([header(2, 1, 1, forged), header(2, 1, 3, welcome), header(2, 0, 22, value)])),
  'forges a goodbye': (socket) =>
    socket.write(header(2, 0, 27, Buffer.concat([text('ERR_CLUSTER_LEADER_LEFT'), text('FORGED')]))),
  echoes: (socket) => socket.pipe(socket),
  relays: (socket) => {
    const upstream = connect(target, '127.0.0.1');
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    socket.on('data', (chunk) => upstream.write(chunk));
    upstream.on('data', (chunk) => socket.write(chunk));
    upstream.on('close', () => socket.end());
  },
};
const server = createServer((socket) => {
  socket.on('error', () => {});
  socket.on('data', (chunk) => process.stdout.write(chunk.toString('hex') + '\\n'));
  acts[manner](socket);
});
server.listen(port, '127.0.0.1', () => process.stdout.write('listening ' + server.address().port + '\\n'));
`;

/** A process of user nobody that holds a port. */
export class Squatter {
  readonly child: ChildProcess;
  #output = '';

  constructor(t: TestContext, manner: Manner, port = 0, target = 0) {
    const settings = JSON.stringify({ manner, port, target });
    // Not our folder: it may be closed to others.
    const options = { uid: NOBODY, gid: NOBODY, cwd: '/', env: {} };
    this.child = spawn(process.execPath, ['-e', PROGRAM, settings], {
      ...options,
      stdio: ['ignore', 'pipe', 2],
    });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.#output += chunk;
    });
    t.after(() => this.kill());
  }

  /** Resolves with the port when it has it. */
  async port(): Promise<number> {
    for (;;) {
      const found = /^listening (\d+)$/m.exec(this.#output)?.[1];
      if (found) return Number(found);
      await once(this.child.stdout as NodeJS.ReadableStream, 'data');
    }
  }

  /** All that it was told. */
  get heard(): Buffer {
    const lines = this.#output.split('\n').filter((line) => /^[0-9a-f]+$/.test(line));
    return Buffer.concat(lines.map((line) => Buffer.from(line, 'hex')));
  }

  stop(): void {
    this.child.kill('SIGSTOP');
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}
