// One of the HTTP workers: follows whoever leads, and takes over if nobody does.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { close } from 'cluster-client';
import { join, onRelease, report } from './member.js';
import { respond } from './routes.js';

const { PORT = '0' } = process.env;
const client = await join();
const server = createServer((request, response) => void respond(client, request, response));
server.listen(Number(PORT)); // node:cluster gives every worker the same free port for 0
await once(server, 'listening');

onRelease(async () => {
  server.close();
  await once(server, 'close'); // requests under way still need the client
  await close(client);
});
const address = server.address();
report(typeof address === 'object' && address ? { type: 'ready', port: address.port } : { type: 'ready' });
