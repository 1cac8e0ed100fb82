import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import is from 'is-type-of';
import stringify from 'json-stringify-safe';
import type { Codec } from '../protocol/codec.js';
import { msgpack } from '../protocol/codecs/msgpack.js';
import { serializeJson } from '../protocol/codecs/serialize-json.js';
import {
  MAX_FRAME_BYTES,
  MAX_HANDSHAKE_FRAME_BYTES,
  MAX_MESSAGE_BYTES,
  MAX_SECRETS,
  MAX_WHOLE_BYTES,
} from '../protocol/constants.js';
import type { Election } from './election.js';
import { fixed } from './elections/fixed.js';
import { port } from './elections/port.js';
import { optionError } from './errors.js';
import type { Transport } from './transport.js';
import { tcp } from './transports/tcp.js';

/** Console-shaped. */
export interface Logger {
  info(...args: unknown[]): void;
  warn(...args: unknown[]): void;
  error(...args: unknown[]): void;
}

/** A codec as 3.x had it. */
export interface Transcode {
  encode(value: unknown): Uint8Array;
  decode(bytes: Buffer): unknown;
}

/** All optional; an explicit `undefined` means the default. README.md has the table. */
export interface ClusterOptions {
  /** Name of the channel: clients of one name in one group share one real client. Default: the class's name. */
  name?: string | undefined;
  /**
   * Whether clients have the same settings. Unnamed ones that differ have a leader each; named ones are warned about.
   * strict: named ones that differ are refused. A function: what is compared, in place of the constructor's arguments.
   */
  identity?: 'strict' | ((args: readonly unknown[]) => unknown) | undefined;
  /** Which processes belong together. Default: CLUSTER_CLIENT_GROUP, else the port if one is given, else the application's folder. */
  group?: string | undefined;
  /** The cluster port, on the loopback address. Default: NODE_CLUSTER_CLIENT_PORT, else derived from group and secret within 20000–29999, or with interop 7777. */
  port?: number | undefined;
  /**
   * What the processes of a group prove to each other to have; at least 16 bytes. Several, up to 4: any of them will
   * do, as while they are changed; the newest first. Default: CLUSTER_CLIENT_SECRET, else a key file.
   */
  secret?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** Folder of key file and records, open to this user only. Default: a folder named by user id in the system's temporary folder. */
  runtimeDir?: string | undefined;
  /** Whether a leader that hangs, or whose process is stopped, is replaced: after three beats without a sign of life. Default true. */
  takeover?: boolean | undefined;
  /** True: lead or fail. False: never lead. Default: compete. */
  isLeader?: boolean | undefined;
  /** All in one process: the real client is built here, at once. Default: NODE_CLUSTER_CLIENT_SINGLE_MODE === '1'. */
  singleMode?: boolean | undefined;
  /** ms for connecting and for the handshake. Default: NODE_CLUSTER_CLIENT_CONNECT_TIMEOUT, else 10000. */
  connectTimeout?: number | undefined;
  /** ms after which `ready()` rejects if there is no leader; it goes on looking for one. Default 30000. */
  maxWaitTime?: number | undefined;
  /** ms for a call of a follower. Default 3000. */
  responseTimeout?: number | undefined;
  /** ms between two signs of life on a link; three missed ones end it. Default 20000. */
  heartbeatInterval?: number | undefined;
  /** Whether the leader ends the links of followers that give no sign of life. Default true. */
  isCheckHeartbeat?: boolean | undefined;
  /** Whether subscribe, unSubscribe, publish, close and the class's async methods are delegated unasked. Default true. */
  autoGenerate?: boolean | undefined;
  /** False: each value goes to one subscriber, picked at random. Default true. */
  isBroadcast?: boolean | undefined;
  /** ms after which a follower emits `error` if a subscription has brought no first value. Default: never. */
  subscribeTimeout?: number | undefined;
  /** ms from the last unsubscribe of a key, over all processes, to the real client's. Default 1000. */
  unsubscribeLinger?: number | undefined;
  /** Calls that may wait for a leader; one more is refused. Default 10000. */
  maxBacklog?: number | undefined;
  /** newest: a follower that reads too slowly skips values. every: none, and is cut off instead. Default newest. */
  delivery?: 'newest' | 'every' | undefined;
  /** Bytes that may wait for a follower until its requests are not read any more. Default 8 MiB. */
  maxQueuedBytes?: number | undefined;
  /** The most that one value may take on the wire. Default 128 MiB. */
  maxMessageBytes?: number | undefined;
  /** The most that one frame may hold, at least 512 KiB; longer values come in several. Default 1 MiB. */
  maxFrameBytes?: number | undefined;
  /** The same from one who has not proved itself, at least 4 KiB. Default 4 KiB. */
  maxHandshakeBytes?: number | undefined;
  /** Links to this process that have not proved themselves; one more, and the oldest is closed. Default 1024. */
  maxHandshakes?: number | undefined;
  /** Links to this process that have; one more is refused. Default 4096. */
  maxLinks?: number | undefined;
  /** Calls of one follower that run at a time: more wait there; who does not wait is refused. Default 10000. */
  maxCallsPerLink?: number | undefined;
  /** Keys that one follower may subscribe to, and as many that it may publish. Default 100000. */
  maxKeysPerLink?: number | undefined;
  /** Listeners of one event until Node warns. Default 20. */
  maxListeners?: number | undefined;
  /** Takes warnings. Default: the console. */
  logger?: Logger | undefined;
  /**
   * '3.x': processes with cluster-client 3.x belong to the group, as while an application moves to this version. They
   * prove nothing but that they are of our user. Only who holds the cluster port leads, and no leader that hangs is
   * replaced. Default: CLUSTER_CLIENT_INTEROP, else they are refused.
   */
  interop?: '3.x' | undefined;
  /** How values travel; the same in all processes. Default `msgpack()`; with interop that of 3.x, `serializeJson()`. */
  codec?: Codec | undefined;
  /** 3.x's name for a codec. */
  transcode?: Transcode | undefined;
  /** What makes two `reg` the same key. Default: JSON, with circular references marked. */
  formatKey?: ((reg: unknown) => string) | undefined;
  /** Default: `port()`, or `fixed()` where isLeader is given. */
  election?: Election | undefined;
  /** Default `tcp()`. */
  transport?: Transport | undefined;
}

