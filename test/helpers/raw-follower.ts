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
  runtime: Pick<Runtime, 'secrets' | 'id'>,
  more: Partial<Applicant> = {},
): Promise<RawFollower> {
  const connection = new Connection(await transport.dial(address, 1000), { maxMessageBytes: 1024 * 1024 });
  const applicant = {
    pid: 4242,
    epoch: 0,
    sentAt: 0,
    mayLead: true,
    isStrict: false,
    runtime: runtime.id,
    channel: 'Config',
    name: 'Config',
    settings: [],
    codecs: ['msgpack'],
  };
  const outcome = await apply(connection, runtime.secrets.map(deriveKey), { ...applicant, ...more });
  return { connection, outcome };
}
