import { Flag, Kind, Type } from '../../protocol/constants.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame, type Frame } from '../../protocol/frame.js';
import type { Message } from '../../protocol/message.js';
import { hello } from './handshake.js';
import { type Input, MESSAGE_TOO_LARGE, PROTOCOL, TOO_LARGE } from './input.js';
import { argumentsOf, callBytes, type Insider } from './insider.js';
import { bytesOf, noise, versionOne } from './wire.js';

const KIB = 1024;
/** Of documentation (RFC 5737): nobody has it. */
const FOREIGN = { host: '203.0.113.1', port: 80 };
/** One more than a receiver puts together at a time. */
const OPEN_MESSAGES = 65;

function done(name: string, expect: string, run: (insider: Insider) => Promise<string>): Input {
  return { name, phase: 'after', expect, run: async (target) => run(await target.join()) };
}

/** Sends this, and hears what it is told for it. */
const said = (name: string, expect: string, say: () => Buffer) =>
  done(name, expect, (insider) => {
    insider.stranger.send(say());
    return insider.verdict();
  });

const framing: Input[] = [
  said('an HTTP GET on a link that has proved itself', PROTOCOL, () => Buffer.from('GET / HTTP/1.1\r\n\r\n')),
  said('a frame of 3.x on such a link', PROTOCOL, () => versionOne('{"type":"invoke","method":"wipe"}')),
  said('another frame 1', PROTOCOL, () => hello()),
  said('64 KiB of noise', PROTOCOL, () => noise(64 * KIB)),
  said('a frame one byte over 1 MiB', TOO_LARGE, () =>
    bytesOf({ type: Type.invoke, applicationLength: KIB * KIB + 1 }),
  ),
  said('a frame of 8 GiB', TOO_LARGE, () =>
    bytesOf({ type: Type.invoke, connectionLength: 0xffff_ffff, applicationLength: 0xffff_ffff }),
  ),
  said('a message of an unknown type', 'ignored', () => bytesOf({ type: 200, connection: noise(100) })),
  said('all flags that there are not', 'ignored', () => bytesOf({ type: Type.cancel, flags: 0xf0 })),
  said('a call as a response', PROTOCOL, () => {
    const call = callBytes({ method: 'echo' });
    call.writeUInt8(Kind.response, 1);
    return call;
  }),
  said('a cancel as a response', PROTOCOL, () => bytesOf({ type: Type.cancel, kind: Kind.response })),
];

/** What only a leader says, and what belongs into the handshake. */
const roles: Input[] = [
  ...leaderMessages().map((message) =>
    said(`a ${message.type} of a follower`, 'ignored', () => encodeFrame(encode(message))),
  ),
  said('a challenge after the handshake', PROTOCOL, () =>
    bytesOf({
      type: Type.challenge,
      kind: 1,
      connection: Buffer.concat([Buffer.of(2), noise(32), Buffer.of(1), noise(32)]),
    }),
  ),
  said('frame 3 after the handshake', PROTOCOL, () =>
    bytesOf({ type: Type.authenticate, id: 1, connection: Buffer.alloc(100) }),
  ),
  said('a foreign leader', 'ignored', () =>
    encodeFrame(encode({ type: 'leading', epoch: 2 ** 52, address: FOREIGN })),
  ),
  said('a foreign leader of an epoch after which there is none', PROTOCOL, () =>
    bytesOf({ type: Type.leading, connection: Buffer.alloc(20, 0xff) }),
  ),
  said('a foreign standby', 'ignored', () => encodeFrame(encode({ type: 'standby', address: FOREIGN }))),
  said('a standby at port 65536', PROTOCOL, () =>
    bytesOf({ type: Type.standby, connection: Buffer.from('0001000000000000', 'hex') }),
  ),
];

const ranks: Input[] = [
  said('a publication of an epoch after which there is none', PROTOCOL, () =>
    publication(2n ** 53n - 1n, 1n),
  ),
  said('a publication with a number above 2^53', PROTOCOL, () => publication(1n, 2n ** 53n)),
  done('a publication of the last epoch and number', 'answered', (insider) => {
    insider.stranger.send(publication(2n ** 52n, 2n ** 53n - 1n));
    return insider.published(1);
  }),
];

