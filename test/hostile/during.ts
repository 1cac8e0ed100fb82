import { Type } from '../../protocol/constants.js';
import { type Applicant, type Challenged, hello } from './handshake.js';
import { AUTH, type Input, NOT_DELEGATED, PROTOCOL, TIMEOUT, TOO_LARGE } from './input.js';
import { callBytes, Insider } from './insider.js';
import type { Target } from './target.js';
import { bytesOf, noise } from './wire.js';

const MAC_LENGTH = 32;
/** Where the first text of frame 3 begins, behind pid, epoch, sent at and a byte of bits. */
const TEXTS = 4 + 8 + 4 + 1;
const KIB = 1024;

function done(name: string, expect: string, run: (target: Target) => Promise<string>): Input {
  return { name, phase: 'during', expect, run };
}

/** One that has seen the challenge says this. */
const said = (name: string, expect: string, say: (challenged: Challenged) => Buffer) =>
  done(name, expect, async (target) => {
    const challenged = await target.challenged();
    challenged.stranger.send(say(challenged));
    return challenged.stranger.told();
  });

const sealedBy = (name: string, mac: (challenged: Challenged, body: Buffer) => Buffer) =>
  said(`frame 3 with ${name}`, AUTH, (challenged) => {
    const body = challenged.body();
    return challenged.frame3(body, mac(challenged, body));
  });

const macs: Input[] = [
  sealedBy('a MAC of zeros', () => Buffer.alloc(MAC_LENGTH)),
  sealedBy('the MAC of the challenge', ({ frame2 }) => frame2.connection.subarray(-MAC_LENGTH)),
  sealedBy('the MAC of another secret', (challenged, body) => challenged.mac(body, noise(32))),
  sealedBy('a MAC of which one bit is another', (challenged, body) => {
    const mac = challenged.mac(body);
    mac.writeUInt8(mac.readUInt8(0) ^ 1, 0);
    return mac;
  }),
  sealedBy('the MAC of another body', (challenged) => challenged.mac(challenged.body({ pid: 1 }))),
];

const replays: Input[] = [
  done('frame 3 of an earlier handshake', AUTH, async (target) => {
    const earlier = await target.challenged();
    const frame3 = earlier.frame3();
    earlier.stranger.send(frame3);
    await earlier.stranger.answer();
    const { stranger } = await target.challenged();
    stranger.send(frame3);
    return stranger.told();
  }),
  done('all that was said in an earlier handshake', AUTH, async (target) => {
    const earlier = await target.challenged();
    const frame3 = earlier.frame3();
    earlier.stranger.send(frame3);
    await earlier.stranger.answer();
    const { stranger } = await target.challenged(earlier.frame1);
    stranger.send(frame3);
    return stranger.told();
  }),
  done('frame 3 of a handshake that is under way', AUTH, async (target) => {
    const [one, other] = [await target.challenged(), await target.challenged()];
    other.stranger.send(one.frame3());
    return other.stranger.told();
  }),
  done('a handshake with the secret that somebody passes on from another port', AUTH, async (target) => {
    const challenged = await target.challenged(hello(), await target.relay());
    challenged.stranger.send(challenged.frame3());
    return challenged.stranger.told();
  }),
];

const instead = (name: string, frame: () => Buffer) => said(`${name} in place of frame 3`, PROTOCOL, frame);

const others: Input[] = [
  instead('an invoke of a delegated method', () => callBytes({ method: 'echo' })),
  instead('a subscribe', () =>
    bytesOf({ type: Type.subscribe, connection: Buffer.from('a'), application: Buffer.of(0x01) }),
  ),
  instead('a publish', () =>
    bytesOf({ type: Type.publish, id: 1, connection: Buffer.alloc(16), application: Buffer.of(0x01) }),
  ),
  instead('a heartbeat', () => bytesOf({ type: Type.heartbeat })),
  instead('a goodbye', () => bytesOf({ type: Type.goodbye, connection: Buffer.alloc(8) })),
  instead('a challenge', () =>
    bytesOf({
      type: Type.challenge,
      kind: 1,
      connection: Buffer.concat([Buffer.of(2), noise(32), Buffer.of(1), noise(32)]),
    }),
  ),
  instead('a welcome', () => bytesOf({ type: Type.welcome, kind: 1, connection: Buffer.alloc(24) })),
  instead('a message of an unknown type', () => bytesOf({ type: 99 })),
  instead('another frame 1', () => hello()),
  said('frame 3 as a response', PROTOCOL, (challenged) => {
    const frame = challenged.frame3();
    frame.writeUInt8(1, 1);
    return frame;
  }),
  said('frame 3 of version 1', PROTOCOL, (challenged) => {
    const frame = challenged.frame3();
    frame.writeUInt8(1, 0);
    return frame;
  }),
  said('frame 3, and 17 frames behind it', PROTOCOL, (challenged) =>
    Buffer.concat([
      challenged.frame3(),
      ...Array.from({ length: 17 }, () => bytesOf({ type: Type.heartbeat })),
    ]),
  ),
  done('a call of what is not delegated right behind frame 3', NOT_DELEGATED, async (target) => {
    const challenged = await target.challenged();
    challenged.stranger.send(challenged.frame3(), callBytes({ method: 'wipe', id: 7 }));
    return new Insider(challenged.stranger).outcome(7);
  }),
];

