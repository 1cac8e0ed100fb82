// What the agent and the workers share: the one client, the reports to the master, and leaving when it lets go.
import cluster from 'node:cluster';
import { type ClusterClient, cluster as share, watchStatus } from 'cluster-client';
import { ConfigDirectoryClient } from './client.js';
import type { News, Report } from './messages.js';

export type SharedClient = ClusterClient<ConfigDirectoryClient>;

/** Resolves when this process leads or follows and has subscribed to every file that there is. */
export async function join(): Promise<SharedClient> {
  const { CONFIG_DIRECTORY: directory } = process.env;
  if (directory === undefined) throw new Error('CONFIG_DIRECTORY is not set: start main.js instead');
  const client = share(ConfigDirectoryClient).create({ directory });
  client.on('error', (error: Error) => console.error(`pid ${process.pid}: ${error}`));
  void reportRoles(client);
  await client.ready();
  for (const file of await client.listConfigs()) {
    client.subscribe({ file }, (config) => report({ type: 'config', config }));
  }
  return client;
}

export function report(news: News): void {
  const message: Report = { ...news, at: Date.now(), upstreamClients: ConfigDirectoryClient.alive };
  // An error means that the master has gone, and with it the need to know.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

/** Calls `leave` once the master lets go of this process, on purpose or because it died. */
export function onRelease(leave: () => Promise<void>): void {
  process.on('SIGINT', () => {}); // Ctrl-C reaches every process of the terminal; the master ends them in order
  process.on('SIGTERM', () => (cluster.worker ? cluster.worker.disconnect() : process.disconnect()));
  if (process.connected) process.once('disconnect', leave);
  else void leave();
}

async function reportRoles(client: SharedClient): Promise<void> {
  for await (const { ready, role, epoch } of watchStatus(client)) {
    report({ type: 'role', role: ready ? role : undefined, epoch: ready ? epoch : undefined });
  }
}