type Optional =
  | 'port'
  | 'runtimeDir'
  | 'isLeader'
  | 'subscribeTimeout'
  | 'transcode'
  | 'identity'
  | 'interop';

/** Options with every default filled in. */
export type ResolvedOptions = {
  [K in Exclude<keyof ClusterOptions, Optional | 'secret'>]-?: Exclude<ClusterOptions[K], undefined>;
} & { [K in Optional]: ClusterOptions[K] } & {
  /** Whether `name` was given; else it is the name of the class. */
  isNamed: boolean;
  secrets: readonly Buffer[] | undefined;
};

const MIN_SECRET_BYTES = 16;
/** Of 3.x. */
const PORT_3X = 7777;
const MAX_QUEUED_BYTES = 8 * 1024 * 1024;

const defaultLogger: Logger = console;

/** Every option, as given or by default. @throws ClusterError ERR_CLUSTER_OPTION */
export function resolveOptions(className: string, given: ClusterOptions = {}): ResolvedOptions {
  if (typeof given !== 'object' || given === null) throw optionError('(all)', given, 'an object');
  const env = process.env;
  const interop =
    typed('interop', given.interop, isInterop, "'3.x'") ??
    typed('CLUSTER_CLIENT_INTEROP', env['CLUSTER_CLIENT_INTEROP'] || undefined, isInterop, "'3.x'");
  const clusterPort =
    integer('port', given.port ?? envNumber('NODE_CLUSTER_CLIENT_PORT'), 1, 65535) ??
    (interop ? PORT_3X : undefined);
  const isLeader = typed('isLeader', given.isLeader, is.boolean, 'a boolean');
  const transcode = typed('transcode', given.transcode, isCodec, '{ encode, decode }');
  const codec =
    typed('codec', given.codec, isNamedCodec, '{ name, encode, decode }') ??
    (transcode ? fromTranscode(transcode) : interop ? serializeJson() : msgpack());
  return {
    name: channelName(given.name ?? className),
    isNamed: given.name !== undefined,
    identity: typed('identity', given.identity, isIdentity, "'strict' or a function"),
    group:
      text('group', given.group) ??
      text('CLUSTER_CLIENT_GROUP', env['CLUSTER_CLIENT_GROUP'] || undefined) ??
      (clusterPort === undefined ? applicationFolder() : `port ${clusterPort}`),
    port: clusterPort,
    secrets:
      secrets('secret', given.secret) ??
      secrets('CLUSTER_CLIENT_SECRET', env['CLUSTER_CLIENT_SECRET'] || undefined),
    runtimeDir: text('runtimeDir', given.runtimeDir),
    takeover: typed('takeover', given.takeover, is.boolean, 'a boolean') ?? true,
    isLeader,
    singleMode:
      typed('singleMode', given.singleMode, is.boolean, 'a boolean') ??
      env['NODE_CLUSTER_CLIENT_SINGLE_MODE'] === '1',
    connectTimeout:
      duration('connectTimeout', given.connectTimeout ?? envNumber('NODE_CLUSTER_CLIENT_CONNECT_TIMEOUT')) ??
      10_000,
    maxWaitTime: duration('maxWaitTime', given.maxWaitTime) ?? 30_000,
    responseTimeout: duration('responseTimeout', given.responseTimeout) ?? 3_000,
    heartbeatInterval: duration('heartbeatInterval', given.heartbeatInterval) ?? 20_000,
    isCheckHeartbeat: typed('isCheckHeartbeat', given.isCheckHeartbeat, is.boolean, 'a boolean') ?? true,
    autoGenerate: typed('autoGenerate', given.autoGenerate, is.boolean, 'a boolean') ?? true,
    isBroadcast: typed('isBroadcast', given.isBroadcast, is.boolean, 'a boolean') ?? true,
    subscribeTimeout: duration('subscribeTimeout', given.subscribeTimeout),
    unsubscribeLinger: duration('unsubscribeLinger', given.unsubscribeLinger, 0) ?? 1_000,
    maxBacklog: integer('maxBacklog', given.maxBacklog, 0, Number.MAX_SAFE_INTEGER) ?? 10_000,
    delivery: typed('delivery', given.delivery, isDelivery, "'newest' or 'every'") ?? 'newest',
    maxQueuedBytes:
      integer('maxQueuedBytes', given.maxQueuedBytes, 1, Number.MAX_SAFE_INTEGER) ?? MAX_QUEUED_BYTES,
    maxMessageBytes: integer('maxMessageBytes', given.maxMessageBytes, 1, 0x7fff_ffff) ?? MAX_MESSAGE_BYTES,
    maxFrameBytes:
      integer('maxFrameBytes', given.maxFrameBytes, MAX_WHOLE_BYTES, 0x7fff_ffff) ?? MAX_FRAME_BYTES,
    maxHandshakeBytes:
      integer('maxHandshakeBytes', given.maxHandshakeBytes, MAX_HANDSHAKE_FRAME_BYTES, MAX_FRAME_BYTES) ??
      MAX_HANDSHAKE_FRAME_BYTES,
    maxHandshakes: integer('maxHandshakes', given.maxHandshakes, 1, Number.MAX_SAFE_INTEGER) ?? 1024,
    maxLinks: integer('maxLinks', given.maxLinks, 1, Number.MAX_SAFE_INTEGER) ?? 4096,
    maxCallsPerLink: integer('maxCallsPerLink', given.maxCallsPerLink, 1, Number.MAX_SAFE_INTEGER) ?? 10_000,
    maxKeysPerLink: integer('maxKeysPerLink', given.maxKeysPerLink, 1, Number.MAX_SAFE_INTEGER) ?? 100_000,
    maxListeners: integer('maxListeners', given.maxListeners, 0, Number.MAX_SAFE_INTEGER) ?? 20,
    logger: typed('logger', given.logger, isLogger, 'an object with info, warn and error') ?? defaultLogger,
    interop,
    codec: interop ? withBuffers(codec) : codec,
    transcode,
    formatKey: typed('formatKey', given.formatKey, isFormatKey, 'a function') ?? keyOf,
    election:
      typed('election', given.election, isElection, 'an election, as port() makes') ??
      (isLeader === undefined ? port() : fixed(isLeader ? 'leader' : 'follower')),
    transport: typed('transport', given.transport, isTransport, 'a transport, as tcp() makes') ?? tcp(),
  };
}