const cut: Input[] = [
  said('silence in place of frame 3', TIMEOUT, () => Buffer.alloc(0)),
  said('half of frame 3, then silence', TIMEOUT, (challenged) => challenged.frame3().subarray(0, 60)),
  said('frame 3 without its MAC', PROTOCOL, () => bytesOf({ type: Type.authenticate, id: 1 })),
  said('half a MAC', PROTOCOL, () =>
    bytesOf({ type: Type.authenticate, id: 1, connection: Buffer.alloc(MAC_LENGTH / 2) }),
  ),
  said('a frame 3 over 4 KiB', TOO_LARGE, (challenged) =>
    challenged.frame3(Buffer.concat([challenged.body(), Buffer.alloc(4 * KIB)])),
  ),
  done('a FIN within frame 3', 'closed', async (target) => {
    const challenged = await target.challenged();
    challenged.stranger.send(challenged.frame3().subarray(0, 60));
    challenged.stranger.socket.end();
    return challenged.stranger.told();
  }),
  done('a reset in place of frame 3', 'closed', async (target) => {
    const { stranger } = await target.challenged();
    stranger.socket.resetAndDestroy();
    return stranger.told();
  }),
];

const sealed = (name: string, bend: (body: Buffer) => Buffer) =>
  said(`rightly sealed, ${name}`, PROTOCOL, (challenged) => challenged.frame3(bend(challenged.body())));

const bodies: Input[] = [
  sealed('an empty body', () => Buffer.alloc(0)),
  sealed('half a body', (body) => body.subarray(0, body.length / 2)),
  sealed('an epoch of 2^63', (body) => {
    body.writeBigUInt64BE(2n ** 63n, 4);
    return body;
  }),
  sealed('an epoch after which there is none', (body) => {
    body.writeBigUInt64BE(2n ** 53n - 1n, 4);
    return body;
  }),
  sealed('a text of 4 GiB', (body) => {
    body.writeUInt32BE(0xffff_ffff, TEXTS);
    return body;
  }),
  sealed('a text that is no UTF-8', (body) => {
    body.writeUInt8(0xff, TEXTS + 4);
    return body;
  }),
  sealed('a list of 4 G texts', (body) => {
    // The last list: one codec, its length, `msgpack`.
    body.writeUInt32BE(0xffff_ffff, body.length - 'msgpack'.length - 8);
    return body;
  }),
];

const applied = (name: string, expect: string, applicant: Partial<Applicant>) =>
  said(`a follower ${name}`, expect, (challenged) => challenged.frame3(challenged.body(applicant)));

const applicants: Input[] = [
  applied('of another runtime folder', 'ERR_CLUSTER_RUNTIME', { runtime: '0123456789abcdef' }),
  applied('of no runtime folder', 'ERR_CLUSTER_RUNTIME', { runtime: '' }),
  applied('with an unknown codec', 'ERR_CLUSTER_CODEC', { codecs: ['__proto__'] }),
  applied('without a codec', 'ERR_CLUSTER_CODEC', { codecs: [] }),
  applied('that is strict about other settings', 'ERR_CLUSTER_IDENTITY', {
    isStrict: true,
    settings: ['0123abcd endpoint'],
  }),
  applied('of a channel that is called ../../..', 'parked', { channel: '../../..', mayLead: true }),
  applied('of a channel that is called __proto__', 'parked', { channel: '__proto__', mayLead: true }),
  done('calls and a foreign address on a channel that nobody leads', 'ignored', async (target) => {
    const challenged = await target.challenged();
    const { stranger } = challenged;
    stranger.send(challenged.frame3(challenged.body({ channel: 'vacant', mayLead: true })));
    if ((await stranger.answer()) !== 'parked') return 'not parked';
    const insider = new Insider(stranger);
    insider.call({ method: 'wipe' });
    insider.call({ method: 'echo', id: 2 });
    insider.send({ type: 'leading', epoch: 2 ** 52, address: { host: '203.0.113.1', port: 80 } });
    return insider.verdict();
  }),
];

/** A stranger that has heard the challenge, with the secret or without. */
export const during: readonly Input[] = [...macs, ...replays, ...others, ...cut, ...bodies, ...applicants];
