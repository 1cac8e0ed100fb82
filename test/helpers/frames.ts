import { Decoder } from '../../protocol/decoder.js';
import { changed, encodeFrame, type Frame } from '../../protocol/frame.js';

/** The frame as it comes out of a stream: it lies in a chunk, between others that are full of 0xff. */
export function received(frame: Frame): Frame {
  const noise = encodeFrame(
    changed(frame, { connection: Buffer.alloc(64, 0xff), application: Buffer.alloc(64, 0xff) }),
  );
  const frames: Frame[] = [];
  const decoder = new Decoder((one) => frames.push(one));
  decoder.push(Buffer.concat([noise, encodeFrame(frame), noise]));
  return frames[1] as Frame;
}
