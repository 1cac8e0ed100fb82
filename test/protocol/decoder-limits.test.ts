import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Decoder, type DecoderOptions } from '../../protocol/decoder.js';
import type { Frame } from '../../protocol/frame.js';
import { hex } from '../fixtures/frames-hex.js';

const tooLarge = { name: 'ClusterError', code: 'ERR_CLUSTER_FRAME_TOO_LARGE' };
const protocolError = { name: 'ClusterError', code: 'ERR_CLUSTER_PROTOCOL' };
const heartbeat = header(0, 0);

function header(connection: number, application: number): Buffer {
  const bytes = hex(`02 00 10 00  00 00 00 00 00 00 00 01  00 00 00 00  00 00 00 00  00 00 00 00`);
  bytes.writeUInt32BE(connection, 16);
  bytes.writeUInt32BE(application, 20);
  return bytes;
}

function collect(options?: DecoderOptions): { frames: Frame[]; decoder: Decoder } {
  const frames: Frame[] = [];
  return { frames, decoder: new Decoder((frame) => frames.push(frame), options) };
}

/** A decoder that has failed holds nothing and ignores what comes. */
function assertStopped(decoder: Decoder, frames: Frame[]): void {
  const before = frames.length;
  assert.equal(decoder.held, 0);
  decoder.push(heartbeat);
  assert.equal(frames.length, before);
  assert.equal(decoder.held, 0);
}

describe('the limit of a frame', () => {
  it('lets a body of exactly its size pass, in one part or two', () => {
    for (const [connection, application] of [
      [100, 0],
      [0, 100],
      [40, 60],
    ] as const) {
      const { frames, decoder } = collect({ maxFrameBytes: 100 });
      decoder.push(Buffer.concat([header(connection, application), Buffer.alloc(100)]));
      assert.equal(frames[0]?.connection.length, connection);
      assert.equal(frames[0]?.application.length, application);
    }
  });

  it('refuses a body of one byte more when the header is complete, before a byte of the body', () => {
    for (const [connection, application] of [
      [101, 0],
      [0, 101],
      [41, 60],
    ] as const) {
      const { frames, decoder } = collect({ maxFrameBytes: 100 });
      assert.throws(() => decoder.push(header(connection, application)), {
        ...tooLarge,
        length: 101,
        limit: 100,
      });
      assertStopped(decoder, frames);
    }
  });

  it('is 1 MiB unless told otherwise', () => {
    const { frames, decoder } = collect();
    decoder.push(header(0, 1048576));
    decoder.push(Buffer.alloc(1048576));
    assert.equal(frames[0]?.application.length, 1048576);
    assert.throws(() => decoder.push(header(1, 1048576)), { ...tooLarge, length: 1048577, limit: 1048576 });
  });

  it('is not deceived by lengths whose sum or sign overflows', () => {
    for (const [connection, application] of [
      [0xffffffff, 0xffffffff],
      [0x80000000, 0x80000000],
      [0xffffffff, 1],
      [0, 0x80000000],
    ] as const) {
      const { frames, decoder } = collect();
      const length = connection + application;
      assert.throws(() => decoder.push(header(connection, application)), { ...tooLarge, length });
      assertStopped(decoder, frames);
    }
  });

  it('is checked as well where the header arrives byte by byte', () => {
    const { frames, decoder } = collect({ maxFrameBytes: 4 });
    const bytes = header(0, 5);
    for (let at = 0; at < 23; at++) decoder.push(bytes.subarray(at, at + 1));
    assert.equal(decoder.held, 23);
    assert.throws(() => decoder.push(bytes.subarray(23)), tooLarge);
    assertStopped(decoder, frames);
  });

  it('keeps nothing of a body that is too long, even where it came in the same chunk', () => {
    const { frames, decoder } = collect({ maxFrameBytes: 4 });
    assert.throws(() => decoder.push(Buffer.concat([header(0, 5), Buffer.alloc(5)])), tooLarge);
    assertStopped(decoder, frames);
  });

  it('can be changed from within onFrame and holds from the next header on', () => {
    const frames: Frame[] = [];
    const decoder: Decoder = new Decoder(
      (frame) => {
        frames.push(frame);
        decoder.maxFrameBytes = 8;
      },
      { maxFrameBytes: 4 },
    );
    decoder.push(Buffer.concat([header(0, 4), Buffer.alloc(4), header(0, 8), Buffer.alloc(8)]));
    assert.deepEqual(
      frames.map((frame) => frame.application.length),
      [4, 8],
    );
    assert.throws(() => decoder.push(header(0, 9)), tooLarge);
  });

  it('that is lowered while a body is on its way holds only for the next', () => {
    const { frames, decoder } = collect({ maxFrameBytes: 8 });
    decoder.push(header(0, 8));
    decoder.maxFrameBytes = 4;
    decoder.push(Buffer.alloc(8));
    assert.equal(frames.length, 1);
    assert.throws(() => decoder.push(header(0, 8)), tooLarge);
  });
});

describe('a stream that is not this protocol', () => {
  it('is refused at its first byte, before a header is complete', () => {
    const { frames, decoder } = collect();
    assert.throws(() => decoder.push(Buffer.from('G')), { ...protocolError, version: 0x47 });
    assertStopped(decoder, frames);
    assert.throws(() => collect().decoder.push(Buffer.from('GET / HTTP/1.1\r\n\r\n')), protocolError);
  });

  it('is refused for every version but 1 and 2', () => {
    for (let version = 0; version < 256; version++) {
      const push = () => collect().decoder.push(Buffer.of(version));
      if (version === 1 || version === 2) assert.doesNotThrow(push);
      else assert.throws(push, protocolError, `version ${version}`);
    }
  });

  it('is refused where it begins behind a good frame of the same chunk, which is handed out', () => {
    const { frames, decoder } = collect();
    assert.throws(() => decoder.push(Buffer.concat([heartbeat, Buffer.of(0)])), protocolError);
    assert.equal(frames.length, 1);
    assertStopped(decoder, frames);
  });

  it('is refused for an id above 2^53 - 1', () => {
    const { frames, decoder } = collect();
    const bytes = Buffer.from(heartbeat);
    bytes.writeBigUInt64BE(2n ** 53n - 1n, 4);
    decoder.push(bytes);
    assert.equal(frames[0]?.id, Number.MAX_SAFE_INTEGER);
    bytes.writeBigUInt64BE(2n ** 53n, 4);
    assert.throws(() => decoder.push(bytes), protocolError);
    assertStopped(decoder, frames);
  });
});

describe('what is held of an incomplete frame', () => {
  it('is the bytes that came, first of the header, then of the body', () => {
    const { decoder } = collect();
    const bytes = Buffer.concat([header(2, 3), Buffer.alloc(5)]);
    const held = [...bytes].map((byte) => {
      decoder.push(Buffer.of(byte));
      return decoder.held;
    });
    const header24 = Array.from({ length: 23 }, (_, index) => index + 1);
    assert.deepEqual(held, [...header24, 0, 1, 2, 3, 4, 0]);
  });
});
