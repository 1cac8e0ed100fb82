import fc from 'fast-check';
import type { Link } from '../../lib/transport.js';
import { encodePayload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { decode, encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import type { Authenticate, Message } from '../../protocol/message.js';
import { frameOf } from '../fixtures/frames-hex.js';
import { Ear } from '../helpers/links.js';
import { buffer, cut, mutated, piece, record, sizes, stream } from './arbitraries.js';
import { CHANNEL, RUNTIME, SECRET } from './hub-world.js';
import { MESSAGES, message } from './messages.js';
import { soon } from './runs.js';
import { bytesOf, hello, helloText, keyOf, mac, transcript, type Wire } from './wire.js';

export const KEY = keyOf(SECRET);
export const MAC = 32;

/** Sent after the good beginning, one after the other. */
type Step =
  | { do: 'send'; bytes: Buffer }
  /** Frame 3 with this body; what is behind it comes in the same write. */
  | { do: 'prove'; body: Buffer; how: Proof; more: Partial<Wire>; behind: Buffer }
  | { do: 'wait' };
type Proof = 'right' | 'of another secret' | 'of the hub' | 'of zeros' | 'of another body';

export interface Attack {
  begin: 'nothing' | 'frame 1' | 'challenge';
  nonce: Buffer;
  steps: Step[];
  sizes: readonly number[];
  leave: 'end' | 'destroy';
}

/** JSON of a first frame that is one, nearly one, or none. */
const helloJson = fc.oneof(
  fc.constant(helloText()),
  mutated(fc.constant(Buffer.from(helloText()))),
  // As 3.x has it.
  fc.constant('{"type":"register_channel","channelName":"Config"}'),
  record({
    type: fc.constantFrom<unknown[]>(
      'register_channel',
      'register_channel',
      'register_channel',
      'invoke',
      null,
      {},
    ),
    channelName: fc.constantFrom<unknown[]>('', 'Config', 'Config', 0, null),
    v2: fc.oneof(
      fc.constantFrom<unknown[]>(undefined, undefined, null, 1, [], { versions: '2' }),
      record({
        versions: fc.constantFrom<unknown[]>([2], [1, 2], [3], ['2'], [2.5], {}),
        nonce: fc.oneof(
          buffer(40).map((bytes) => bytes.toString('base64')),
          fc.constantFrom<unknown[]>(1, null),
        ),
      }),
    ),
  }).map((json) => JSON.stringify(json)),
);

const frame1 = record({
  json: helloJson,
  more: record({ kind: fc.nat(2), version: fc.constantFrom(1, 1, 1, 2), flags: fc.nat(3) }),
}).map(({ json, more }) => hello(json, more));

/** What a follower says of itself, as it should be and otherwise. */
const body = fc.oneof(
  {
    weight: 5,
    arbitrary: record({
      said: MESSAGES.authenticate,
      runtime: fc.constantFrom(RUNTIME, RUNTIME, RUNTIME, 'other', ''),
      channel: fc.constantFrom(CHANNEL, CHANNEL, CHANNEL, CHANNEL, 'Another', '__proto__', 'k'.repeat(3000)),
      codecs: fc.constantFrom(['msgpack'], ['msgpack', 'json'], ['json'], []),
    }).map(({ said, ...more }) => bodyOf({ ...said, ...more })),
  },
  { weight: 1, arbitrary: mutated(MESSAGES.authenticate.map(bodyOf)) },
  { weight: 1, arbitrary: buffer(60) },
);

function bodyOf(said: Authenticate): Buffer {
  return encode(said).connection.subarray(MAC);
}

const payload = encodePayload(msgpack(), [], 'a payload');
/** What a follower says that means something to the leader. */
const USUAL: Message[] = [
  { type: 'invoke', id: 1, timeout: 0, sentAt: 0, method: 'get', oneway: false, args: payload },
  { type: 'subscribe', key: 'db', reg: payload },
  { type: 'publish', id: 1, epoch: 0, sequence: 0, key: 'k', reg: payload },
  { type: 'standby', address: undefined },
  { type: 'standby', address: { host: 'memory', port: 9 } },
  { type: 'goodbye', code: 'ERR_CLUSTER_CLOSED', reason: '' },
];

/** Messages of an authenticated link, and whatever else. */
const frames = stream(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...USUAL).map((one) => encodeFrame(encode(one))) },
    { weight: 3, arbitrary: message.map((one) => encodeFrame(encode(one))) },
    { weight: 1, arbitrary: piece },
  ),
  4,
);

