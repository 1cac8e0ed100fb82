// A crowd of sockets that never prove themselves. Started by crowd.long.ts with { port, idle, drip } as argument; says
// 'open' when all are connected, and 'closed' with the ms that it took since when all were closed by the other side.
import { connect, type Socket } from 'node:net';

const { port, idle, drip } = JSON.parse(process.argv[2] ?? '{}') as Record<'port' | 'idle' | 'drip', number>;
/** The header of a frame that a stranger may send, and a little of its body; it never ends. */
const BYTES = Buffer.concat([Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]), Buffer.alloc(12)]);
BYTES.writeUInt32BE(4096, 16);
const total = idle + drip;
let opened = 0;
let closed = 0;
let since = 0;

function told(): void {
  if (closed === total) process.send?.({ type: 'closed', ms: performance.now() - since });
}

function dripping(socket: Socket): void {
  let sent = 0;
  const timer = setInterval(() => {
    socket.write(BYTES.subarray(sent % BYTES.length, (sent % BYTES.length) + 1));
    sent += 1;
  }, 20);
  socket.once('close', () => clearInterval(timer));
}

for (let index = 0; index < total; index += 1) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.once('connect', () => {
    opened += 1;
    if (index >= idle) dripping(socket);
    if (opened === total) {
      since = performance.now();
      process.send?.({ type: 'open' });
      told();
    }
  });
  socket.once('close', () => {
    closed += 1;
    if (opened === total) told();
  });
}
process.on('disconnect', () => process.exit());
