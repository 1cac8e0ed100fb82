import type { TestContext } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { type AskOptions, askAt } from '../../lib/contact.js';
import type { Answer } from '../../lib/election.js';
import { admit } from '../../lib/handshake.js';
import type { Link } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import type { Message, Outcome } from '../../protocol/message.js';
import { APPLICANT, KEY, refuse3x } from './handshakes.js';

export const ADDRESS = { host: 'memory', port: 1 };
export const LIMIT = { maxMessageBytes: 1024 };

/** Asks at an address where the test answers. */
export async function asked(
  t: TestContext,
  answer: (link: Link) => void,
  more: Partial<AskOptions> = {},
): Promise<Answer> {
  const transport = memory();
  const listener = await transport.listen(ADDRESS, answer);
  t.after(() => listener.close());
  const { signal } = new AbortController();
  const patience = { connectTimeout: 5000, heartbeatInterval: 5000, isOurs: () => false };
  const options = { transport, keys: [KEY], ...patience, ...LIMIT, signal, applicant: APPLICANT };
  return askAt(ADDRESS, { ...options, ...more });
}

/** A hub that ends the handshake with this; `hub` is then its end. */
export function hubThat(outcome: Outcome) {
  const ends: Connection[] = [];
  const accept = (link: Link) => {
    const connection = new Connection(link, LIMIT);
    ends.push(connection);
    admit(connection, [KEY], () => outcome, refuse3x).catch((error: Error) => connection.destroy(error));
  };
  return { accept, tell: (message: Message) => ends[0]?.send(message), hang: () => ends[0]?.link.destroy() };
}
