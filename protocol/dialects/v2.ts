import ByteBuffer from 'byte';
import { type Codec, decodePayload, encodePayload, isBuffer, type Payload } from '../codec.js';
import {
  Flag,
  Kind,
  MAC_LENGTH,
  MAX_CONNECTION_BYTES,
  MAX_SECRETS,
  NONCE_LENGTH,
  Type,
  VERSION_2,
} from '../constants.js';
import type { Dialect } from '../dialect.js';
import { ClusterError, protocolError } from '../errors.js';
import { Fields, MAX_STRING_BYTES } from '../fields.js';
import { EMPTY, type Frame, keptApplication } from '../frame.js';
import type { Address, Authenticate, Challenge, Message, Value } from '../message.js';

/*
 * The binary dialect of cluster-client 4: message <-> frame. protocol/README.md has the layout of each.
 * Control messages are built with a ByteBuffer; `invoke`, `result` and `value` are the hot path and are not.
 */

/** States of `parked`, by number. */
const PARKED = ['vacant', 'starting', 'leaving'] as const;

/** Port 0: no address. */
const NOWHERE: Address = { host: '', port: 0 };

/** Bits of `authenticate`. */
const MAY_LEAD = 1;
const STRICT = 2;

const RESPONSES: readonly number[] = [
  Type.challenge,
  Type.welcome,
  Type.parked,
  Type.moved,
  Type.refused,
  Type.result,
  Type.published,
];
/** By type, the kind of those that have one only. */
const KINDS: (Kind | undefined)[] = [];
for (const type of Object.values(Type)) {
  if (type !== Type.heartbeat) KINDS[type] = RESPONSES.includes(type) ? Kind.response : Kind.request;
}

const NO_PAYLOAD: Payload = { bytes: EMPTY, raw: false };

/** What a link speaks from the end of the handshake on. */
export const v2: Dialect = {
  hasSlices: true,
  encode,
  decode: decodeMessage,
  encodeArguments,
  decodeArguments,
};

export function encode(message: Message | Challenge | Authenticate): Frame {
  switch (message.type) {
    case 'invoke': {
      const flags = message.oneway ? Flag.oneway : 0;
      const connection = Buffer.allocUnsafe(4 + Buffer.byteLength(message.method));
      connection.writeUInt32BE(message.sentAt, 0);
      connection.write(message.method, 4, 'utf8');
      checkText(message.method, connection.length - 4);
      return frame(Type.invoke, Kind.request, message.id, connection, message.args, flags, message.timeout);
    }
    case 'result':
      return frame(
        Type.result,
        Kind.response,
        message.id,
        EMPTY,
        message.value,
        message.fault ? Flag.fault : 0,
      );
    case 'value': {
      if (message.frame) return message.frame;
      const made = encodeValue(message);
      if ('frame' in message) message.frame = made;
      return made;
    }
    case 'heartbeat':
      return frame(Type.heartbeat, message.reply ? Kind.response : Kind.request, message.id, EMPTY);
    case 'cancel':
      return frame(Type.cancel, Kind.request, message.id, EMPTY);
    case 'subscribe':
      return frame(Type.subscribe, Kind.request, 0, text(message.key), message.reg);
    case 'unsubscribe':
      return frame(Type.unsubscribe, Kind.request, 0, text(message.key));
    case 'publish': {
      const connection = control(64).putLong(message.epoch).putLong(message.sequence);
      connection.put(text(message.key));
      return frame(Type.publish, Kind.request, message.id, connection.array(), message.reg);
    }
    case 'published': {
      const connection = control(16).putLong(message.epoch).putLong(message.sequence).array();
      const flags = message.fault ? Flag.fault : 0;
      return frame(Type.published, Kind.response, message.id, connection, message.value, flags);
    }
    case 'welcome': {
      const body = putUInt32(control(64).putLong(message.epoch), message.pid).putString(message.codec);
      putStrings(body, message.methods);
      return frame(Type.welcome, Kind.response, 0, body.array());
    }
    case 'parked':
      return frame(Type.parked, Kind.response, 0, control(1).put(PARKED.indexOf(message.state)).array());
    case 'moved':
      return frame(Type.moved, Kind.response, 0, leadership(message.epoch, message.address));
    case 'leading':
      return frame(Type.leading, Kind.request, 0, leadership(message.epoch, message.address));
    case 'refused':
      return frame(
        Type.refused,
        Kind.response,
        0,
        control(64).putString(message.code).putString(message.reason).array(),
      );
    case 'goodbye':
      return frame(
        Type.goodbye,
        Kind.request,
        0,
        control(64).putString(message.code).putString(message.reason).array(),
      );
    case 'standby': {
      const { host, port } = message.address ?? NOWHERE;
      return frame(Type.standby, Kind.request, 0, control(64).putInt(port).putString(host).array());
    }
    case 'unavailable':
      return frame(Type.unavailable, Kind.request, 0, EMPTY, message.value);
    case 'challenge': {
      const connection = control(2 + NONCE_LENGTH + MAC_LENGTH)
        .put(message.version)
        .put(message.nonce);
      connection.put(message.macs.length);
      for (const mac of message.macs) connection.put(mac);
      return frame(Type.challenge, Kind.response, message.id, connection.array());
    }
    case 'authenticate': {
      const connection = putUInt32(control(256).put(message.mac), message.pid).putLong(message.epoch);
      putUInt32(connection, message.sentAt);
      connection.put((message.mayLead ? MAY_LEAD : 0) | (message.isStrict ? STRICT : 0));
      connection.putString(message.runtime).putString(message.channel).putString(message.name);
      putStrings(connection, message.settings);
      putStrings(connection, message.codecs);
      return frame(Type.authenticate, Kind.request, message.id, connection.array());
    }
  }
}

