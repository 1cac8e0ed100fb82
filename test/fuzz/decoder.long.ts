import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Decoder } from '../../protocol/decoder.js';
import { changed, type Frame } from '../../protocol/frame.js';
import { cut, piece, record, sizes, stream } from './arbitraries.js';
import { fuzz, PATIENCE } from './runs.js';
import { read } from './wire.js';

const HEADER = 24;

it(
  'a decoder reads of any stream, in whatever chunks, what is there up to the first fault',
  PATIENCE,
  async (t) => {
    const limit = fc.constantFrom(0, 30, 64, 4096, 4096, 4096, 1024 * 1024, 1024 * 1024);
    const given = record({
      stream: stream(piece, 6),
      sizes,
      limits: fc.array(limit, { minLength: 1, maxLength: 3 }),
    });
    const property = fc.property(given, ({ stream, sizes, limits }) => {
      const frames: Frame[] = [];
      const decoder: Decoder = new Decoder(
        (frame) => {
          frames.push(changed(frame));
          decoder.maxFrameBytes = limits[Math.min(frames.length, limits.length - 1)] ?? 0;
        },
        { maxFrameBytes: limits[0] ?? 0 },
      );
      const chunks = cut(stream, sizes);
      let length = 0;
      for (const chunk of chunks) {
        length += chunk.length;
        const expected = read(stream.subarray(0, length), limits);
        let thrown: unknown;
        try {
          decoder.push(chunk);
        } catch (error) {
          thrown = error;
        }
        assert.equal(frames.length, expected.frames.length, `frames after ${length} bytes`);
        assert.equal(decoder.held, expected.held, `held after ${length} bytes`);
        assert.ok(decoder.held < Math.max(HEADER, ...limits));
        if (expected.faults.length > 0) {
          assert.ok(thrown instanceof Error && thrown.name === 'ClusterError', `thrown: ${thrown}`);
          assert.ok(
            expected.faults.some((code) => code === Reflect.get(thrown, 'code')),
            thrown.message,
          );
          break;
        }
        assert.equal(thrown, undefined);
      }
      // It has stopped, if there was a fault: of the rest nothing is read. And nothing was written into a chunk.
      if (read(stream, limits).faults.length > 0) for (const chunk of chunks) decoder.push(chunk);
      assert.deepEqual(frames, read(stream, limits).frames);
      assert.ok(Buffer.concat(chunks).equals(stream));
    });
    await fuzz(t, 'decoder', property);
  },
);
