import type { Codec, Payload } from '../codec.js';
import { decodePayload, encodePayload } from '../codec.js';
import { Kind, VERSION_1 } from '../constants.js';
import { ClusterError, protocolError } from '../errors.js';
import { MAX_STRING_BYTES } from '../fields.js';
import { EMPTY, type Frame } from '../frame.js';

/*
 * What both ends of a link have in common in the dialect of cluster-client 3.x: the connection part is JSON, and
 * values are as the codec writes them, a Buffer as well. protocol/README.md has each message.
 */

/** What 3.x puts before the key of a subscription. */
const KEY_PREFIX = '$$inner$$__';

/** A connection part. */
export type Head = Readonly<Record<string, unknown>>;

function writeFrame(kind: Kind, id: number, head: Head, application = EMPTY, timeout = 0): Frame {
  const connection = Buffer.from(JSON.stringify(head), 'utf8');
  return { version: VERSION_1, kind, type: 0, flags: 0, id, timeout, connection, application };
}

/** @throws ClusterError ERR_CLUSTER_PROTOCOL */
export function readHead({ connection }: Frame): Head {
  let head: unknown;
  try {
    head = JSON.parse(connection.toString('utf8'));
  } catch {
    throw protocolError('a connection part that is no JSON');
  }
  if (typeof head !== 'object' || head === null) throw protocolError('a connection part that is no object');
  return head as Head;
}

/** A name or a key. @throws ClusterError ERR_CLUSTER_PROTOCOL */
export function readText(head: Head, field: string): string {
  const text = head[field];
  if (typeof text === 'string' && Buffer.byteLength(text) <= MAX_STRING_BYTES) return text;
  throw protocolError(`${String(head['type'])}: ${field} is no text, or too long`);
}

export function writeKey(key: string): string {
  return KEY_PREFIX + key;
}

/** @throws ClusterError ERR_CLUSTER_PROTOCOL */
export function readKey(head: Head): string {
  const key = readText(head, 'key');
  return key.startsWith(KEY_PREFIX) ? key.slice(KEY_PREFIX.length) : key;
}

/** Each with its length before it, 32 bits. */
export function encodeArguments(
  codec: Codec,
  args: readonly unknown[],
  method: string,
  maxBytes: number,
): Payload {
  let length = 0;
  const parts = args.flatMap((arg) => {
    const { bytes } = encodePayload(codec, arg, `the arguments of ${method}`, maxBytes);
    const head = Buffer.alloc(4);
    head.writeUInt32BE(bytes.length);
    length += head.length + bytes.length;
    return [head, bytes];
  });
  if (length > maxBytes) {
    throw new ClusterError(
      'ERR_CLUSTER_MESSAGE_TOO_LARGE',
      `the arguments of ${method} take ${length} bytes, more than the ${maxBytes} of option maxMessageBytes`,
      { data: { length, limit: maxBytes } },
    );
  }
  return { bytes: Buffer.concat(parts, length), raw: false };
}

export function decodeArguments(codec: Codec, { bytes }: Payload, method: string): readonly unknown[] {
  return splitArguments(bytes).map((part) =>
    decodePayload(codec, { bytes: part, raw: false }, `the arguments of ${method}`),
  );
}

/** @throws ClusterError ERR_CLUSTER_PROTOCOL */
export function splitArguments(bytes: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 <= bytes.length ? at + 4 + bytes.readUInt32BE(at) : Infinity;
    if (end > bytes.length) throw protocolError(`arguments that are cut off at ${at} of ${bytes.length}`);
    parts.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return parts;
}

export function request(id: number, head: Head, application?: Buffer, timeout?: number): Frame {
  return writeFrame(Kind.request, id, head, application, timeout);
}

export function response(id: number, head: Head, application?: Buffer): Frame {
  return writeFrame(Kind.response, id, head, application);
}

/** 3.x counts its messages to 2^30, then from 1 again. */
export function nextId(id: number): number {
  return (id % (2 ** 30 - 1)) + 1;
}