const more = (frame: Partial<Frame>) => bytesOf({ type: Type.invoke, id: 1, flags: Flag.more, ...frame });

const slices: Input[] = [
  done('slices without end', PROTOCOL, async (insider) => {
    const slice = more({ application: Buffer.alloc(256 * KIB), timeout: 128 * KIB * KIB });
    // Eight times what a message may have, and as it says to have: the end of the link ends it.
    await insider.stranger.flood(4 * KIB, () => slice);
    return insider.verdict();
  }),
  said('slices of a message of 4 GiB', MESSAGE_TOO_LARGE, () =>
    Buffer.concat([more({}), more({ timeout: 2 ** 32 - 1 })]),
  ),
  said('slices that do not say how long the message is', PROTOCOL, () => {
    const slice = more({ application: Buffer.alloc(KIB) });
    return Buffer.concat([slice, slice]);
  }),
  done('a message in slices of one byte', PROTOCOL, async (insider) => {
    await insider.stranger.flood(10_000, () => more({ application: Buffer.of(1), timeout: 10_000 }));
    return insider.verdict();
  }),
  done('a message in empty slices', PROTOCOL, async (insider) => {
    await insider.stranger.flood(10_000, () => more({ timeout: 10_000 }));
    return insider.verdict();
  }),
  said(`${OPEN_MESSAGES} messages in slices at a time`, MESSAGE_TOO_LARGE, () =>
    Buffer.concat(Array.from({ length: OPEN_MESSAGES }, (_, id) => more({ id }))),
  ),
  said('slices of a heartbeat', 'ignored', () => bytesOf({ type: Type.heartbeat, flags: Flag.more })),
  said('slices of a goodbye', 'ignored', () => bytesOf({ type: Type.goodbye, flags: Flag.more })),
];

const ends: Input[] = [
  done('a goodbye with a reason of 60 KiB', 'closed', (insider) => {
    insider.send({ type: 'goodbye', code: 'constructor', reason: 'x'.repeat(60 * KIB) });
    return insider.stranger.told();
  }),
  said('a goodbye with a reason over 64 KiB', PROTOCOL, () => {
    const connection = Buffer.alloc(8 + 65 * KIB);
    connection.writeUInt32BE(65 * KIB, 4);
    return bytesOf({ type: Type.goodbye, connection });
  }),
  said('a goodbye that is cut short', PROTOCOL, () =>
    bytesOf({ type: Type.goodbye, connection: Buffer.alloc(3) }),
  ),
  done('a FIN within a frame', 'closed', (insider) => {
    insider.stranger.send(callBytes({ method: 'echo', args: argumentsOf('a') }).subarray(0, 30));
    insider.stranger.socket.end();
    return insider.stranger.told();
  }),
  done('a reset within a frame', 'closed', async ({ stranger }) => {
    const half = bytesOf({ type: Type.invoke, applicationLength: KIB * KIB });
    await new Promise((sent) => stranger.socket.write(half, sent));
    stranger.socket.resetAndDestroy();
    return stranger.told();
  }),
];

function publication(epoch: bigint, sequence: bigint): Buffer {
  const connection = Buffer.alloc(16);
  connection.writeBigUInt64BE(epoch);
  connection.writeBigUInt64BE(sequence, 8);
  return bytesOf({ type: Type.publish, id: 1, connection, application: Buffer.of(1) });
}

function leaderMessages(): Message[] {
  const value = { bytes: Buffer.of(1), raw: false };
  return [
    { type: 'result', id: 1, fault: false, value },
    { type: 'value', key: 'a', revision: 2 ** 52, missed: 0, fault: false, value },
    { type: 'published', id: 1, epoch: 1, sequence: 1, fault: false, value },
    { type: 'welcome', epoch: 2 ** 52, pid: 1, codec: 'msgpack', methods: ['wipe'] },
    { type: 'parked', state: 'leaving' },
    { type: 'moved', epoch: 2 ** 52, address: FOREIGN },
    { type: 'refused', code: 'ERR_CLUSTER_AUTH', reason: 'go away' },
    { type: 'unavailable', value },
  ];
}

/** A follower that has the secret breaks the protocol. */
export const frames: readonly Input[] = [...framing, ...roles, ...ranks, ...slices, ...ends];
