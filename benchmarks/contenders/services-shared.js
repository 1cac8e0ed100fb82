// The processes share one client of each service.
import cluster from 'cluster-client';
import { connected, servicesContender } from './services.js';

class Service {
  #redis;

  constructor({ port }) {
    this.#redis = connected(port);
  }

  async ready() {
    await this.#redis;
  }

  async get(key) {
    return (await this.#redis).get(key);
  }
}

export default servicesContender(async (name, { port, clusterPort, folder }) => {
  const client = cluster(Service, { name, port: clusterPort, runtimeDir: folder }).create({ port });
  await client.ready();
  return client;
});