/** The folder of the nearest package.json above the main script that is not somebody's dependency. */
function applicationFolder(): string {
  const start = process.argv[1] ? dirname(process.argv[1]) : process.cwd();
  for (let folder = start; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (!folder.split(sep).includes('node_modules') && existsSync(manifest) && isApplication(manifest))
      return folder;
    if (folder === dirname(folder)) return start;
  }
}

/** A package.json that only says how to read a build folder has no name. */
function isApplication(manifest: string): boolean {
  try {
    return 'name' in (JSON.parse(readFileSync(manifest, 'utf8')) as object);
  } catch {
    return false;
  }
}

function typed<T>(
  option: string,
  value: unknown,
  check: (value: unknown) => value is T,
  expected: string,
): T | undefined {
  if (value === undefined) return undefined;
  if (!check(value)) throw optionError(option, value, expected);
  return value;
}

/** It has to fit the first frame of a handshake, which is 4 KiB at most. */
const MAX_NAME_BYTES = 1_000;

function channelName(value: unknown): string {
  if (is.string(value) && value !== '' && Buffer.byteLength(value) <= MAX_NAME_BYTES) return value;
  throw optionError(
    'name',
    value,
    `a string of 1 to ${MAX_NAME_BYTES} bytes (a class without a name needs one)`,
  );
}

