import { createHash, createHmac, hkdfSync } from 'node:crypto';
import type { Frame } from '../../protocol/frame.js';

/*
 * Frames and proofs as protocol/README.md has them, written once more: nothing here is of the code under test, and
 * every field can be wrong.
 */

export interface Wire {
  version: number;
  kind: number;
  type: number;
  flags: number;
  /** 64 bits. */
  id: bigint;
  timeout: number;
  connection: Buffer;
  application: Buffer;
  /** What the header says of the two parts, where that is a lie. */
  lengths?: [number, number] | undefined;
}

export const NOTHING = Buffer.alloc(0);

export function bytesOf(frame: Partial<Wire>): Buffer {
  const { version = 2, kind = 0, type = 0, flags = 0, id = 0n, timeout = 0 } = frame;
  const { connection = NOTHING, application = NOTHING } = frame;
  const [connectionLength, applicationLength] = frame.lengths ?? [connection.length, application.length];
  const header = Buffer.of(version, kind, type, flags, ...new Uint8Array(20));
  header.writeBigUInt64BE(id, 4);
  header.writeUInt32BE(timeout, 12);
  header.writeUInt32BE(connectionLength, 16);
  header.writeUInt32BE(applicationLength, 20);
  return Buffer.concat([header, connection, application]);
}

type Code = 'ERR_CLUSTER_PROTOCOL' | 'ERR_CLUSTER_FRAME_TOO_LARGE';

export interface Reading {
  frames: Frame[];
  /** Bytes of an incomplete frame, without the header once that is complete. */
  held: number;
  /** What may be said of the frame that is none. */
  faults: Code[];
}

/** What a stream says, read all at once; of frame n the parts may add up to the nth limit, the last one holds on. */
export function read(stream: Buffer, limits: readonly number[]): Reading {
  const frames: Frame[] = [];
  let rest = stream;
  while (rest.length > 0) {
    if (rest[0] !== 1 && rest[0] !== 2) return { frames, held: 0, faults: ['ERR_CLUSTER_PROTOCOL'] };
    if (rest.length < 24) return { frames, held: rest.length, faults: [] };
    const id = rest.readBigUInt64BE(4);
    const split = 24 + rest.readUInt32BE(16);
    const end = split + rest.readUInt32BE(20);
    const limit = limits[Math.min(frames.length, limits.length - 1)] ?? 0;
    const faults: Code[] = [];
    if (id >= 2n ** 53n) faults.push('ERR_CLUSTER_PROTOCOL');
    if (end - 24 > limit) faults.push('ERR_CLUSTER_FRAME_TOO_LARGE');
    if (faults.length > 0) return { frames, held: 0, faults };
    if (rest.length < end) return { frames, held: rest.length - 24, faults };
    frames.push({
      version: rest.readUInt8(0),
      kind: rest[1] === 1 ? 1 : 0,
      type: rest.readUInt8(2),
      flags: rest.readUInt8(3),
      id: Number(id),
      timeout: rest.readUInt32BE(12),
      connection: rest.subarray(24, split),
      application: rest.subarray(split, end),
    });
    rest = rest.subarray(end);
  }
  return { frames, held: 0, faults: [] };
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

/** Length, then UTF-8. */
export function string(text: string): Buffer {
  return long(Buffer.from(text));
}

export function strings(texts: readonly string[]): Buffer {
  return Buffer.concat([uint32(texts.length), ...texts.map(string)]);
}

/** Length, then the bytes. */
export function long(bytes: Buffer): Buffer {
  return Buffer.concat([uint32(bytes.length), bytes]);
}

export function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', 'cluster-client/2', 32));
}

export function mac(key: Buffer, ...parts: (string | Buffer)[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** `H` of two frames and two addresses. `frame2` as bytes; what follows the count of MACs is not part of it. */
export function transcript(frame1: Buffer, frame2: Buffer, follower: string, hub: string): Buffer {
  const unsealed = Buffer.from(frame2.subarray(0, 24 + 34));
  unsealed.writeUInt32BE(34, 16);
  const hash = createHash('sha256');
  for (const part of [frame1, unsealed, Buffer.from(follower), Buffer.from(hub)]) hash.update(long(part));
  return hash.digest();
}

/** Frame 1, as a follower of this version sends it. */
export function hello(connection: string | Buffer = helloText(), more: Partial<Wire> = {}): Buffer {
  return bytesOf({ version: 1, id: 1n, ...more, connection: Buffer.from(connection) });
}

export function helloText(nonce = Buffer.alloc(32, 5).toString('base64')): string {
  return `{"type":"register_channel","channelName":"","v2":{"versions":[2],"nonce":"${nonce}"}}`;
}
