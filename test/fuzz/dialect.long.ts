import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Flag, Type } from '../../protocol/constants.js';
import { decode, encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import { frameOf } from '../fixtures/frames-hex.js';
import { buffer, byte, longWord, mutated, record, wire, word } from './arbitraries.js';
import { type Any, assertBounded, message, textBytes } from './messages.js';
import { fuzz, PATIENCE } from './runs.js';
import { bytesOf, long, uint32, uint64 } from './wire.js';

/** Kind 1: what goes from the hub to who asked. A heartbeat goes both ways. */
const RESPONSES: number[] = [1, 2 + 1, 4, 5, 6, 18, 24];

const epoch = longWord.map(uint64);
const count = word.map(uint32);
const flags = byte.map((one) => Buffer.of(one));
const string = fc.oneof(
  { weight: 12, arbitrary: textBytes.map(long) },
  { weight: 1, arbitrary: fc.tuple(count, textBytes).map(Buffer.concat.bind(Buffer)) },
);
const secret = fc.constant(Buffer.alloc(32, 7));
const list = (item: fc.Arbitrary<Buffer>, length: (items: number) => Buffer) =>
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .array(item, { maxLength: 4 })
        .map((items) => Buffer.concat([length(items.length), ...items])),
    },
    { weight: 1, arbitrary: count },
  );
const strings = list(string, uint32);
const secrets = list(secret, (items) => Buffer.of(items));

/** By the table in protocol/README.md: the connection part of each type. What is not here has none. */
const LAYOUTS: Record<number, fc.Arbitrary<Buffer>[]> = {
  [Type.challenge]: [flags, secret, secrets],
  [Type.authenticate]: [secret, count, epoch, count, flags, string, string, string, strings, strings],
  [Type.welcome]: [epoch, count, string, strings],
  [Type.parked]: [flags],
  [Type.moved]: [epoch, count, string],
  [Type.refused]: [string, string],
  [Type.invoke]: [count, textBytes],
  [Type.subscribe]: [textBytes],
  [Type.unsubscribe]: [textBytes],
  [Type.value]: [epoch, count, textBytes],
  [Type.publish]: [epoch, epoch],
  [Type.published]: [epoch, epoch],
  [Type.leading]: [epoch, count, string],
  [Type.goodbye]: [string, string],
  [Type.standby]: [count, string],
};

const connection = (type: number): fc.Arbitrary<Buffer> => {
  const fields = fc.tuple(...(LAYOUTS[type] ?? [])).map((parts) => Buffer.concat(parts));
  return fc.oneof(
    { weight: 12, arbitrary: fields },
    { weight: 4, arbitrary: mutated(fields) },
    { weight: 1, arbitrary: buffer(80) },
  );
};

/** A frame whose parts fit its type, more or less. */
const fitting = wire.chain((frame) =>
  record({
    connection: connection(frame.type),
    kind: fc.oneof(
      { weight: 9, arbitrary: fc.constant(RESPONSES.includes(frame.type) ? 1 : 0) },
      { weight: 1, arbitrary: fc.nat(1) },
    ),
    id: fc.nat(),
  }).map(({ connection, kind, id }) => frameOf(bytesOf({ ...frame, kind, id: BigInt(id), connection }))),
);

/** Bits that mean nothing here are left out; otherwise the same is written that was read. */
function known(type: number, connection: Buffer): Buffer {
  const copy = Buffer.from(connection);
  if (type === Type.authenticate) copy.writeUInt8(copy.readUInt8(48) & 3, 48);
  return copy;
}

/** Of these two, what is read may be less than what was said. */
function isNormal(read: Any, said: Buffer): boolean {
  if (read.type === 'parked') return said.readUInt8(0) <= 2;
  return read.type !== 'standby' || read.address !== undefined;
}

it(
  'of any frame there is a message of which every field is bounded, nothing, or a protocol error',
  PATIENCE,
  async (t) => {
    const property = fc.property(fitting, (frame) => {
      const before = encodeFrame(frame);
      const isKnown = Object.values(Type).some((type) => type === frame.type);
      const isMisused =
        isKnown && frame.type !== Type.heartbeat && RESPONSES.includes(frame.type) !== (frame.kind === 1);
      let read: Any | undefined;
      try {
        read = decode(frame);
      } catch (error) {
        assert.equal(Reflect.get(Object(error), 'code'), 'ERR_CLUSTER_PROTOCOL', String(error));
        return;
      } finally {
        assert.ok(encodeFrame(frame).equals(before), 'the frame was written to');
      }
      assert.equal(frame.version, 2);
      assert.equal(isMisused, false, `type ${frame.type} as kind ${frame.kind}`);
      assert.equal(read !== undefined, isKnown);
      if (!read) return;
      assertBounded(read);
      const again = encode(read);
      assert.deepEqual(decode(again), read);
      const said = frame.connection.subarray(0, again.connection.length);
      if (isNormal(read, said)) assert.ok(again.connection.equals(known(frame.type, said)), 'other fields');
      assert.deepEqual([again.type, again.kind], [frame.type, frame.kind]);
      assert.equal(again.flags & ~frame.flags, 0);
    });
    await fuzz(t, 'frames', property);
  },
);

it('any message is read as it was written', PATIENCE, async (t) => {
  const property = fc.property(message, (written) => {
    const frame = encode(written);
    assert.deepEqual(decode(frameOf(encodeFrame(frame))), written);
    assert.equal(frame.flags & Flag.more, 0);
  });
  await fuzz(t, 'messages', property);
});