/**
 * `undefined` for a type that this version does not know: a newer peer's, to be skipped.
 * @throws ClusterError ERR_CLUSTER_PROTOCOL
 */
export function decode(source: Frame): Message | Challenge | Authenticate | undefined {
  if (source.version !== VERSION_2)
    throw protocolError(`frame of version ${source.version} on a version 2 link`);
  const { id, flags, type, kind } = source;
  const fault = (flags & Flag.fault) !== 0;
  if ((KINDS[type] ?? kind) !== kind) throw protocolError(`message type ${type} as kind ${kind}`);
  switch (type) {
    case Type.invoke:
      return decodeInvoke(source);
    case Type.result:
      return { type: 'result', id, fault, value: payload(source) };
    case Type.value:
      return decodeValue(source);
    case Type.heartbeat:
      return { type: 'heartbeat', id, reply: kind === Kind.response };
    case Type.cancel:
      return { type: 'cancel', id };
    case Type.subscribe:
      return { type: 'subscribe', key: new Fields(source, 'subscribe').rest(), reg: payload(source) };
    case Type.unsubscribe:
      return { type: 'unsubscribe', key: new Fields(source, 'unsubscribe').rest() };
    case Type.publish: {
      const body = new Fields(source, 'publish');
      const rank = { epoch: body.epoch(), sequence: body.uint64() };
      return { type: 'publish', id, ...rank, key: body.rest(), reg: payload(source) };
    }
    case Type.published: {
      const body = new Fields(source, 'published');
      return {
        type: 'published',
        id,
        epoch: body.epoch(),
        sequence: body.uint64(),
        fault,
        value: payload(source),
      };
    }
    case Type.welcome: {
      const body = new Fields(source, 'welcome');
      return {
        type: 'welcome',
        epoch: body.epoch(),
        pid: body.uint32(),
        codec: body.string(),
        methods: body.strings(),
      };
    }
    case Type.parked:
      return { type: 'parked', state: PARKED[new Fields(source, 'parked').byte()] ?? 'vacant' };
    case Type.moved:
      return { type: 'moved', ...readLeadership(new Fields(source, 'moved')) };
    case Type.leading:
      return { type: 'leading', ...readLeadership(new Fields(source, 'leading')) };
    case Type.refused: {
      const body = new Fields(source, 'refused');
      return { type: 'refused', code: body.string(), reason: body.string() };
    }
    case Type.goodbye: {
      const body = new Fields(source, 'goodbye');
      return { type: 'goodbye', code: body.string(), reason: body.string() };
    }
    case Type.standby: {
      const address = readAddress(new Fields(source, 'standby'));
      return { type: 'standby', address: address.port > 0 ? address : undefined };
    }
    case Type.unavailable:
      return { type: 'unavailable', value: payload(source) };
    case Type.challenge: {
      const body = new Fields(source, 'challenge');
      return {
        type: 'challenge',
        id,
        version: body.byte(),
        nonce: body.bytes(NONCE_LENGTH),
        macs: body.chunks(MAC_LENGTH, MAX_SECRETS),
      };
    }
    case Type.authenticate: {
      const body = new Fields(source, 'authenticate');
      const head = {
        mac: body.bytes(MAC_LENGTH),
        pid: body.uint32(),
        epoch: body.epoch(),
        sentAt: body.uint32(),
      };
      const bits = body.byte();
      return {
        type: 'authenticate',
        id,
        ...head,
        mayLead: (bits & MAY_LEAD) !== 0,
        isStrict: (bits & STRICT) !== 0,
        runtime: body.string(),
        channel: body.string(),
        name: body.string(),
        settings: body.strings(),
        codecs: body.strings(),
      };
    }
    default:
      return undefined;
  }
}

