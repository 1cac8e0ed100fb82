// The remote service that all members share: its keys change every ms. Nobody harms this process.
import { createServer, type Socket } from 'node:net';
import { Bookkeeper } from './bookkeeper.js';
import { now } from './clock.js';
import { onLine, sendLine } from './lines.js';
import { KEYS, type Reply, type Request, type UpstreamCommand, type UpstreamReport } from './messages.js';

const report = (one: UpstreamReport) => process.send?.(one);
const bookkeeper = new Bookkeeper();
const values: Record<string, number> = {};
const subscribers = new Map(KEYS.map((key) => [key, new Set<Socket>()]));
const send = (socket: Socket, reply: Reply) => sendLine(socket, reply);

let counter = 0;
const ticking = setInterval(() => {
  counter += 1;
  const key = `k${counter % KEYS.length}`;
  values[key] = counter;
  for (const socket of subscribers.get(key) ?? []) send(socket, { key, n: counter });
}, 1);

const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const sockets of subscribers.values()) sockets.delete(socket);
  });
  onLine(socket, (request) => receive(socket, request as Request));
});

function receive(socket: Socket, request: Request): void {
  const accepted = bookkeeper.act(request, now());
  send(socket, { id: request.id, refused: !accepted });
  if (!accepted) return;
  if (request.kind === 'unsubscribe') subscribers.get(request.key)?.delete(socket);
  if (request.kind !== 'subscribe') return;
  const { key } = request;
  subscribers.get(key)?.add(socket);
  const newest = values[key];
  if (newest !== undefined) send(socket, { key, n: newest });
}

server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number };
  report({ type: 'listening', port });
});

process.on('message', ({ type }: UpstreamCommand) => {
  if (type === 'freeze') clearInterval(ticking);
  report({ type: 'ledger', ledger: bookkeeper.ledger(values) });
});
process.on('disconnect', () => process.exit());
if (!process.connected) process.exit();
