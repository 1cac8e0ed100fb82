// Clients of a few services, in each of several processes: the services are one Redis server, as each has a connection
// of its own all the same.
import { Redis } from 'ioredis';

/** @returns a client whose connection is there. */
async function connected(port) {
  const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true });
  await redis.connect();
  return redis;
}

/** @param open `(service, address)` returns a client with `get(key)` that is ready. */
export function servicesContender(open) {
  return {
    async lead({ port, services, clusterPort, folder }) {
      return { address: { port, services, clusterPort, folder } };
    },

    async follow(address) {
      const clients = [];
      return {
        /** As at the start of an application. @returns ms until all are ready and have answered once. */
        async open() {
          const from = performance.now();
          const names = Array.from({ length: address.services }, (_, n) => `service ${n}`);
          clients.push(...(await Promise.all(names.map((name) => open(name, address)))));
          await Promise.all(clients.map((client) => client.get('key')));
          return performance.now() - from;
        },
      };
    },
  };
}

export { connected };
