import type { ChannelIdentity } from '../../lib/channel-identity.js';
import { Connection } from '../../lib/connection.js';
import { type Admitted, type Applicant, admit, apply, deriveKey, versionError } from '../../lib/handshake.js';
import type { Link } from '../../lib/transport.js';
import type { Outcome, Welcome } from '../../protocol/message.js';
import { linkPair } from '../helpers/links.js';

/** No peer of 3.x is of the group. */
export const refuse3x = async () => versionError('a follower of cluster-client 3.x');

export const KEY = deriveKey(Buffer.from('the secret of this group'));

export const APPLICANT: Applicant = {
  pid: 4242,
  epoch: 1_750_000_000_000,
  sentAt: 5,
  mayLead: true,
  isStrict: false,
  runtime: 'b7',
  channel: 'Config@01ab',
  name: 'Config',
  settings: ['0123abcd endpoint'],
  codecs: ['msgpack', 'json'],
};

/** Of a channel that its user named. */
export const IDENTITY: ChannelIdentity = { channel: 'Config', name: 'Config', settings: [], isStrict: false };

export const WELCOME: Welcome = {
  type: 'welcome',
  epoch: 7,
  pid: 1,
  codec: 'msgpack',
  methods: ['getConfig'],
};

/** The same, as its hub knows it: what it said was read at once. */
export const ADMITTED: Admitted = { ...APPLICANT, readAt: APPLICANT.sentAt };

/** Sees the bytes of one frame on their way, its number is 1 to 4, and gives those that arrive. */
export type Alter = (frame: number, bytes: Buffer) => Buffer;

export interface Shaken {
  follower: PromiseSettledResult<Outcome>;
  hub: PromiseSettledResult<{ applicant: Admitted; outcome: Outcome }>;
}

export interface Shake {
  applicant?: Applicant;
  followerKeys?: readonly Buffer[];
  hubKeys?: readonly Buffer[];
  outcome?: Outcome;
  alter?: Alter;
  links?: { near: Link; far: Link };
}

/** Turns of the event loop after which a handshake has got stuck: the time limit is the callers' business. */
const PATIENCE = 20;

/** One handshake, both sides. Where it cannot end by itself the links are cut. */
export async function shake(settings: Shake = {}): Promise<Shaken> {
  const { applicant = APPLICANT, followerKeys = [KEY], hubKeys = [KEY], outcome = WELCOME, alter } = settings;
  const { near, far } = settings.links ?? (await linkPair());
  if (alter) {
    intercept(near, (count, bytes) => alter(2 * count - 1, bytes));
    intercept(far, (count, bytes) => alter(2 * count, bytes));
  }
  const connections = [near, far].map((link) => new Connection(link, { maxMessageBytes: 1024 }));
  const [nearEnd, farEnd] = connections as [Connection, Connection];
  // As those who call them do.
  const closing = <T>(promise: Promise<T>, end: Connection) =>
    promise.catch((error: Error) => {
      end.destroy(error);
      throw error;
    });
  const both = Promise.allSettled([
    closing(apply(nearEnd, followerKeys, applicant), nearEnd),
    closing(
      admit(farEnd, hubKeys, () => outcome, refuse3x),
      farEnd,
    ),
  ]);
  let over = false;
  void both.then(() => {
    over = true;
  });
  for (let turns = 0; turns < PATIENCE && !over; turns += 1)
    await new Promise((resolve) => setImmediate(resolve));
  for (const connection of connections) connection.destroy(new Error('stuck, or done'));
  const [follower, hub] = await both;
  return { follower, hub };
}

/** Each frame of a handshake is one write. */
function intercept(link: Link, alter: (count: number, bytes: Buffer) => Buffer): void {
  const write = link.write.bind(link);
  let count = 0;
  link.write = (buffers) => {
    count += 1;
    return write([alter(count, Buffer.concat(buffers))]);
  };
}

/** The frames of a handshake that went well, as they were on the wire. */
export async function recorded(): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  await shake({
    alter: (frame, bytes) => {
      frames[frame] = bytes;
      return bytes;
    },
  });
  return frames;
}

export function reasonOf(result: PromiseSettledResult<unknown>): { code?: string; message: string } {
  return result.status === 'rejected' ? result.reason : { message: 'it went well' };
}