function text(option: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (!is.string(value) || value === '') throw optionError(option, value, 'a string that is not empty');
  return value;
}

function integer(option: string, value: unknown, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  if (!is.integer(value) || value < min || value > max) {
    throw optionError(option, value, `a whole number from ${min} to ${max}`);
  }
  return value;
}

/** What a timer of Node can wait: 2^31 - 1 ms. */
function duration(option: string, value: unknown, min = 1): number | undefined {
  if (value === undefined) return undefined;
  if (!is.number(value) || !(value >= min) || value > 0x7fff_ffff) {
    throw optionError(option, value, `a number of ms from ${min} to 2147483647`);
  }
  return value;
}

function envNumber(name: string): number | undefined {
  const value = process.env[name];
  if (value === undefined || value === '') return undefined;
  if (!/^\d+$/.test(value)) throw optionError(name, value, 'a whole number');
  return Number(value);
}

function secrets(option: string, value: unknown): Buffer[] | undefined {
  if (value === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length === 0 || list.length > MAX_SECRETS)
    throw optionError(option, `${list.length} of them`, `1 to ${MAX_SECRETS} secrets`);
  return list.map((one) => secret(option, one));
}

function secret(option: string, value: unknown): Buffer {
  const bytes = is.string(value) ? Buffer.from(value, 'utf8') : value;
  // The message must not show what was given.
  if (!Buffer.isBuffer(bytes)) throw optionError(option, `a ${typeof value}`, 'a string or Buffer');
  if (bytes.length < MIN_SECRET_BYTES) {
    throw optionError(option, `${bytes.length} bytes`, `at least ${MIN_SECRET_BYTES} bytes long`);
  }
  return bytes;
}

function fromTranscode(transcode: Transcode): Codec {
  return {
    name: 'transcode',
    encode: (value) => transcode.encode(value),
    decode: (bytes) => transcode.decode(bytes),
  };
}

/** Nothing is said of a value to 3.x but what the codec has written. */
function withBuffers(codec: Codec): Codec {
  return {
    name: codec.name,
    encodesBuffers: true,
    encode: (value) => codec.encode(value),
    decode: (bytes) => codec.decode(bytes),
  };
}

function hasMethods(value: unknown, ...names: string[]): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => is.function(Reflect.get(value, name)))
  );
}

const isLogger = (value: unknown): value is Logger => hasMethods(value, 'info', 'warn', 'error');
const isCodec = (value: unknown): value is Transcode => hasMethods(value, 'encode', 'decode');
const isNamedCodec = (value: unknown): value is Codec =>
  isCodec(value) && isCodecName(Reflect.get(value, 'name'));
/** It has to fit the third frame of a handshake. */
const isCodecName = (value: unknown) => is.string(value) && value.length > 0 && value.length <= 100;
const isElection = (value: unknown): value is Election => hasMethods(value, 'elect');
const isTransport = (value: unknown): value is Transport => hasMethods(value, 'listen', 'dial');
const isDelivery = (value: unknown): value is 'newest' | 'every' => value === 'newest' || value === 'every';
const isIdentity = (value: unknown): value is 'strict' | ((args: readonly unknown[]) => unknown) =>
  value === 'strict' || is.function(value);
const isInterop = (value: unknown): value is '3.x' => value === '3.x';
const isFormatKey = (value: unknown): value is (reg: unknown) => string => is.function(value);

/** Few have circles, and to look for them takes several times as long as to write them. */
function keyOf(reg: unknown): string {
  try {
    return JSON.stringify(reg);
  } catch {
    return stringify(reg);
  }
}
