// What do n processes with clients of m services cost, with a connection each and with shared ones? At a real server.
import { freePort } from '../harness/free-port.js';
import { hasRedis, startRedis } from '../harness/redis-server.js';
import { alone } from '../harness/run.js';
import { Stage } from '../harness/stage.js';

const PROCESSES = 8;
const SERVICES = 4;
const CASE = `${PROCESSES} processes × ${SERVICES} services`;
const KB = 1_024;

let server;
let starting;

export const question = {
  name: 'sharing',
  title: 'Upstream connections with and without sharing, at a Redis server',
  reference: 'shared',
  isAbsent: () => !hasRedis() && 'Not asked: there is no redis-server on this machine.',
  figures: {
    connections: { text: 'connections', unit: 'at the server' },
    server: { text: 'memory of server', unit: 'KB more' },
    processes: { text: 'memory of processes', unit: 'MB more' },
    ms: { text: 'all ready after', unit: 'ms' },
  },
  maxRounds: 5,
  chart: [
    { title: 'connections at the server', case: CASE, figures: ['connections'] },
    { title: 'memory of the server, KB', case: CASE, figures: ['server'] },
    { title: 'memory of the processes, MB', case: CASE, figures: ['processes'] },
    { title: 'all ready after, ms', case: CASE, figures: ['ms'] },
  ],
  scenes: [
    {
      entrants: [{ name: 'shared' }, { name: 'apart' }],
      cases: [{ name: CASE }],
      isLong: true,
      async prepare() {
        starting ??= startRedis();
        server = await starting;
      },
      // An application starts only once, so each round has processes of its own.
      async measure({ entrant }) {
        await server.empty();
        const before = await server.counts();
        const settings = { port: server.port, services: SERVICES, clusterPort: await freePort() };
        const stage = await Stage.open(`services-${entrant.name}`, { followers: PROCESSES, settings });
        try {
          const resident = async () => (await stage.all('resident')).reduce((sum, bytes) => sum + bytes, 0);
          const idle = await resident();
          const ready = await stage.all('perform', { what: 'open' });
          const { connections, bytes } = await server.counts();
          return {
            connections,
            server: (bytes - before.bytes) / KB,
            processes: ((await resident()) - idle) / KB / KB,
            ms: Math.max(...ready),
          };
        } finally {
          await stage.close();
        }
      },
      async end() {
        server.stop();
        starting = undefined;
      },
    },
  ],
};

await alone(import.meta.url, question);
