import { msgpack } from '../../protocol/codecs/msgpack.js';
import { Flag, Kind, Type } from '../../protocol/constants.js';
import { encode } from '../../protocol/dialects/v2.js';
import { fromFault } from '../../protocol/fault.js';
import { encodeFrame, type Frame } from '../../protocol/frame.js';
import type { Message } from '../../protocol/message.js';
import { goodbyeOf, type Stranger } from './stranger.js';
import { bytesOf } from './wire.js';

/** No other heartbeat has it. */
const LAST_WORD = 0x1234_5678_9abc;

/** What ends a link rightly. Any other code is that of one call, and may cost no more. */
const BREACHES = ['ERR_CLUSTER_PROTOCOL', 'ERR_CLUSTER_FRAME_TOO_LARGE', 'ERR_CLUSTER_MESSAGE_TOO_LARGE'];

const codec = msgpack();

export interface RawCall {
  id?: number;
  method: string | Buffer;
  /** As bytes, whatever they are. */
  args?: Buffer;
  flags?: number;
  timeout?: number;
  sentAt?: number;
}

/** A follower of the group that has turned against its leader: past the handshake. */
export class Insider {
  readonly stranger: Stranger;

  constructor(stranger: Stranger) {
    this.stranger = stranger;
  }

  send(message: Message): void {
    this.stranger.send(encodeFrame(encode(message)));
  }

  call(call: RawCall): void {
    this.stranger.send(callBytes(call));
  }

  /** How a call that was sent ends: `answered`, or with a code. */
  outcome(id: number): Promise<string> {
    return this.stranger.first((frame) =>
      frame.type === Type.result && frame.id === id ? codeOf(frame) : endOf(frame),
    );
  }

  /** How all of so many calls end: the codes that occur, and `answered`. */
  async outcomes(count: number): Promise<string> {
    const words = new Set<string>();
    for (let left = count; left > 0; left -= 1) {
      const word = await this.stranger.first((frame) =>
        frame.type === Type.result ? codeOf(frame) : endOf(frame),
      );
      words.add(word);
      if (this.stranger.isClosed) break;
    }
    return [...words].sort().join(' ');
  }

  /**
   * What it is told for all that it has sent. `ignored`: nothing, and the link goes on, as the answer to a heartbeat
   * shows, which comes after all else.
   */
  verdict(): Promise<string> {
    this.send({ type: 'heartbeat', id: LAST_WORD, reply: false });
    return this.stranger.first((frame) => {
      const isFault = (frame.flags & Flag.fault) !== 0;
      if (isFault && (frame.type === Type.value || frame.type === Type.published)) return codeOf(frame);
      if (frame.type === Type.heartbeat && frame.kind === Kind.response && frame.id === LAST_WORD)
        return 'ignored';
      return endOf(frame);
    });
  }

  /** How a publication ends. */
  published(id: number): Promise<string> {
    return this.stranger.first((frame) =>
      frame.type === Type.published && frame.id === id ? codeOf(frame) : endOf(frame),
    );
  }
}

export function callBytes({ id = 1, method, args = Buffer.of(0x90), ...more }: RawCall): Buffer {
  const { flags = 0, timeout = 0, sentAt = 0 } = more;
  const connection = Buffer.concat([Buffer.alloc(4), Buffer.from(method)]);
  connection.writeUInt32BE(sentAt);
  return bytesOf({ type: Type.invoke, id, flags, timeout, connection, application: args });
}

/** Arguments as the codec writes them. */
export function argumentsOf(...args: unknown[]): Buffer {
  return Buffer.from(codec.encode(args));
}

function codeOf(frame: Frame): string {
  if ((frame.flags & Flag.fault) === 0) return 'answered';
  const { code, message } = fromFault(codec.decode(frame.application)) as Error & { code?: string };
  return code ?? message;
}

function endOf(frame: Frame): string | undefined {
  const code = goodbyeOf(frame);
  return code === undefined || BREACHES.includes(code) ? code : `goodbye ${code}`;
}
