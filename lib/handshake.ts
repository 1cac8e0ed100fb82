import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';
import { serializeJson } from '../protocol/codecs/serialize-json.js';
import { Kind, MAC_LENGTH, NONCE_LENGTH, Type, VERSION_1, VERSION_2 } from '../protocol/constants.js';
import type { Dialect, DialectHost } from '../protocol/dialect.js';
import { V1Leader } from '../protocol/dialects/v1-leader.js';
import { decode, encode } from '../protocol/dialects/v2.js';
import { changed, EMPTY, encodeFrame, type Frame } from '../protocol/frame.js';
import type { Authenticate, Challenge, Outcome } from '../protocol/message.js';
import type { Connection } from './connection.js';
import { ClusterError, protocolError } from './errors.js';
import { clock } from './transit.js';
import type { Link, Transport } from './transport.js';

/*
 * The four frames that open every link; protocol/README.md has the layout and what each part of it defends
 * against. Both ends prove that they have the secret, over a transcript that has both nonces and both addresses.
 */

/** What a stranger may have put into an error. */
const CODE = /^ERR_CLUSTER_[A-Z_]{1,32}$/;
/** Except what only we can find: whoever asked would take such a one for a leader that hangs, and replace it. */
const OWN_VERDICTS = new Set(['ERR_CLUSTER_LEADER_SILENT', 'ERR_CLUSTER_PORT_SILENT']);

/** What a follower says of itself, once the hub has proved itself. */
export type Applicant = Omit<Authenticate, 'type' | 'id' | 'mac'>;

/** One who has proved itself, and when by our clock what it said was read. */
export interface Admitted extends Applicant {
  readAt: number;
  /** Of a follower of 3.x, which says nothing of itself but the channel. */
  v1?: V1Leader;
}

/** For one who would follow a leader of 3.x as well. */
export interface Following3x {
  /** What speaks against following the one at the other end: it proves nothing. */
  refusal(link: Link): Promise<ClusterError | undefined>;
  dialect(host: DialectHost): Dialect;
}

/** Derives the key of the handshake from a secret of the group: HKDF (RFC 5869) with SHA-256. */
export function deriveKey(secret: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, EMPTY, 'cluster-client/2', 32));
}

/**
 * The follower's side. The caller limits the time and closes the connection if this throws.
 * @param keys of all secrets that the group has at present; both ends must have one of them.
 * @param onProved the other end is of our group.
 * @param following3x where a leader of 3.x will do.
 * @throws ClusterError ERR_CLUSTER_AUTH: the other end does not have our secret. ERR_CLUSTER_PEER_VERSION: it is
 *   a 3.x leader, and that will not do. ERR_CLUSTER_PROTOCOL: it speaks something else. ERR_CLUSTER_LINK_CLOSED. The
 *   code that it refuses us with.
 */
export async function apply(
  connection: Connection,
  keys: readonly Buffer[],
  applicant: Applicant,
  onProved?: () => void,
  following3x?: Following3x,
): Promise<Outcome> {
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
        // Whoever listens there may read this: it does not hear what we want, unless 3.x has to.
        channelName: following3x ? applicant.channel : '',
        v2: { versions: [VERSION_2], nonce: nonce.toString('base64') },
      }),
    ),
    application: EMPTY,
  };
  connection.sendFrame(frame1);

  const frame2 = await connection.nextFrame();
  if (frame2.version === VERSION_1) {
    if (!following3x) throw versionError(`${link.remoteAddress} is a leader of cluster-client 3.x`);
    onProved?.();
    const refusal = await following3x.refusal(link);
    if (refusal) throw refusal;
    connection.speak((host) => following3x.dialect(host));
    connection.trust();
    // It is the leader's answer, for whoever opens the connection.
    connection.unread(frame2);
    return { type: 'parked', state: 'starting' };
  }
  refuseGoodbye(frame2, link);
  const challenge = expect(frame2, 'challenge');
  const transcript = digest(frame1, frame2, link.localAddress, link.remoteAddress);
  const key = keys.find((one) => {
    const expected = mac(one, 'hub', transcript);
    return challenge.macs.some((given) => timingSafeEqual(given, expected));
  });
  if (!key) throw authError(link);
  connection.trust();
  onProved?.();
  if (challenge.version !== VERSION_2) throw protocolError(`the hub chose version ${challenge.version}`);

  const frame3 = encode({ type: 'authenticate', id: 1, mac: Buffer.alloc(MAC_LENGTH), ...applicant });
  const proof = mac(key, 'follower', transcript, frame3.connection.subarray(MAC_LENGTH));
  proof.copy(frame3.connection);
  connection.sendFrame(frame3);

  const frame4 = await connection.nextFrame();
  refuseGoodbye(frame4, link);
  const body = frame4.connection.subarray(MAC_LENGTH);
  const sealed = frame4.connection.subarray(0, MAC_LENGTH);
  if (sealed.length < MAC_LENGTH || !timingSafeEqual(sealed, seal(key, proof, frame4.type, body)))
    throw authError(link);
  const outcome = decode(changed(frame4, { connection: body }));
  if (!isOutcome(outcome)) throw protocolError(`the handshake ended with message type ${frame4.type}`);
  return outcome;
}

