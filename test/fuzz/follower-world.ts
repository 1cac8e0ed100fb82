import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { HubContact } from '../../lib/contact.js';
import type { Election } from '../../lib/election.js';
import { resolveOptions } from '../../lib/options.js';
import type { NewCall } from '../../lib/pending.js';
import { Session, type SessionEvents } from '../../lib/session.js';
import type { Link } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import { encodePayload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import type { Outcome, Welcome } from '../../protocol/message.js';
import { temporaryFolder } from '../helpers/folder.js';
import { quietLogger } from '../helpers/isolated.js';
import { Ear, linkPair } from '../helpers/links.js';

const codec = msgpack();
const WELCOME: Welcome = { type: 'welcome', epoch: 1, pid: 1, codec: 'msgpack', methods: [] };

/** What happens to a client, in order. */
class Noted implements SessionEvents {
  readonly names: string[] = [];
  ready = () => this.names.push('ready');
  failed = () => this.names.push('failed');
  lost = () => this.names.push('lost');
  event = () => this.names.push('event');
  error = () => this.names.push('error');
  closed = () => this.names.push('closed');
}

/** One call, and how it was settled. */
export interface Made {
  oneway: boolean;
  readonly settled: { error: Error | undefined; results: readonly unknown[] }[];
  readonly controller: AbortController;
}

/** One listener, and whether it is to hear anything. */
export interface Listening {
  key: string;
  isSubscribed: boolean;
  readonly heard: { value: unknown; late: boolean }[];
  readonly listener: (value: unknown) => void;
}

/** Folders and a group for clients, each of which follows whom the test wants it to follow. */
export async function followerWorld(t: TestContext) {
  const place = { runtimeDir: temporaryFolder(t), group: randomUUID(), secret: 'the secret of this group' };
  return {
    /** A client; `lead` makes the other end of the link to each leader that it finds. */
    client(lead: (link: Link) => void, outcome: Outcome = WELCOME) {
      const election: Election = {
        name: 'of the test',
        standsBy: true,
        elect: async () => {
          const { near, far } = await linkPair();
          const connection = new Connection(near, { maxMessageBytes: 64 * 1024 });
          connection.trust();
          lead(far);
          return { role: 'follower', contact: new HubContact(connection, outcome) };
        },
      };
      const given = { ...place, election, transport: memory(), port: 7, logger: quietLogger() };
      const options = resolveOptions('Config', { ...given, formatKey: String, maxMessageBytes: 64 * 1024 });
      const methods = {
        subscribe: 's',
        unSubscribe: 'u',
        publish: 'p',
        close: 'c',
        invoke: new Set<string>(),
      };
      const events = new Noted();
      const session = new Session({ options, methods, createRealClient: () => ({}), identity: [] }, events);
      session.start();
      return { session, events };
    },
  };
}

export function newCall(session: Session, more: Partial<NewCall> = {}): Made {
  const controller = new AbortController();
  const made: Made = { oneway: more.oneway ?? false, settled: [], controller };
  session.invoke({
    method: 'get',
    args: ['é', 1],
    oneway: false,
    idempotent: false,
    timeout: Infinity,
    explicit: false,
    signal: controller.signal,
    settle: (error, results) => made.settled.push({ error, results }),
    ...more,
  });
  return made;
}

export function listen(session: Session, key: string): Listening {
  const listening: Listening = {
    key,
    isSubscribed: true,
    heard: [],
    listener: (value) => {
      listening.heard.push({ value, late: !listening.isSubscribed });
      if (key === 'throws') throw new Error('as listeners do');
    },
  };
  session.subscribe(key, listening.listener);
  return listening;
}

/** A leader that says nothing of its own. */
export function mute(link: Link): Ear {
  const ear = new Ear();
  link.open(ear);
  return ear;
}

/** A leader that answers each call of `get` with `well`. */
export function honest(link: Link): void {
  const connection = new Connection(link, { maxMessageBytes: 64 * 1024 });
  connection.trust();
  const value = encodePayload(codec, 'well', 'a result');
  connection.open({
    message: (message) => {
      if (message.type === 'invoke' && message.method === 'get')
        connection.send({ type: 'result', id: message.id, fault: false, value });
    },
    close: () => {},
  });
  connection.send(WELCOME);
}
