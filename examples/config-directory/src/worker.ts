// One of the HTTP workers: follows whoever leads, and takes over if nobody does.
import { createServer } from 'node:http';
import { close } from 'cluster-client';
import { join, onRelease, report } from './member.js';
import { respond } from './routes.js';

const { PORT = '0' } = process.env;
const client = await join();
const server = createServer((request, response) => void respond(client, request, response));

onRelease(async () => {
  await new Promise((resolve) => server.close(resolve)); // requests under way still need the client
  await close(client);
});

// node:cluster gives every worker the same port, also for 0.
server.listen(Number(PORT), () => {
  const address = server.address();
  if (typeof address === 'object' && address) report({ type: 'ready', port: address.port });
});