/**
 * The hub's side. `decide` answers the applicant once it has proved itself; `refusal3x` says why a follower of 3.x,
 * which can prove nothing, is not admitted.
 * @throws ClusterError ERR_CLUSTER_AUTH, ERR_CLUSTER_PEER_VERSION, ERR_CLUSTER_PROTOCOL, ERR_CLUSTER_LINK_CLOSED
 */
export async function admit(
  connection: Connection,
  keys: readonly Buffer[],
  decide: (applicant: Applicant) => Outcome,
  refusal3x: (channel: string) => Promise<ClusterError | undefined>,
): Promise<{ applicant: Admitted; outcome: Outcome }> {
  const { link } = connection;
  const frame1 = await connection.nextFrame();
  const hello = readHello(frame1);
  if (!hello.isVersion2) return admit3x(connection, frame1, hello.channel, refusal3x);
  const nonce = randomBytes(NONCE_LENGTH);
  const macless = keys.map(() => Buffer.alloc(MAC_LENGTH));
  const challenge: Challenge = { type: 'challenge', id: frame1.id, version: VERSION_2, nonce, macs: macless };
  const transcript = digest(frame1, encode(challenge), link.remoteAddress, link.localAddress);
  const macs = keys.map((key) => mac(key, 'hub', transcript));
  connection.sendFrame(encode({ ...challenge, macs }));

  const frame3 = await connection.nextFrame();
  const { type: _type, id: _id, mac: given, ...applicant } = expect(frame3, 'authenticate');
  const body = frame3.connection.subarray(MAC_LENGTH);
  const key = keys.find((one) => timingSafeEqual(given, mac(one, 'follower', transcript, body)));
  if (!key) throw authError(link);

  connection.trust();
  const outcome = decide(applicant);
  const frame4 = encode(outcome);
  const sealed = seal(key, given, frame4.type, frame4.connection);
  connection.sendFrame(changed(frame4, { connection: Buffer.concat([sealed, frame4.connection]) }));
  return { applicant: { ...applicant, readAt: clock() }, outcome };
}

/** It waits for a leader of its channel; who has one answers it. */
async function admit3x(
  connection: Connection,
  { id }: Frame,
  channel: string,
  refusal3x: (channel: string) => Promise<ClusterError | undefined>,
): Promise<{ applicant: Admitted; outcome: Outcome }> {
  const v1 = connection.speak((host) => new V1Leader(host, serializeJson(), id));
  const refusal = await refusal3x(channel);
  if (refusal) {
    connection.send({ type: 'refused', code: refusal.code, reason: refusal.message });
    throw refusal;
  }
  connection.trust();
  const now = clock();
  const unknown = {
    pid: 0,
    epoch: 0,
    mayLead: false,
    isStrict: false,
    runtime: '',
    settings: [],
    codecs: [],
  };
  const applicant = { ...unknown, channel, name: channel, sentAt: now, readAt: now, v1 };
  return { applicant, outcome: { type: 'parked', state: 'vacant' } };
}

/** Why a peer of 3.x is not trusted: where the system tells whose its socket is, that has to be our user. */
export async function strangerOf3x(transport: Transport, link: Link): Promise<ClusterError | undefined> {
  if (!(await transport.isStranger?.(link))) return undefined;
  return new ClusterError('ERR_CLUSTER_AUTH', `${link.remoteAddress} is of another user`, {
    data: { address: link.remoteAddress },
  });
}

/** A peer of 3.x has been met, and was not expected. */
export function versionError(what: string): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_PEER_VERSION',
    `${what}: to share clients with processes of 3.x, set option interop: '3.x' (or CLUSTER_CLIENT_INTEROP=3.x) here`,
    { data: { option: 'interop' } },
  );
}

/** Of a refusal that anybody could have sent nothing is believed but that it came, and of which kind it is. */
function refuseGoodbye(frame: Frame, link: Link): void {
  if (frame.version !== VERSION_2 || frame.type !== Type.goodbye) return;
  const goodbye = decode(frame);
  const told = goodbye?.type === 'goodbye' ? goodbye.code : '';
  const code = CODE.test(told) && !OWN_VERDICTS.has(told) ? told : 'ERR_CLUSTER_PROTOCOL';
  throw new ClusterError(code, `${link.remoteAddress} ended the handshake with ${code}`, {
    data: { address: link.remoteAddress },
  });
}

function readHello(frame: Frame): { channel: string; isVersion2: boolean } {
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
  if (v2 === undefined) return { channel: channelName, isVersion2: false };
  const { versions, nonce } = record(v2);
  if (!Array.isArray(versions) || !versions.includes(VERSION_2))
    throw protocolError('no protocol version in common');
  if (typeof nonce !== 'string' || Buffer.from(nonce, 'base64').length !== NONCE_LENGTH) {
    throw protocolError(`the nonce is not ${NONCE_LENGTH} bytes`);
  }
  return { channel: channelName, isVersion2: true };
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
  const unsealed = frame2.connection.subarray(0, 2 + NONCE_LENGTH);
  const hash = createHash('sha256');
  for (const part of [
    encodeFrame(frame1),
    encodeFrame(changed(frame2, { connection: unsealed })),
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
