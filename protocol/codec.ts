import { types } from 'node:util';
import { ClusterError, messageOf } from './errors.js';
import { kept } from './frame.js';

/**
 * Turns one value into bytes and back. Both ends of a channel must use codecs of the same name. `encode` throws
 * on what it cannot carry; what it returns belongs to the caller. `decode` must not keep or hand out `bytes`.
 */
export interface Codec {
  /** Travels in the handshake: an agreed name for an agreed format. */
  readonly name: string;
  /** Whether a Buffer as a whole goes through the codec too, as in 3.x. Default: it travels as it is. */
  readonly encodesBuffers?: boolean;
  encode(value: unknown): Uint8Array;
  decode(bytes: Buffer): unknown;
}

/** A value on its way: a Buffer as a whole travels as it is, everything else as the codec writes it. */
export interface Payload {
  readonly bytes: Buffer;
  readonly raw: boolean;
}

/**
 * @param what says in an error's message what the value was, as in "the result of getConfig".
 * @throws ClusterError ERR_CLUSTER_ENCODE, with the codec's own error as `cause`; ERR_CLUSTER_MESSAGE_TOO_LARGE
 */
export function encodePayload(codec: Codec, value: unknown, what: string, maxBytes = Infinity): Payload {
  const isRaw = !codec.encodesBuffers && isBuffer(value);
  const bytes = isRaw ? value : encode(codec, value, what);
  if (bytes.length <= maxBytes) return { bytes, raw: isRaw };
  throw new ClusterError(
    'ERR_CLUSTER_MESSAGE_TOO_LARGE',
    `${what} takes ${bytes.length} bytes, more than the ${maxBytes} of option maxMessageBytes`,
    { data: { length: bytes.length, limit: maxBytes } },
  );
}

/** Never throws, though a Proxy may: it is none. */
export function isBuffer(value: unknown): value is Buffer {
  return types.isUint8Array(value) && Buffer.isBuffer(value);
}

/**
 * A payload that may be kept for long: `bytes` is often a view of something larger, as of the chunk that a socket has
 * read, or of a buffer that a codec will use again; a raw one is the very Buffer that the user has given.
 */
export function retained(payload: Payload): Payload {
  const { bytes, raw } = payload;
  return { bytes: raw ? Buffer.from(bytes) : kept(bytes), raw };
}

function encode(codec: Codec, value: unknown, what: string): Buffer {
  try {
    const bytes = codec.encode(value);
    return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (cause) {
    throw new ClusterError(
      'ERR_CLUSTER_ENCODE',
      `cannot encode ${what} with codec ${codec.name}: ${messageOf(cause)}`,
      { cause, data: { codec: codec.name } },
    );
  }
}

/**
 * A raw payload comes back as the very bytes that it holds: copy them where two readers could meet.
 * @throws ClusterError ERR_CLUSTER_DECODE
 */
export function decodePayload(codec: Codec, payload: Payload, what: string): unknown {
  if (payload.raw) return payload.bytes;
  try {
    return codec.decode(payload.bytes);
  } catch (cause) {
    throw new ClusterError(
      'ERR_CLUSTER_DECODE',
      `cannot decode ${what} with codec ${codec.name}: ${messageOf(cause)}`,
      { cause, data: { codec: codec.name } },
    );
  }
}
