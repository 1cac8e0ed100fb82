import fc from 'fast-check';
import type { Link } from '../../lib/transport.js';
import { Type } from '../../protocol/constants.js';
import { decode, encode } from '../../protocol/dialects/v2.js';
import { encodeFrame, type Frame } from '../../protocol/frame.js';
import type { Outcome } from '../../protocol/message.js';
import { Ear } from '../helpers/links.js';
import { buffer, cut, mutated, once, piece, record, sizes, stream } from './arbitraries.js';
import { MAX_FRAME_BYTES } from './heard.js';
import { MESSAGES, message } from './messages.js';
import { soon, turns } from './runs.js';
import { bytesOf, keyOf, mac, NOTHING, read, string, transcript } from './wire.js';

export const KEY = keyOf('the secret of this group');
const OTHER = keyOf('another secret');
export const MAC = 32;

/** What a stranger may say of itself; each means something to whoever asks. */
const CODES = [
  'ERR_CLUSTER_PROTOCOL',
  'ERR_CLUSTER_AUTH',
  'ERR_CLUSTER_LIMIT',
  'ERR_CLUSTER_CONNECT_TIMEOUT',
  'ERR_CLUSTER_LEADER_SILENT',
  'ERR_CLUSTER_PORT_SILENT',
  'ERR_CLUSTER_LEADER_LEFT',
  'ERR_CLUSTER_PEER_VERSION',
  'ECONNREFUSED',
  'EMFILE',
  'ERR_CLUSTER_\u001b[31m',
];

/** Frame 2. The right MAC, if it is there, is the one with this index. */
interface Challenge {
  do: 'challenge';
  how: 'right' | 'of another secret' | 'of the follower' | 'of zeros';
  macs: number;
  at: number;
  version: number;
}

/** Frame 4; what is behind it comes in the same moment. */
interface Sealed {
  do: 'answer';
  how: 'right' | 'of another secret' | 'of another type' | 'none';
  frame: Frame;
  behind: Buffer;
}

type Step = { do: 'send'; bytes: Buffer } | Challenge | Sealed | { do: 'wait' };

export interface Trap {
  steps: Step[];
  sizes: readonly number[];
  leave: 'end' | 'destroy';
  isOurs: boolean | undefined;
  abort: boolean;
}

const goodbye = fc
  .tuple(fc.constantFrom(...CODES), fc.constantFrom('', 'a reason'))
  .map(([code, reason]) =>
    bytesOf({ type: Type.goodbye, connection: Buffer.concat([string(code), string(reason)]) }),
  );

const outcome = fc.oneof(MESSAGES.welcome, MESSAGES.parked, MESSAGES.moved, MESSAGES.refused).map(encode);

const frames = stream(
  fc.oneof(
    { weight: 3, arbitrary: message.map((one) => encodeFrame(encode(one))) },
    { weight: 2, arbitrary: goodbye },
    { weight: 1, arbitrary: piece },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'),
        bytesOf({ version: 1, kind: 1 }),
      ),
    },
  ),
  3,
);

const send: fc.Arbitrary<Step> = record({ do: fc.constant('send' as const), bytes: frames });
const challenge = {
  do: fc.constant('challenge' as const),
  how: fc.constantFrom<Challenge['how'][]>(
    'right',
    'right',
    'of another secret',
    'of the follower',
    'of zeros',
  ),
  macs: fc.integer({ min: 0, max: 5 }),
  at: fc.nat(5),
  version: fc.constantFrom(2, 2, 2, 1, 3),
};
const challengeWell = {
  ...challenge,
  how: fc.constant<Challenge['how']>('right'),
  macs: fc.constantFrom(1, 4),
  at: fc.constant(0),
  version: fc.constant(2),
};
const changed = (connection: fc.Arbitrary<Buffer>) =>
  fc.tuple(outcome, connection).map(([frame, connection]) => ({ ...frame, connection }));
const answer = {
  do: fc.constant('answer' as const),
  how: fc.constantFrom<Sealed['how'][]>('right', 'right', 'of another secret', 'of another type', 'none'),
  frame: fc.oneof(
    { weight: 4, arbitrary: outcome },
    { weight: 1, arbitrary: message.map(encode) },
    { weight: 1, arbitrary: changed(mutated(outcome.map(({ connection }) => connection))) },
    { weight: 1, arbitrary: changed(buffer(20)) },
  ),
  behind: fc.oneof(fc.constant(NOTHING), frames),
};
const answerWell = { ...answer, how: fc.constant<Sealed['how']>('right'), frame: outcome };
const wait: fc.Arbitrary<Step> = record({ do: fc.constant('wait' as const) });

