import { Connection } from '../../lib/connection.js';
import { type Applicant, apply, deriveKey } from '../../lib/handshake.js';
import type { Runtime } from '../../lib/runtime.js';
import type { Address, Transport } from '../../lib/transport.js';
import type { Outcome } from '../../protocol/message.js';

export interface RawFollower {
  connection: Connection;
  outcome: Outcome;
}

/** A follower that is no more than its link: it answers no heartbeat before it is opened. */
export async function rawFollower(
  transport: Transport,
  address: Address,
  runtime: Pick<Runtime, 'secret' | 'id'>,
  more: Partial<Applicant> = {},
): Promise<RawFollower> {
  const connection = new Connection(await transport.dial(address, 1000), { maxMessageBytes: 1024 * 1024 });
  const applicant = {
    channel: 'Config',
    pid: 4242,
    epoch: 0,
    runtime: runtime.id,
    identity: '',
    sentAt: 0,
    codecs: ['msgpack'],
  };
  const outcome = await apply(connection, deriveKey(runtime.secret), { ...applicant, ...more });
  return { connection, outcome };
}
