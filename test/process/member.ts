// A process of a test's group. Started by members.ts with its settings as argument; speaks over the IPC channel.
import { close, cluster, invoke, status, watchStatus } from 'cluster-client';
import { RegistryClient } from '../helpers/registry-client.js';
import type { Command, MemberSettings, Report } from './members.js';

const settings = JSON.parse(process.argv[2] ?? '{}') as MemberSettings;
const report = (one: Report) => process.send?.(one);
let failures = settings.failFirst ?? 0;
const real = new Map<string, RegistryClient>();

type Client = ReturnType<typeof open>;
const clients = new Map<string, Client>();

function open(name: string, more: Record<string, unknown> = {}) {
  const onBuild = (client: RegistryClient) => {
    real.set(name, client);
    report({ type: 'built', name });
    client.on('published', (reg) => report({ type: 'published', name, reg }));
  };
  const logger = { info() {}, warn() {}, error() {} };
  const client = cluster(RegistryClient, { logger, ...settings.options, ...more, name })
    .delegate('oneway', 'invokeOneway')
    .create({
      onBuild,
      ...(settings.closeTakes !== undefined && { closeTakes: settings.closeTakes }),
      get failWith() {
        return failures-- > 0 ? new Error('cannot start') : undefined;
      },
    });
  client.on('error', (error: Error) => report({ type: 'error', name, message: String(error) }));
  client.ready(
    (error) =>
      error &&
      report({ type: 'failed', name, code: (error as { code?: string }).code, message: error.message }),
  );
  void (async () => {
    for await (const { state, role, ready, epoch, leaderPid } of watchStatus(client)) {
      report({ type: 'status', name, state, role, ready, epoch, leaderPid });
    }
  })();
  return client;
}

for (const name of settings.channels) clients.set(name, open(name));

function outcome(
  client: Client,
  { name, id, method, args = [], options }: Command & { type: 'invoke' },
): void {
  const start = performance.now();
  const done = (result: { value?: unknown; code?: string; outcome?: string }) =>
    report({ type: 'outcome', name, id, ms: performance.now() - start, ...result });
  invoke(client, method as 'getAsync', args, options).then(
    (value) => done({ value }),
    ({ code, outcome }: { code: string; outcome: string }) => done({ code, outcome }),
  );
}

async function flood({ name, key, from = 1, count, bytes }: Command & { type: 'flood' }): Promise<void> {
  for (let number = from; number < from + count; number += 1) {
    real.get(name)?.push(key, { number, padding: 'x'.repeat(bytes) });
    await new Promise((resolve) => setImmediate(resolve));
  }
  report({ type: 'flooded', name });
}

// A test that is cut short leaves no process behind, which would keep the run from ending.
let isLeaving = false;
process.on('disconnect', () => {
  if (!isLeaving) process.exit();
});

process.on('message', (command: Command) => {
  const { name } = command;
  if (command.type === 'open') clients.set(name, open(name, command.options));
  const client = clients.get(name);
  if (!client) return;
  switch (command.type) {
    case 'invoke':
      outcome(client, command);
      break;
    case 'oneway':
      client.oneway(command.value);
      break;
    case 'unsubscribe':
      client.unSubscribe({ key: command.key });
      break;
    case 'memory':
      globalThis.gc?.();
      report({ type: 'memory', name, heapBytes: process.memoryUsage().heapUsed });
      break;
    case 'status':
      report({ type: 'snapshot', name, status: { ...status(client), error: undefined } });
      break;
    case 'noted': {
      const { method } = command;
      report({ type: 'noted', name, method, calls: real.get(name)?.callsOf(method) ?? [] });
      break;
    }
    case 'subscribe':
      client.subscribe({ key: command.key }, (value) => {
        const { number } = Object(value) as { number?: number };
        report({ type: 'value', name, key: command.key, value: number ?? value });
      });
      break;
    case 'publish':
      client.publish({ key: command.key, value: command.value });
      break;
    case 'push':
      real.get(name)?.push(command.key, command.value);
      break;
    case 'flood':
      void flood(command);
      break;
    case 'call':
      client.whereAmI().then(
        (place) => report({ type: 'answer', name, pid: (place as { pid: number }).pid }),
        (error: Error) => report({ type: 'error', name, message: String(error) }),
      );
      break;
    case 'close':
      // Then nothing keeps this process alive: it has to end by itself.
      close(client).then(
        () => {
          report({ type: 'closed', name });
          clients.delete(name);
          if (clients.size > 0) return;
          isLeaving = true;
          process.disconnect();
        },
        (error: Error) => report({ type: 'error', name, message: `${error} ${status(client).state}` }),
      );
      break;
  }
});
