import { setImmediate as turn } from 'node:timers/promises';
import { Flag, Type } from '../../protocol/constants.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import { type Input, LIMIT } from './input.js';
import { argumentsOf, callBytes, type Insider } from './insider.js';
import type { Target } from './target.js';
import { bytesOf } from './wire.js';

const KIB = 1024;
const RESULTS = 512;
/** More than the 8 MiB of option maxQueuedBytes, and what may be on its way when they are reached. MB */
const MAX_QUEUED = 12;
const LINKS = 200;

function done(
  name: string,
  expect: string,
  run: (insider: Insider, target: Target) => Promise<string>,
): Input {
  return { name, phase: 'after', expect, run: async (target) => run(await target.join(), target) };
}

/** So many frames of a kind, as fast as the leader takes them; then what it says to that. */
const flooded = (name: string, expect: string, count: number, make: (index: number) => Buffer) =>
  done(name, expect, async (insider) => {
    await insider.stranger.flood(count, make);
    return insider.verdict();
  });

const key = (index: number) => Buffer.from(`key ${index}`);
const subscribe = (index: number) =>
  bytesOf({ type: Type.subscribe, connection: key(index), application: Buffer.of(0x01) });

const requests: Input[] = [
  done('20,000 calls at once of a slow method', `${LIMIT} answered`, async (insider) => {
    const args = argumentsOf(1_000);
    await insider.stranger.flood(20_000, (id) => callBytes({ id, method: 'slow', args }));
    return insider.outcomes(20_000);
  }),
  done(
    '20,000 calls at once of what is not delegated',
    'ERR_CLUSTER_METHOD_NOT_DELEGATED',
    async (insider) => {
      await insider.stranger.flood(20_000, (id) => callBytes({ id, method: 'wipe' }));
      return insider.outcomes(20_000);
    },
  ),
  flooded('100,000 oneway calls', 'ignored', 100_000, (id) =>
    callBytes({ id, method: 'note', flags: Flag.oneway, args: argumentsOf(id) }),
  ),
  flooded('100,000 cancels', 'ignored', 100_000, (id) => bytesOf({ type: Type.cancel, id })),
  flooded('100,000 unsubscribes of unknown keys', 'ignored', 100_000, (index) =>
    bytesOf({ type: Type.unsubscribe, connection: key(index) }),
  ),
  flooded('200,000 subscriptions', LIMIT, 200_000, subscribe),
  flooded('50,000 times subscribed and unsubscribed', 'ignored', 100_000, (index) =>
    index % 2 === 0 ? subscribe(0) : bytesOf({ type: Type.unsubscribe, connection: key(0) }),
  ),
  done('110,000 publications', LIMIT, async (insider) => {
    const epoch = Buffer.alloc(16);
    await insider.stranger.flood(110_000, (id) =>
      bytesOf({
        type: Type.publish,
        id,
        connection: Buffer.concat([epoch, key(id)]),
        application: argumentsOf(id),
      }),
    );
    return insider.published(109_999);
  }),
];

const reading: Input[] = [
  done('200,000 heartbeats of one who reads no answer', 'answered', async (insider) => {
    const { socket } = insider.stranger;
    const heartbeat = encodeFrame(encode({ type: 'heartbeat', id: 1, reply: false }));
    socket.pause();
    await insider.stranger.flood(200_000, () => heartbeat);
    socket.resume();
    // While answers wait for it, no heartbeat is answered.
    insider.call({ method: 'echo', args: argumentsOf('alive') });
    return insider.outcome(1);
  }),
  done(`${RESULTS} results of 64 KiB for one who does not read them`, 'answered', async (insider, target) => {
    const { socket } = insider.stranger;
    const args = argumentsOf(64 * KIB);
    socket.pause();
    for (let id = 0; id < RESULTS; id += 1) {
      insider.call({ id, method: 'large', args });
      await turn();
    }
    const { queuedBytes } = await target.leader();
    socket.resume();
    const words = await insider.outcomes(RESULTS);
    return queuedBytes > MAX_QUEUED * KIB * KIB ? `${queuedBytes} bytes waited` : words;
  }),
];

const links: Input[] = [
  done(`${LINKS} links of followers that all call and leave`, 'answered', async (_, target) => {
    const words = new Set<string>();
    for (let link = 0; link < LINKS; link += 1) {
      const insider = await target.join();
      insider.call({ method: 'echo', args: argumentsOf(link) });
      words.add(await insider.outcome(1));
      insider.call({ id: 2, method: 'never' });
      if (link % 2 === 0) insider.stranger.socket.resetAndDestroy();
    }
    return [...words].join(' ');
  }),
];

/** A follower that has the secret asks for more than its share. */
export const floods: readonly Input[] = [...requests, ...reading, ...links];