const good = fc.constant({});
const behind = fc.oneof(fc.constant(Buffer.alloc(0)), frames);
const prove = {
  do: fc.constant('prove' as const),
  body,
  how: fc.constantFrom<Proof[]>(
    'right',
    'right',
    'of another secret',
    'of the hub',
    'of zeros',
    'of another body',
  ),
  more: fc.oneof(
    { weight: 4, arbitrary: good },
    record({ kind: fc.nat(1), type: fc.constantFrom(1, 2, 3, 17) }),
  ),
  behind,
};
/** Of one of the group that follows, or waits for another leader. */
const proveWell = {
  ...prove,
  body: record({
    said: MESSAGES.authenticate,
    channel: fc.constantFrom(CHANNEL, CHANNEL, CHANNEL, 'Another'),
  }).map(({ said, channel }) =>
    bodyOf({ ...said, channel, runtime: RUNTIME, isStrict: false, name: 'a name', codecs: ['msgpack'] }),
  ),
  how: fc.constant<Proof>('right'),
  more: good,
};

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: record({ do: fc.constant('send' as const), bytes: fc.oneof(frames, frame1) }) },
  { weight: 4, arbitrary: record(prove) },
  { weight: 1, arbitrary: record({ do: fc.constant('wait' as const) }) },
);

const steps: fc.Arbitrary<Pick<Attack, 'begin' | 'steps'>> = fc.oneof(
  {
    weight: 3,
    arbitrary: record({
      begin: fc.constantFrom<Attack['begin'][]>('nothing', 'frame 1', 'challenge', 'challenge'),
      steps: fc.array(step, { maxLength: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: record({
      begin: fc.constant<Attack['begin']>('challenge'),
      steps: fc.tuple(record(proveWell), step, step),
    }),
  },
);

export const attack: fc.Arbitrary<Attack> = record({
  steps,
  nonce: fc.constantFrom(0, 9).map((fill) => Buffer.alloc(32, fill)),
  sizes,
  leave: fc.constantFrom<Attack['leave'][]>('end', 'destroy'),
}).map(({ steps, ...more }) => ({ ...more, ...steps }));

/** One link to the hub, from the stranger's side. */
export class Stranger {
  readonly ear = new Ear();
  readonly #link: Link;
  #sent: Buffer = Buffer.alloc(0);
  #challenge: Buffer | undefined;
  /** Set if frame 3 came right behind frame 1 and is as it should be. */
  proof: { mac: Buffer; said: Authenticate } | undefined;

  constructor(link: Link) {
    this.#link = link;
    link.open(this.ear);
  }

  get sent(): Buffer {
    return this.#sent;
  }

  send(bytes: Buffer, sizes: readonly number[]): void {
    // What comes next is not frame 3 any more.
    if (bytes.length > 0) this.#challenge = undefined;
    this.#sent = Buffer.concat([this.#sent, bytes]);
    for (const chunk of cut(bytes, sizes)) this.#link.write([chunk]);
  }

  async begin(begin: Attack['begin'], nonce: Buffer, sizes: readonly number[]): Promise<void> {
    if (begin !== 'nothing') this.send(hello(helloText(nonce.toString('base64'))), sizes);
    if (begin !== 'challenge') return;
    const length = 24 + 2 + 32 + MAC;
    await soon(() => this.ear.bytes.length === length, 'a challenge');
    this.#challenge = this.ear.bytes;
  }

  prove({ body, how, more, behind }: Step & { do: 'prove' }, sizes: readonly number[]): void {
    const challenge = this.#challenge;
    const { localAddress, remoteAddress } = this.#link;
    const frame1 = this.#sent;
    const hash = challenge && transcript(frame1, challenge, localAddress, remoteAddress);
    const key = how === 'of another secret' ? keyOf('another') : KEY;
    const label = how === 'of the hub' ? 'hub' : 'follower';
    const isEmpty = how === 'of zeros' || !hash;
    const sealed = isEmpty
      ? Buffer.alloc(MAC)
      : mac(key, label, hash, how === 'of another body' ? 'x' : body);
    const frame = bytesOf({
      type: 2,
      id: 2n,
      ...more,
      connection: Buffer.concat([sealed, body]),
    });
    const said = how === 'right' && challenge && frame.length <= 24 + 4096 ? authenticate(frame) : undefined;
    // Only the first frame 3 counts, and none that comes later.
    if (said) this.proof = { mac: sealed, said };
    this.send(Buffer.concat([frame, behind]), sizes);
  }

  leave(how: 'end' | 'destroy'): void {
    this.#link[how]();
  }
}

function authenticate(frame: Buffer): Authenticate | undefined {
  try {
    const message = decode(frameOf(frame));
    return message?.type === 'authenticate' ? message : undefined;
  } catch {
    return undefined;
  }
}
