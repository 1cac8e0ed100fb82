import { Connection } from '../../lib/connection.js';
import type { Link, LinkHandlers, Transport } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import { Kind, Type } from '../../protocol/constants.js';
import { Decoder } from '../../protocol/decoder.js';
import { decode } from '../../protocol/dialects/v2.js';
import { changed, encodeFrame, type Frame } from '../../protocol/frame.js';
import type { Message } from '../../protocol/message.js';
import { until } from './until.js';

/** The two ends of one new link, neither of them open. */
export async function linkPair(transport: Transport = memory()): Promise<{ near: Link; far: Link }> {
  let far: Link | undefined;
  const listener = await transport.listen({ host: transport.host, port: 0 }, (link) => {
    far = link;
  });
  const near = await transport.dial(listener.address, 1000);
  await until(() => far !== undefined);
  await listener.close();
  return { near, far: far as Link };
}

/** Keeps what a link tells its owner. */
export class Ear implements LinkHandlers {
  readonly chunks: Buffer[] = [];
  drains = 0;
  /** One entry for each time it was told of the close. */
  readonly closes: (Error | undefined)[] = [];

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  data(chunk: Buffer): void {
    this.chunks.push(chunk);
  }

  drain(): void {
    this.drains += 1;
  }

  close(error?: Error): void {
    this.closes.push(error);
  }
}

/** The last message of version 2 that came: of a peer that ends the link, why. */
export function farewell({ bytes }: Ear): ReturnType<typeof decode> {
  let last: ReturnType<typeof decode>;
  new Decoder((frame) => {
    if (frame.version === 2) last = decode(frame);
  }).push(bytes);
  return last;
}

/** Two connections over one link, both past the handshake. */
export async function connectionPair(maxMessageBytes = 16 * 1024 * 1024) {
  const { near, far } = await linkPair();
  const pair = {
    near: new Connection(near, { maxMessageBytes }),
    far: new Connection(far, { maxMessageBytes }),
  };
  pair.near.trust();
  pair.far.trust();
  return pair;
}

/** Opens a connection and keeps what comes. */
export class Inbox {
  readonly messages: Message[] = [];
  readonly closes: Error[] = [];
  drains = 0;

  constructor(connection: Connection) {
    connection.open({
      message: (message) => this.messages.push(message),
      drain: () => {
        this.drains += 1;
      },
      close: (error) => this.closes.push(error),
    });
  }

  of<T extends Message['type']>(type: T): Extract<Message, { type: T }>[] {
    return this.messages.filter((message): message is Extract<Message, { type: T }> => message.type === type);
  }
}

/** A link that goes nowhere and counts what is written; the test plays the other end. */
export class FakeLink implements Link {
  readonly localAddress = 'fake:1';
  readonly remoteAddress = 'fake:2';
  readonly isLocal = true;
  queuedBytes = 0;
  readonly writes: Buffer[] = [];
  #answered = 0;
  paused = false;
  /** What `write` returns. */
  room = true;
  ended = 0;
  handlers: LinkHandlers | undefined;

  open(handlers: LinkHandlers): void {
    this.handlers = handlers;
  }

  write(buffers: readonly Buffer[]): boolean {
    this.writes.push(Buffer.concat(buffers));
    return this.room;
  }

  /** As the peer does that reads what was written: it says that it has come to each mark between long messages. */
  answerMarks(): void {
    const writes = this.writes.slice(this.#answered);
    this.#answered = this.writes.length;
    const decoder = new Decoder((frame) => {
      if (isMark(frame)) this.handlers?.data(encodeFrame(changed(frame, { kind: Kind.response })));
    });
    for (const bytes of writes) decoder.push(bytes);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  end(): void {
    this.ended += 1;
  }

  destroy(): void {
    this.ended += 1;
  }
}

/** A question how far the peer has got with long messages. */
export function isMark({ type, kind, id }: Frame): boolean {
  return type === Type.heartbeat && kind === Kind.request && id > 0;
}
