import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { Kind, MAC_LENGTH, NONCE_LENGTH, VERSION_1, VERSION_2 } from '../protocol/constants.js';
import { decode, encode } from '../protocol/dialects/v2.js';
import { EMPTY, encodeFrame, type Frame } from '../protocol/frame.js';
import type { Authenticate, Challenge, Outcome } from '../protocol/message.js';
import type { Connection } from './connection.js';
import { ClusterError, protocolError } from './errors.js';
import { clock } from './transit.js';
import type { Link } from './transport.js';

/*
 * The four frames that open every link; protocol/README.md has the layout and what each part of it defends
 * against. Both ends prove that they have the secret, over a transcript that has both nonces and both addresses.
 */

/** What a follower says of itself. */
export interface Applicant {
  channel: string;
  pid: number;
  /** Highest epoch of the channel that it knows of; 0 for none. */
  epoch: number;
  runtime: string;
  identity: string;
  /** Its clock. */
  sentAt: number;
  /** Names of the codecs that it could use, the preferred one first. */
  codecs: string[];
}

/** One who has proved itself, and when by our clock what it said was read. */
export interface Admitted extends Applicant {
  readAt: number;
}

/** Derives the key of the handshake from the group's secret: HKDF (RFC 5869) with SHA-256. */
export function deriveKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, EMPTY, 'cluster-client/2', 32));
}

/**
 * The follower's side. The caller limits the time and closes the connection if this throws.
 * @throws ClusterError ERR_CLUSTER_AUTH: the other end does not have our secret. ERR_CLUSTER_PEER_VERSION: it is
 *   a 3.x leader. ERR_CLUSTER_PROTOCOL: it speaks something else. ERR_CLUSTER_LINK_CLOSED.
 */
export async function apply(connection: Connection, key: Buffer, applicant: Applicant): Promise<Outcome> {
  const { link } = connection;
  const nonce = randomBytes(NONCE_LENGTH);
  const frame1: Frame = {
    version: VERSION_1,
    kind: Kind.request,
    type: 0,
    flags: 0,
    id: 1,
    timeout: 0,
    connection: Buffer.from(
      JSON.stringify({
        type: 'register_channel',
        channelName: applicant.channel,
        v2: { versions: [VERSION_2], nonce: nonce.toString('base64'), codecs: applicant.codecs },
      }),
    ),
    application: EMPTY,
  };
  connection.sendFrame(frame1);

  const frame2 = await connection.nextFrame();
  if (frame2.version === VERSION_1) {
    throw new ClusterError(
      'ERR_CLUSTER_PEER_VERSION',
      `${link.remoteAddress} is a leader of cluster-client 3.x, which this version does not follow`,
      { data: { address: link.remoteAddress } },
    );
  }
  const challenge = expect(frame2, 'challenge');
  const transcript = digest(frame1, frame2, link.localAddress, link.remoteAddress);
  if (!timingSafeEqual(challenge.mac, mac(key, 'hub', transcript))) throw authError(link);
  connection.trust();
  if (challenge.version !== VERSION_2) throw protocolError(`the hub chose version ${challenge.version}`);

  const { pid, epoch, runtime, identity, sentAt } = applicant;
  const empty: Authenticate = {
    type: 'authenticate',
    id: 1,
    mac: Buffer.alloc(MAC_LENGTH),
    pid,
    epoch,
    runtime,
    identity,
    sentAt,
  };
  const frame3 = encode(empty);
  const proof = mac(key, 'follower', transcript, frame3.connection.subarray(MAC_LENGTH));
  proof.copy(frame3.connection);
  connection.sendFrame(frame3);

  const frame4 = await connection.nextFrame();
  const body = frame4.connection.subarray(MAC_LENGTH);
  const sealed = frame4.connection.subarray(0, MAC_LENGTH);
  if (sealed.length < MAC_LENGTH || !timingSafeEqual(sealed, seal(key, proof, frame4.type, body)))
    throw authError(link);
  const outcome = decode({ ...frame4, connection: body });
  if (!isOutcome(outcome)) throw protocolError(`the handshake ended with message type ${frame4.type}`);
  return outcome;
}

/**
 * The hub's side. `decide` answers the applicant once it has proved itself.
 * @throws ClusterError ERR_CLUSTER_AUTH, ERR_CLUSTER_PEER_VERSION, ERR_CLUSTER_PROTOCOL, ERR_CLUSTER_LINK_CLOSED
 */
