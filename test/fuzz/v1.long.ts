import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import type { Dialect, DialectHost } from '../../protocol/dialect.js';
import { V1Follower } from '../../protocol/dialects/v1-follower.js';
import { V1Leader } from '../../protocol/dialects/v1-leader.js';
import { ClusterError } from '../../protocol/errors.js';
import type { Frame } from '../../protocol/frame.js';
import type { Message } from '../../protocol/message.js';
import { frameOf } from '../fixtures/frames-hex.js';
import { buffer, byte, mutated, record } from './arbitraries.js';
import { fuzz, PATIENCE } from './runs.js';
import { bytesOf, uint32 } from './wire.js';

const codec = serializeJson();
const MAX_TEXT_BYTES = 64 * 1024;

const TYPES = [
  'register_channel',
  'register_channel_res',
  'subscribe',
  'unSubscribe',
  'subscribe_result',
  'subscribe_result_res',
  'invoke',
  'invoke_result',
  'heartbeat',
  'heartbeat_res',
  'constructor',
];

const text = fc.oneof(
  fc.constantFrom('publish', 'get', '$$inner$$__"db"', '__proto__', ''),
  fc.string(),
  fc.nat(100_000).map((length) => 'k'.repeat(length)),
);
const odd = fc.jsonValue();
/** What it should be, most of the time. */
const mostly = (usual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: usual }, { weight: 1, arbitrary: odd });

const head = record({
  type: mostly(fc.constantFrom(...TYPES)),
  key: mostly(text),
  reg: odd,
  method: mostly(text),
  argLength: mostly(fc.nat(3)),
  oneway: mostly(fc.boolean()),
  success: mostly(fc.boolean()),
  channelName: mostly(text),
}).map((fields) => Buffer.from(JSON.stringify(fields)));

const value = fc.oneof(
  odd.map((one) => Buffer.from(codec.encode(one))),
  fc.constant(Buffer.from(codec.encode({ success: true }))),
  buffer(20),
);
const args = fc
  .array(value, { maxLength: 3 })
  .map((values) => Buffer.concat(values.flatMap((bytes) => [uint32(bytes.length), bytes])));

const frame: fc.Arbitrary<Frame> = record({
  kind: fc.nat(1),
  id: fc.nat(),
  flags: byte,
  type: byte,
  connection: fc.oneof({ weight: 9, arbitrary: head }, { weight: 2, arbitrary: mutated(head) }, buffer(40)),
  application: fc.oneof(args, value, mutated(args)),
}).map(({ kind, id, flags, type, connection, application }) =>
  frameOf(bytesOf({ version: 1, kind, id: BigInt(id), flags, type, connection, application })),
);

/** Either end, and what it said of its own accord. */
function ends(): { dialects: Dialect[]; sent: Frame[] } {
  const sent: Frame[] = [];
  const host: DialectHost = {
    send: (one) => sent.push(one),
    receive: () => assert.fail('nothing was said that would be acknowledged'),
    end: () => assert.fail('nothing was said that would end it'),
    clock: () => 0,
  };
  const leader = new V1Leader(host, codec, 1);
  leader.serve(codec, 'publish');
  leader.encode({ type: 'welcome', epoch: 1, pid: 1, codec: codec.name, methods: [] });
  return { dialects: [leader, new V1Follower(host, { codec, epoch: 1 })], sent };
}

/** A message, or an error of ours. */
function read(dialect: Dialect, one: Frame): Message | undefined {
  try {
    const message = dialect.decode(one);
    if (message?.type === 'invoke') dialect.decodeArguments(codec, message.args, message.method);
    return message;
  } catch (error) {
    assert.ok(error instanceof ClusterError, String(error));
    assert.match(error.code, /^ERR_CLUSTER_(PROTOCOL|DECODE|ENCODE)$/);
    return undefined;
  }
}

it(
  'what a peer of 3.x sends is a message or an error of ours, and its texts are bounded',
  PATIENCE,
  async (t) => {
    await fuzz(
      t,
      'v1',
      fc.property(fc.array(frame, { maxLength: 6 }), (frames) => {
        const { dialects, sent } = ends();
        for (const dialect of dialects) {
          for (const one of frames) {
            const message = read(dialect, one);
            for (const field of ['key', 'method']) {
              const said: unknown = message && Reflect.get(message, field);
              if (typeof said === 'string') assert.ok(Buffer.byteLength(said) <= MAX_TEXT_BYTES);
            }
          }
        }
        // An answer for each frame of a follower, an acknowledgement for each of a leader, and no more.
        assert.ok(sent.length <= 2 * frames.length);
        assert.ok(!('polluted' in {}));
      }),
    );
  },
);
