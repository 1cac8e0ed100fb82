import { createHash, createHmac, randomBytes } from 'node:crypto';
import { deriveKey } from '../../lib/handshake.js';
import { NONCE_LENGTH, Type } from '../../protocol/constants.js';
import { encode } from '../../protocol/dialects/v2.js';
import { changed, encodeFrame, type Frame } from '../../protocol/frame.js';
import type { Authenticate } from '../../protocol/message.js';
import type { Stranger } from './stranger.js';
import { bytesOf, versionOne } from './wire.js';

/*
 * The follower's side of the handshake, written from protocol/README.md and apart from lib/handshake.ts, so that it can
 * be stopped and bent at each step.
 */

const MAC_LENGTH = 32;

/** What one of the group knows. */
export interface Credentials {
  secret: Buffer;
  /** Id of the runtime folder. */
  runtime: string;
  channel: string;
}

export type Applicant = Omit<Authenticate, 'type' | 'id' | 'mac'>;

/** Frame 1, with other fields. */
export function hello(fields: Record<string, unknown> = {}, v2: Record<string, unknown> = {}): Buffer {
  return versionOne(
    JSON.stringify({
      type: 'register_channel',
      channelName: '',
      v2: { versions: [2], nonce: randomBytes(NONCE_LENGTH).toString('base64'), ...v2 },
      ...fields,
    }),
  );
}

/** Has been sent frame 2, and could go on. */
export class Challenged {
  readonly stranger: Stranger;
  readonly frame1: Buffer;
  readonly frame2: Frame;
  readonly #credentials: Credentials;

  constructor(stranger: Stranger, credentials: Credentials, frame1: Buffer, frame2: Frame) {
    this.stranger = stranger;
    this.frame1 = frame1;
    this.frame2 = frame2;
    this.#credentials = credentials;
  }

  /** What follows the MAC in frame 3. */
  body(applicant: Partial<Applicant> = {}): Buffer {
    const { runtime, channel } = this.#credentials;
    const { connection } = encode({
      type: 'authenticate',
      id: 1,
      mac: Buffer.alloc(MAC_LENGTH),
      pid: 4242,
      epoch: 0,
      sentAt: 0,
      mayLead: false,
      isStrict: false,
      runtime,
      channel,
      name: channel,
      settings: [],
      codecs: ['msgpack'],
      ...applicant,
    });
    return connection.subarray(MAC_LENGTH);
  }

  /** Frame 3 over any body, with the right MAC or another. */
  frame3(body = this.body(), mac = this.mac(body)): Buffer {
    return bytesOf({ type: Type.authenticate, id: 1, connection: Buffer.concat([mac, body]) });
  }

  mac(body: Buffer, secret = this.#credentials.secret): Buffer {
    const hmac = createHmac('sha256', deriveKey(secret)).update('follower').update(this.#transcript());
    return hmac.update(body).digest();
  }

  #transcript(): Buffer {
    const { socket } = this.stranger;
    const unsealed = this.frame2.connection.subarray(0, 2 + NONCE_LENGTH);
    const hash = createHash('sha256');
    for (const part of [
      this.frame1,
      encodeFrame(changed(this.frame2, { connection: unsealed })),
      Buffer.from(`${socket.localAddress}:${socket.localPort}`),
      Buffer.from(`${socket.remoteAddress}:${socket.remotePort}`),
    ]) {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      hash.update(length).update(part);
    }
    return hash.digest();
  }
}
