import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { VERSION_2 } from '../../protocol/constants.js';
import { encodeFrame, type Frame, joinFrames } from '../../protocol/frame.js';

function frame(connection: number, application: number, id = 1): Frame {
  return {
    version: VERSION_2,
    kind: 1,
    type: 2,
    flags: 3,
    id,
    timeout: 4_000_000_000,
    connection: Buffer.alloc(connection, 'c'),
    application: Buffer.alloc(application, 'a'),
  };
}

it('frames with application parts up to 16 KiB become one buffer', () => {
  const frames = [frame(0, 0), frame(3, 16_384), frame(5, 0, 2 ** 40 + 7)];
  const joined = joinFrames(frames);
  assert.equal(joined.length, 1);
  assert.deepEqual(joined[0], Buffer.concat(frames.map(encodeFrame)));
});

it('a longer application part is handed on uncopied, at its place', () => {
  const [short, long] = [frame(1, 1), frame(2, 16_385)];
  const joined = joinFrames([short, long, long, short]);
  assert.equal(joined.length, 5);
  assert.equal(joined[1], long.application);
  assert.equal(joined[3], long.application);
});

it('any frames are the same bytes as one by one', () => {
  const size = fc.oneof(fc.nat(40), fc.constantFrom(16_384, 16_385, 20_000));
  const frames = fc.array(
    fc.tuple(fc.nat(40), size, fc.maxSafeInteger().map(Math.abs)).map((args) => frame(...args)),
  );
  fc.assert(
    fc.property(frames, (all) => {
      assert.ok(Buffer.concat(joinFrames(all)).equals(Buffer.concat(all.map(encodeFrame))));
    }),
  );
});

it('the same frames for another link are the same bytes, not made again', () => {
  const frames = [frame(1, 2), frame(3, 4)];
  const [bytes] = joinFrames(frames);
  assert.equal(joinFrames([...frames])[0], bytes);
  for (const others of [
    frames.slice(1),
    [...frames].reverse(),
    [...frames, frame(1, 2)],
    frames.map((one) => ({ ...one })),
  ]) {
    const [other] = joinFrames(others);
    assert.notEqual(other, bytes);
    assert.deepEqual(other, Buffer.concat(others.map(encodeFrame)));
  }
});

it('more than 64 KiB are made anew for each link, as they are kept until others are sent', () => {
  const frames = Array.from({ length: 5 }, () => frame(1, 16_384));
  const [bytes] = joinFrames(frames);
  assert.notEqual(joinFrames(frames)[0], bytes);
  assert.deepEqual(joinFrames(frames)[0], bytes);
});