export async function admit(
  connection: Connection,
  key: Buffer,
  decide: (applicant: Applicant) => Outcome,
): Promise<{ applicant: Admitted; outcome: Outcome }> {
  const { link } = connection;
  const frame1 = await connection.nextFrame();
  const hello = parseHello(frame1);
  const challenge: Challenge = {
    type: 'challenge',
    id: frame1.id,
    version: VERSION_2,
    nonce: randomBytes(NONCE_LENGTH),
    mac: Buffer.alloc(MAC_LENGTH),
  };
  const frame2 = encode(challenge);
  const transcript = digest(frame1, frame2, link.remoteAddress, link.localAddress);
  mac(key, 'hub', transcript).copy(frame2.connection, frame2.connection.length - MAC_LENGTH);
  connection.sendFrame(frame2);

  const frame3 = await connection.nextFrame();
  const proof = expect(frame3, 'authenticate');
  const expected = mac(key, 'follower', transcript, frame3.connection.subarray(MAC_LENGTH));
  if (!timingSafeEqual(proof.mac, expected)) throw authError(link);

  connection.trust();
  const { pid, epoch, runtime, identity, sentAt } = proof;
  const applicant: Admitted = { ...hello, pid, epoch, runtime, identity, sentAt, readAt: clock() };
  const outcome = decide(applicant);
  const frame4 = encode(outcome);
  const sealed = seal(key, expected, frame4.type, frame4.connection);
  connection.sendFrame({ ...frame4, connection: Buffer.concat([sealed, frame4.connection]) });
  return { applicant, outcome };
}

function parseHello(frame: Frame): Pick<Applicant, 'channel' | 'codecs'> {
  let hello: unknown;
  try {
    hello = JSON.parse(frame.connection.toString('utf8'));
  } catch {
    throw protocolError('the first frame is no JSON');
  }
  const { type, channelName, v2 } = record(hello);
  if (frame.version !== VERSION_1 || type !== 'register_channel' || typeof channelName !== 'string') {
    throw protocolError('the first frame is no register_channel');
  }
  if (v2 === undefined) {
    throw new ClusterError(
      'ERR_CLUSTER_PEER_VERSION',
      'a follower of cluster-client 3.x, which this version does not serve',
    );
  }
  const { versions, nonce, codecs } = record(v2);
  if (!Array.isArray(versions) || !versions.includes(VERSION_2))
    throw protocolError('no protocol version in common');
  if (typeof nonce !== 'string' || Buffer.from(nonce, 'base64').length !== NONCE_LENGTH) {
    throw protocolError(`the nonce is not ${NONCE_LENGTH} bytes`);
  }
  if (!Array.isArray(codecs) || !codecs.every((codec): codec is string => typeof codec === 'string')) {
    throw protocolError('codecs is not a list of names');
  }
  return { channel: channelName, codecs };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw protocolError('the first frame lacks an object');
  return value as Record<string, unknown>;
}

function expect<T extends 'challenge' | 'authenticate'>(frame: Frame, type: T) {
  const message = decode(frame);
  if (message?.type !== type)
    throw protocolError(`the handshake expects ${type}, got message type ${frame.type}`);
  return message as Extract<Challenge | Authenticate, { type: T }>;
}

function isOutcome(message: ReturnType<typeof decode>): message is Outcome {
  return message !== undefined && ['welcome', 'parked', 'moved', 'refused'].includes(message.type);
}

/** `H` of protocol/README.md. */
function digest(frame1: Frame, frame2: Frame, follower: string, hub: string): Buffer {
  const bytes2 = encodeFrame(frame2);
  const hash = createHash('sha256');
  for (const part of [
    encodeFrame(frame1),
    bytes2.subarray(0, bytes2.length - MAC_LENGTH),
    Buffer.from(follower),
    Buffer.from(hub),
  ]) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(part.length);
    hash.update(length).update(part);
  }
  return hash.digest();
}

function mac(key: Buffer, label: string, ...parts: Buffer[]): Buffer {
  const hmac = createHmac('sha256', key).update(label);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

function seal(key: Buffer, proof: Buffer, type: number, body: Buffer): Buffer {
  return mac(key, 'welcome', proof, Buffer.of(type), body);
}

function authError(link: Link): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_AUTH',
    `${link.remoteAddress} does not have the secret of this group: give all processes the same secret or runtimeDir`,
    { data: { address: link.remoteAddress } },
  );
}
