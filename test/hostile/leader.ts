// The process that is attacked. Started by stage.ts with its settings as argument; speaks over the IPC channel.
import { cluster, status } from 'cluster-client';
import type { LeaderCommand, LeaderReport, Ready, Settings } from './messages.js';
import { executed, WitnessClient } from './witness-client.js';

const MEGABYTE = 1024 * 1024;
/** As users have them, but for the times: a row would wait for these. */
const TIMES = { connectTimeout: 1_000, unsubscribeLinger: 100 };

const { options } = JSON.parse(process.argv[2] ?? '{}') as Settings;
let witness: WitnessClient | undefined;

class Built extends WitnessClient {
  constructor() {
    super();
    witness = this;
  }
}

const logger = { info() {}, warn() {}, error() {} };
const client = cluster(Built, { ...options, ...TIMES, logger })
  .delegate('note', 'invokeOneway')
  .create();
// Users of the leader's own client hear of what fails for followers.
client.on('error', () => {});
await client.ready();
const report = (one: LeaderReport | Ready) => process.send?.(one);
report({ type: 'ready' });

process.on('message', ({ isCollected }: LeaderCommand) => {
  // What the first round finalizes is freed by the second.
  if (isCollected) for (let rounds = 0; rounds < 2; rounds += 1) globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  const { role, ready, epoch, followers, queuedBytes } = status(client);
  report({
    type: 'report',
    pid: process.pid,
    isLeading: role === 'leader' && ready,
    epoch,
    followers,
    sockets: process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length,
    queuedBytes,
    subscriptions: witness?.subscriptions ?? 0,
    executed: [...executed, ...polluted()],
    heap: (heapUsed + external) / MEGABYTE,
    rss: rss / MEGABYTE,
  });
});

process.on('disconnect', () => process.exit());

/** A prototype of all objects that a peer has written to. */
function polluted(): string[] {
  return Object.keys(Object.prototype).map((key) => `Object.prototype.${key}`);
}
