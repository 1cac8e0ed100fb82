import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Type } from '../../protocol/constants.js';
import { Decoder } from '../../protocol/decoder.js';
import { decode, encode } from '../../protocol/dialects/v2.js';
import { changed, encodeFrame, encodeHead, type Frame } from '../../protocol/frame.js';
import { frames } from '../fixtures/frames.js';
import { helloBytes, helloFrame } from '../fixtures/frames-handshake.js';
import { frameOf } from '../fixtures/frames-hex.js';

function throughDecoder(bytes: Buffer, step: number): Frame[] {
  const out: Frame[] = [];
  const decoder = new Decoder((frame) => out.push(frame));
  for (let at = 0; at < bytes.length; at += step) decoder.push(bytes.subarray(at, at + step));
  assert.equal(decoder.held, 0);
  return out;
}

for (const { name, bytes, message } of frames) {
  describe(name, () => {
    it('is decoded to its message', () => {
      assert.deepEqual(decode(frameOf(bytes)), message);
    });

    it('is encoded to its bytes', () => {
      assert.equal(encodeFrame(encode(message)).toString('hex'), bytes.toString('hex'));
    });

    it('comes back from a round trip', () => {
      assert.deepEqual(decode(encode(message)), message);
    });

    it('is found in a stream that arrives byte by byte', () => {
      assert.deepEqual(throughDecoder(bytes, 1).map(decode), [message]);
    });
  });
}

it('a pid of all 32 bits is read as it was written', () => {
  for (const type of ['welcome', 'authenticate']) {
    const known = frames.map(({ message }) => message).find((message) => message.type === type);
    assert.ok(known && 'pid' in known);
    const message = { ...known, pid: 0xffff_ffff };
    assert.deepEqual(decode(encode(message)), message);
  }
});

it('every type of message has a fixture', () => {
  const covered = new Set(frames.map(({ message }) => message.type));
  assert.deepEqual([...covered].sort(), Object.keys(Type).sort());
});

it('all fixtures in one stream are decoded in order, whatever the chunks', () => {
  const stream = Buffer.concat(frames.map(({ bytes }) => bytes));
  const expected = frames.map(({ message }) => message);
  for (const step of [1, 7, 23, 24, 25, 100, stream.length]) {
    assert.deepEqual(throughDecoder(stream, step).map(decode), expected, `chunks of ${step} bytes`);
  }
});

describe('frame 1 of the handshake', () => {
  it('is written as a frame of version 1', () => {
    assert.equal(encodeFrame(helloFrame).toString('hex'), helloBytes.toString('hex'));
  });

  it('is read as a frame of version 1, however it is cut', () => {
    assert.deepEqual(frameOf(helloBytes), helloFrame);
    assert.deepEqual(
      throughDecoder(helloBytes, 5).map((frame) => changed(frame)),
      [helloFrame],
    );
    assert.deepEqual(
      throughDecoder(helloBytes, helloBytes.length).map((frame) => changed(frame)),
      [helloFrame],
    );
  });

  it('is not a message of version 2', () => {
    assert.throws(() => decode(helloFrame), { code: 'ERR_CLUSTER_PROTOCOL' });
  });
});

it('the head of a frame is everything but its application part', () => {
  for (const { bytes } of frames) {
    const frame = frameOf(bytes);
    assert.deepEqual(encodeHead(frame), bytes.subarray(0, bytes.length - frame.application.length));
  }
});

it('a long list of long names outgrows the first buffer of a control frame and comes back whole', () => {
  const message = {
    type: 'welcome' as const,
    epoch: 1,
    pid: 1,
    codec: 'c'.repeat(300),
    methods: Array.from({ length: 500 }, (_, index) => `${'é'.repeat(index)}`),
  };
  assert.deepEqual(decode(encode(message)), message);
});