/** What comes most often is decoded in functions of its own, which the compiler can make one of with all that they call. */
function decodeInvoke(source: Frame): Message & { type: 'invoke' } {
  const { id, flags, timeout } = source;
  const body = new Fields(source, 'invoke');
  const sentAt = body.uint32();
  const oneway = (flags & Flag.oneway) !== 0;
  return { type: 'invoke', id, timeout, sentAt, method: body.rest(), oneway, args: payload(source) };
}

function decodeValue(source: Frame): Message & { type: 'value' } {
  const { flags } = source;
  const body = new Fields(source, 'value');
  const revision = body.uint64();
  const missed = body.uint32();
  const key = body.rest();
  const value = { bytes: keptApplication(source), raw: (flags & Flag.raw) !== 0 };
  return { type: 'value', revision, missed, key, fault: (flags & Flag.fault) !== 0, value };
}

function payload({ application, flags }: Frame): Payload {
  return { bytes: application, raw: (flags & Flag.raw) !== 0 };
}

function encodeValue({ key, revision, missed, fault, value }: Value): Frame {
  const connection = Buffer.allocUnsafe(12 + Buffer.byteLength(key));
  writeUInt64(connection, revision, 0);
  connection.writeUInt32BE(missed, 8);
  connection.write(key, 12, 'utf8');
  checkText(key, connection.length - 12);
  return frame(Type.value, Kind.request, 0, connection, value, fault ? Flag.fault : 0);
}

function decodeMessage(source: Frame): Message | undefined {
  const message = decode(source);
  if (message?.type === 'challenge' || message?.type === 'authenticate')
    throw protocolError(`${message.type} after the handshake`);
  return message;
}

/** A single Buffer as it is, anything else as one array. */
function encodeArguments(codec: Codec, args: readonly unknown[], method: string, maxBytes: number): Payload {
  const isWhole = args.length === 1 && isBuffer(args[0]) && !codec.encodesBuffers;
  const value = isWhole ? args[0] : args;
  return encodePayload(codec, value, `the arguments of ${method}`, maxBytes);
}

function decodeArguments(codec: Codec, payload: Payload, method: string): readonly unknown[] {
  const args = decodePayload(codec, payload, `the arguments of ${method}`);
  if (payload.raw) return [args];
  if (Array.isArray(args)) return args;
  throw new ClusterError('ERR_CLUSTER_DECODE', `the arguments of ${method} are no array`, {
    data: { method },
  });
}

function frame(
  type: Type,
  kind: Kind,
  id: number,
  connection: Buffer,
  { bytes, raw }: Payload = NO_PAYLOAD,
  flags = 0,
  timeout = 0,
): Frame {
  if (connection.length > MAX_CONNECTION_BYTES) {
    throw new ClusterError(
      'ERR_CLUSTER_ENCODE',
      `a method name, key or list of ${connection.length} bytes is too long: ${MAX_CONNECTION_BYTES} is the limit`,
      { data: { length: connection.length, limit: MAX_CONNECTION_BYTES } },
    );
  }
  return {
    version: VERSION_2,
    kind,
    type,
    flags: raw ? flags | Flag.raw : flags,
    id,
    timeout,
    connection,
    application: bytes,
  };
}

function control(capacity: number): ByteBuffer {
  return ByteBuffer.allocate(capacity);
}

/** As the same 32 bits: a ByteBuffer has signed numbers only. */
function putUInt32(body: ByteBuffer, value: number): ByteBuffer {
  return body.putInt(value | 0);
}

function putStrings(body: ByteBuffer, texts: readonly string[]): void {
  body.putInt(texts.length);
  for (const text of texts) body.putString(text);
}

function text(key: string): Buffer {
  const bytes = Buffer.from(key, 'utf8');
  checkText(key, bytes.length);
  return bytes;
}

/** What the other end would not read is an error here, where it was caused. */
function checkText(text: string, length: number): void {
  if (length <= MAX_STRING_BYTES) return;
  throw new ClusterError(
    'ERR_CLUSTER_ENCODE',
    `method name or key ${text.slice(0, 40)}… has ${length} bytes: ${MAX_STRING_BYTES} is the limit`,
    { data: { length, limit: MAX_STRING_BYTES } },
  );
}

function leadership(epoch: number, { host, port }: Address): Buffer {
  return control(64).putLong(epoch).putInt(port).putString(host).array();
}

function readLeadership(body: Fields): { epoch: number; address: Address } {
  return { epoch: body.epoch(), address: readAddress(body) };
}

function readAddress(body: Fields): Address {
  const port = body.uint32();
  if (port > 65535) throw protocolError(`address: port ${port}`);
  return { port, host: body.string() };
}

function writeUInt64(target: Buffer, value: number, at: number): void {
  target.writeUInt32BE(Math.floor(value / 0x1_0000_0000), at);
  target.writeUInt32BE(value % 0x1_0000_0000, at + 4);
}
