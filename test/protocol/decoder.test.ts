import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decoder } from '../../protocol/decoder.js';
import { changed, type Frame } from '../../protocol/frame.js';
import { frameOf, hex } from '../fixtures/frames-hex.js';

/** Bodies of both parts, of one part, of none; both versions; the first and the last have no body. */
const parts = [
  hex(`02 00 10 00  00 00 00 00 00 00 00 05  00 00 00 00  00 00 00 00  00 00 00 00`),
  hex(`02 00 11 00  00 00 00 00 00 00 00 06  00 00 01 f4  00 00 00 03  00 00 00 02  'get' 01 02`),
  hex(`01 01 aa bb  00 1f ff ff ff ff ff ff  ff ff ff ff  00 00 00 02  00 00 00 00  '{}'`),
  hex(`02 01 12 01  00 00 00 00 00 00 00 07  00 00 00 00  00 00 00 00  00 00 00 01  ff`),
  hex(`02 01 10 00  00 00 00 00 00 00 00 05  00 00 00 00  00 00 00 00  00 00 00 00`),
];
const stream = Buffer.concat(parts);
const expected = parts.map(frameOf);

function decodeChunks(chunks: Buffer[]): Frame[] {
  const frames: Frame[] = [];
  const decoder = new Decoder((frame) => frames.push(changed(frame)));
  for (const chunk of chunks) decoder.push(chunk);
  assert.equal(decoder.held, 0);
  return frames;
}

describe('a stream of frames', () => {
  it('is decoded the same from one chunk', () => {
    assert.deepEqual(decodeChunks([stream]), expected);
  });

  it('is decoded the same byte by byte', () => {
    assert.deepEqual(decodeChunks([...stream].map((byte) => Buffer.of(byte))), expected);
  });

  it('is decoded the same from two chunks, wherever it is split', () => {
    for (let at = 0; at <= stream.length; at++) {
      assert.deepEqual(
        decodeChunks([stream.subarray(0, at), stream.subarray(at)]),
        expected,
        `split at ${at}`,
      );
    }
  });

  it('is decoded the same from three chunks, wherever it is split', () => {
    for (let first = 0; first <= stream.length; first += 3) {
      for (let second = first; second <= stream.length; second += 2) {
        const chunks = [stream.subarray(0, first), stream.subarray(first, second), stream.subarray(second)];
        assert.deepEqual(decodeChunks(chunks), expected, `split at ${first} and ${second}`);
      }
    }
  });

  it('is decoded the same with empty chunks in between', () => {
    const empty = Buffer.alloc(0);
    assert.deepEqual(decodeChunks([empty, ...parts.flatMap((part) => [part, empty])]), expected);
  });

  it('hands out a thousand frames of one chunk in order', () => {
    const many = Buffer.concat(Array.from({ length: 1000 }, (_, index) => parts[index % 5] as Buffer));
    const frames = decodeChunks([many]);
    assert.equal(frames.length, 1000);
    for (const [index, frame] of frames.entries()) assert.deepEqual(frame, expected[index % 5]);
  });
});

describe('a frame', () => {
  it('is handed out with its last byte, not later', () => {
    for (const part of parts) {
      const frames: Frame[] = [];
      const decoder = new Decoder((frame) => frames.push(frame));
      decoder.push(part.subarray(0, -1));
      assert.equal(frames.length, 0);
      decoder.push(part.subarray(-1));
      assert.equal(frames.length, 1);
    }
  });

  it('is a request whatever its kind is, unless that is 1', () => {
    for (const kind of [0, 2, 255]) {
      const bytes = Buffer.from(parts[4] as Buffer);
      bytes[1] = kind;
      assert.deepEqual(
        decodeChunks([bytes]).map((frame) => frame.kind),
        [0],
      );
    }
  });

  it('within one chunk is a view of the chunk, not a copy', () => {
    const chunk = Buffer.from(parts[1] as Buffer);
    const [frame] = decodeChunks([chunk]);
    assert.equal(frame?.application.buffer, chunk.buffer);
    assert.equal(frame?.application.byteOffset, chunk.byteOffset + 27);
  });

  it('over several chunks holds memory of its own, of exactly its size', () => {
    const chunks = [...(parts[1] as Buffer)].map((byte) => Buffer.of(byte));
    const [frame] = decodeChunks(chunks);
    for (const chunk of chunks) chunk.fill(0);
    assert.deepEqual(frame, expected[1]);
    assert.equal(frame?.application.buffer.byteLength, 5);
  });

  it('that was handed out is not changed by the frames after it', () => {
    const chunks = [...stream, ...stream].map((byte) => Buffer.of(byte));
    assert.deepEqual(decodeChunks(chunks), [...expected, ...expected]);
  });
});
