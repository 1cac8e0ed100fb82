// A thread of a test's group. Started by threads.test.ts; speaks over its parent port.
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { type ClusterOptions, close, cluster, watchStatus } from 'cluster-client';
import { RegistryClient } from '../helpers/registry-client.js';
import type { ThreadCommand, ThreadReport } from './threads.js';

const report = (one: ThreadReport) => parentPort?.postMessage(one);
const logger = { info() {}, warn() {}, error() {} };
const client = cluster(RegistryClient, { ...(workerData as ClusterOptions), logger, name: 'config' }).create({
  onBuild: (real) => {
    report({ type: 'built' });
    real.on('published', ({ value }) => report({ type: 'published', value }));
  },
});

parentPort?.on('message', async (command: ThreadCommand) => {
  switch (command.type) {
    case 'call':
      report({ type: 'answer', value: await client.getAsync(command.value) });
      break;
    case 'publish':
      client.publish({ key: 'thread', value: command.value });
      break;
    case 'block':
      // Not a timer: the whole thread stands still.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, command.ms);
      break;
    case 'close':
      await close(client);
      // What is still to be heard of the last status.
      await sleep(0);
      parentPort?.close();
  }
});

for await (const { role, ready, epoch } of watchStatus(client))
  report({ type: 'status', role, ready, epoch });