export const trap: fc.Arbitrary<Trap> = record({
  steps: fc.oneof(
    fc.array(fc.oneof(send, record(challenge), record(answer), wait), { maxLength: 3 }),
    fc.tuple(record(challenge), record(answer), send),
    fc.tuple(record(challengeWell), record(answer), send),
    fc.tuple(record(challengeWell), record(answerWell), send),
    fc.tuple(record(challengeWell), send, record(answer)),
    fc.tuple(send, record(challengeWell), record(answerWell)),
  ),
  sizes,
  leave: fc.constantFrom<Trap['leave'][]>('end', 'destroy'),
  isOurs: fc.constantFrom(true, false, undefined),
  abort: once(16),
});

/** The other end of the link that is asked at. */
export class EvilHub {
  readonly ear = new Ear();
  readonly #link: Link;
  readonly #sizes: readonly number[];
  /** Of the handshake so far. */
  hash: Buffer | undefined;
  /** What was sent means nothing any more. */
  #isSpoilt = false;
  /** The hub has shown that it has the secret. */
  isProved = false;
  /** It has told this, and that it did; then whatever came behind. */
  outcome: Outcome | undefined;
  #behind: Buffer = NOTHING;

  constructor(link: Link, sizes: readonly number[]) {
    this.#link = link;
    this.#sizes = sizes;
    link.open(this.ear);
  }

  get #heard(): Frame[] {
    return read(this.ear.bytes, [MAX_FRAME_BYTES]).frames;
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      if (step.do === 'send') this.#send(step.bytes);
      else if (step.do === 'wait') await turns(3);
      else if (step.do === 'challenge') await this.#challenge(step);
      else await this.#answer(step);
    }
    await turns(5);
  }

  async #challenge({ how, macs, at, version }: Challenge): Promise<void> {
    await soon(() => this.#heard.length > 0 || this.ear.closes.length > 0, 'frame 1');
    const { remoteAddress, localAddress } = this.#link;
    const head = Buffer.concat([Buffer.of(version), Buffer.alloc(32, 3), Buffer.of(macs)]);
    const bytes = (list: Buffer[]) =>
      bytesOf({ kind: 1, type: Type.challenge, id: 1n, connection: Buffer.concat([head, ...list]) });
    const frame1 = this.ear.bytes.subarray(0, 24 + this.ear.bytes.readUInt32BE(16));
    const hash = transcript(frame1, bytes([]), remoteAddress, localAddress);
    const right = mac(
      how === 'of another secret' ? OTHER : KEY,
      how === 'of the follower' ? 'follower' : 'hub',
      hash,
    );
    const list = Array.from({ length: macs }, (_, index) =>
      index === at && how !== 'of zeros' ? right : Buffer.alloc(MAC),
    );
    const isRight = how === 'right' && at < macs && macs <= 4 && !this.#isSpoilt && !this.hash;
    this.hash ??= hash;
    this.#send(bytes(list));
    if (!isRight) return;
    this.isProved = true;
    // Of another version it is told no more.
    this.#isSpoilt = version !== 2;
    await turns(4);
  }

  async #answer({ how, frame, behind }: Sealed): Promise<void> {
    const proof = this.#heard.find(({ type }) => type === Type.authenticate)?.connection.subarray(0, MAC);
    const type = how === 'of another type' ? frame.type ^ 1 : frame.type;
    const key = how === 'of another secret' ? OTHER : KEY;
    const seal =
      how === 'none' || !proof ? NOTHING : mac(key, 'welcome', proof, Buffer.of(type), frame.connection);
    const sealed = { ...frame, connection: Buffer.concat([seal, frame.connection]) };
    const isRight = how === 'right' && proof && this.isProved && !this.#isSpoilt;
    this.#send(encodeFrame(sealed));
    if (isRight) this.outcome = outcomeOf(frame);
    this.#send(behind);
  }

  /** What it has told in the end: of one that it has sealed, and of those behind. */
  get outcomes(): Outcome[] {
    const later = read(this.#behind, [MAX_FRAME_BYTES]).frames.map(outcomeOf);
    return [this.outcome, ...later].filter((one) => one !== undefined);
  }

  #send(bytes: Buffer): void {
    if (bytes.length > 0) this.#isSpoilt = true;
    if (this.outcome) this.#behind = Buffer.concat([this.#behind, bytes]);
    for (const chunk of cut(bytes, this.#sizes)) this.#link.write([chunk]);
  }

  leave(how: 'end' | 'destroy'): void {
    this.#link[how]();
  }
}

function outcomeOf(frame: Frame): Outcome | undefined {
  try {
    const message = decode(frame);
    const types = ['welcome', 'parked', 'moved', 'refused'];
    return message && types.includes(message.type) ? (message as Outcome) : undefined;
  } catch {
    return undefined;
  }
}
