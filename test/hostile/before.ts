import { setImmediate as turn } from 'node:timers/promises';
import { Type } from '../../protocol/constants.js';
import { hello } from './handshake.js';
import { type Input, LIMIT, PROTOCOL, TIMEOUT, TOO_LARGE } from './input.js';
import type { Stranger } from './stranger.js';
import type { Target } from './target.js';
import { bytesOf, noise, versionOne } from './wire.js';

/** More than the 1024 of option maxHandshakes. */
const CROWD = 1_100;
/** The system keeps fewer waiting than all of them. */
const DIALS = 100;
const KIB = 1024;
const MAX_UINT32 = 0xffff_ffff;
/** ms between two bytes of one who would never come to an end. */
const DRIP = 20;

type Part = string | Buffer;

/** A stranger that says this, and hears what it is told. */
function said(name: string, expect: string, say: () => Part | Part[]): Input {
  return {
    name,
    phase: 'before',
    expect,
    async run(target) {
      const stranger = await target.dial();
      stranger.send(...[say()].flat());
      return stranger.told();
    },
  };
}

function done(name: string, expect: string, run: (target: Target) => Promise<string>): Input {
  return { name, phase: 'before', expect, run };
}

/** A stranger that says this, and leaves: there is nobody to be told anything. */
function left(name: string, how: 'FIN' | 'RST', say: () => Part): Input {
  return done(name, 'closed', async (target) => {
    const stranger = await target.dial();
    const bytes = say();
    if (bytes.length > 0) await new Promise((sent) => stranger.socket.write(bytes, sent));
    if (how === 'FIN') stranger.socket.end();
    else stranger.socket.resetAndDestroy();
    return stranger.told();
  });
}

/** Another protocol's first words. */
const otherProtocols: Input[] = [
  said('an HTTP GET', PROTOCOL, () => 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
  said('an HTTP POST of 1 MB', PROTOCOL, () => [
    'POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1048576\r\n\r\n',
    Buffer.alloc(KIB * KIB, 'a'),
  ]),
  said('an HTTP/2 preface', PROTOCOL, () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  said('a TLS ClientHello', PROTOCOL, () =>
    Buffer.concat([Buffer.from('16030100c8010000c40303', 'hex'), noise(196)]),
  ),
  said('an SSH banner', PROTOCOL, () => 'SSH-2.0-OpenSSH_9.6\r\n'),
  said('a Redis PING', PROTOCOL, () => '*1\r\n$4\r\nPING\r\n'),
  said('a PostgreSQL startup packet', PROTOCOL, () => Buffer.from('0000000804d2162f', 'hex')),
  said('a SOCKS 5 greeting', PROTOCOL, () => Buffer.of(5, 1, 0)),
];

const bytes: Input[] = [
  // The first one is neither 1 nor 2.
  said('64 KiB of noise', PROTOCOL, () => noise(64 * KIB)),
  said('noise behind a right first byte', PROTOCOL, () => [Buffer.of(1), noise(64 * KIB)]),
  said('64 KiB of zeros', PROTOCOL, () => Buffer.alloc(64 * KIB)),
  said('64 KiB of 0xff', PROTOCOL, () => Buffer.alloc(64 * KIB, 0xff)),
  said('frames of version 3', PROTOCOL, () => bytesOf({ version: 3 })),
];

const lengths: Input[] = [
  said('a connection part of 4 GiB', TOO_LARGE, () => versionOne('', { connectionLength: MAX_UINT32 })),
  said('an application part of 4 GiB', TOO_LARGE, () => versionOne('{}', { applicationLength: MAX_UINT32 })),
  said('both parts of 4 GiB', TOO_LARGE, () =>
    versionOne('', { connectionLength: MAX_UINT32, applicationLength: MAX_UINT32 }),
  ),
  said('lengths that are 10 in 32 bits', TOO_LARGE, () =>
    versionOne('', { connectionLength: MAX_UINT32, applicationLength: 11 }),
  ),
  said('a frame one byte over 4 KiB', TOO_LARGE, () => versionOne(' '.repeat(4 * KIB + 1))),
  said('an id above 2^53', PROTOCOL, () =>
    Buffer.from(`01000000 00200000 ${'00'.repeat(16)}`.replaceAll(' ', ''), 'hex'),
  ),
];

const slow: Input[] = [
  said('a link on which nothing is said', TIMEOUT, () => ''),
  said('half a header, then silence', TIMEOUT, () => hello().subarray(0, 12)),
  said('a header, and never its body', TIMEOUT, () => hello().subarray(0, 24)),
  done('one byte at a time, for ever', TIMEOUT, async (target) => {
    const stranger = await target.dial();
    const frame = versionOne(' '.repeat(4 * KIB));
    let at = 0;
    const timer = setInterval(() => stranger.send(frame.subarray(at, ++at)), DRIP);
    return stranger.told().finally(() => clearInterval(timer));
  }),
  done('a right frame 1, one byte at a time', 'challenge', async (target) => {
    const stranger = await target.dial();
    for (const byte of hello()) {
      stranger.send(Buffer.of(byte));
      await turn();
    }
    return stranger.answer();
  }),
  done(`${CROWD} links on which nothing is said`, LIMIT, async (target) => {
    const crowd: Stranger[] = [];
    while (crowd.length < CROWD)
      crowd.push(...(await Promise.all(Array.from({ length: DIALS }, () => target.dial()))));
    const [oldest] = crowd;
    return oldest ? oldest.told() : 'nobody';
  }),
];

const leaving: Input[] = [
  left('a FIN at once', 'FIN', () => ''),
  left('a FIN within a header', 'FIN', () => hello().subarray(0, 12)),
  left('a FIN within a body', 'FIN', () => hello().subarray(0, 40)),
  left('a FIN behind frame 1', 'FIN', () => hello()),
  left('a reset at once', 'RST', () => ''),
  left('a reset within a header', 'RST', () => hello().subarray(0, 12)),
  left('a reset behind frame 1', 'RST', () => hello()),
];

const versionTwo: Input[] = [
  said('a heartbeat in place of frame 1', PROTOCOL, () => bytesOf({ type: Type.heartbeat })),
  said('frame 3 in place of frame 1', PROTOCOL, () =>
    bytesOf({ type: Type.authenticate, id: 1, connection: Buffer.alloc(64) }),
  ),
  said('17 heartbeats at once', PROTOCOL, () =>
    Array.from({ length: 17 }, () => bytesOf({ type: Type.heartbeat })),
  ),
  said('17 frames at once behind frame 1', PROTOCOL, () => [
    hello(),
    ...Array.from({ length: 17 }, () => bytesOf({ type: Type.heartbeat })),
  ]),
  said('20,000 frames at once', PROTOCOL, () =>
    Array.from({ length: 20_000 }, () => bytesOf({ type: Type.heartbeat })),
  ),
];

/** A stranger that has the port, and knows nothing of the protocol or not enough. */
export const before: readonly Input[] = [
  ...otherProtocols,
  ...bytes,
  ...lengths,
  ...slow,
  ...leaving,
  ...versionTwo,
];
