// One of the processes that share a client, and use it all the time. Says at once what is wrong.
import { setTimeout as sleep } from 'node:timers/promises';
import { close, cluster, invoke, status, watchStatus } from 'cluster-client';
import { Calls, DEADLINE } from './calls.js';
import { LagMeter } from './clock.js';
import { cuttable } from './cuttable.js';
import {
  KEYS,
  type MemberCommand,
  type MemberReport,
  type MemberSettings,
  ownSlot,
  SHARED,
} from './messages.js';
import { UpstreamClient } from './upstream-client.js';
import { Values } from './values.js';

/** ms */
const ACT_INTERVAL = 20;
const IDEMPOTENT_ACT_INTERVAL = 50;
const PUBLISH_INTERVAL = 300;
const PROGRESS_INTERVAL = 1_000;
const ACKNOWLEDGEMENT_POLL = 10;
/** MB. Usual are 70 to 100. */
const MAX_MEMORY = 300;

const { id, group, runtimeDir, port } = JSON.parse(process.argv[2] ?? '{}') as MemberSettings;
const report = (one: MemberReport) => process.connected && process.send?.(one);
const violation = (text: string) => {
  // Nobody hears any more of what is wrong after the end, but sees the exit code.
  if (!report({ type: 'violation', text })) process.exitCode = 1;
};
process.on('uncaughtException', (error) => violation(`uncaught: ${error.stack}`));
process.on('unhandledRejection', (reason) => violation(`not handled: ${reason}`));

const links = cuttable();
const client = cluster(UpstreamClient, {
  name: 'Chaos',
  group,
  runtimeDir,
  heartbeatInterval: 200,
  responseTimeout: DEADLINE,
  maxWaitTime: 30_000,
  unsubscribeLinger: 100,
  logger: { info() {}, warn() {}, error() {} },
  transport: links.transport,
})
  .delegate('idempotentAct', 'invoke', { idempotent: true })
  .create(port);
// Lost links and refused acts are what this is about; what must not be is seen elsewhere.
client.on('error', () => {});

const lag = new LagMeter();
const calls = new Calls(lag, violation);
const values = new Values(violation);
for (const key of KEYS) {
  client.subscribe({ key }, (n) => values.heard(key, n, status(client).epoch));
}

let call = 0;
const act = (name: string) => invoke(client, 'act', [name], { timeout: DEADLINE });
let published = 0;
const publish = () => {
  published += 1;
  client.publish({ slot: ownSlot(id), n: published, by: id });
};
const publishing = setInterval(publish, PUBLISH_INTERVAL);
const work = [
  setInterval(() => void calls.make(act, `${id}-${++call}`, { isExplicit: true }), ACT_INTERVAL),
  setInterval(
    () => void calls.make(client.idempotentAct, `${id}-${++call}`, { isExplicit: false }),
    IDEMPOTENT_ACT_INTERVAL,
  ),
  setInterval(reportProgress, PROGRESS_INTERVAL),
  publishing,
];

function reportProgress(): void {
  const memory = Math.round(process.memoryUsage.rss() / 2 ** 20);
  if (memory > MAX_MEMORY) violation(`${memory} MB of memory are in use`);
  report({
    type: 'progress',
    progress: { calls: calls.takeOutcomes(), values: values.takeCount(), memory },
  });
}

void (async () => {
  for await (const { state, role, ready, epoch = 0, leaderPid } of watchStatus(client)) {
    calls.isLeading = role === 'leader';
    report({ type: 'status', status: { state, role, ready, epoch, leaderPid } });
  }
})();

async function takeTurn(n: number): Promise<void> {
  client.publish({ slot: SHARED, n, by: id });
  while (status(client).pendingPublications > 0) await sleep(ACKNOWLEDGEMENT_POLL);
  report({ type: 'acknowledged', n });
}

/** Then nothing keeps this process alive: it has to end by itself. */
async function leave(): Promise<void> {
  for (const timer of work) clearInterval(timer);
  calls.isClosing = true;
  await close(client);
  await lag.upToDate();
  for (const unsettled of calls.unsettled) violation(`call ${unsettled} was never settled`);
  lag.stop();
  reportProgress();
  process.off('disconnect', exit);
  process.disconnect();
}

// A test that is cut short leaves no process behind, not even one that has only just been started.
const exit = () => process.exit();
process.on('disconnect', exit);
if (!process.connected) exit();

process.on('message', (command: MemberCommand) => {
  switch (command.type) {
    case 'cut':
      links.cut(command.pick);
      break;
    case 'turn':
      void takeTurn(command.n);
      break;
    case 'rest':
      clearInterval(publishing);
      break;
    case 'look':
      report({
        type: 'view',
        view: {
          values: values.newest,
          published,
          pendingPublications: status(client).pendingPublications,
        },
      });
      break;
    case 'close':
      void leave();
      break;
  }
});
