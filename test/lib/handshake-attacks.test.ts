import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { memory } from '../../lib/transports/memory.js';
import { encodeFrame } from '../../protocol/frame.js';
import { frameOf } from '../fixtures/frames-hex.js';
import { Ear, linkPair } from '../helpers/links.js';
import { reasonOf, recorded, shake } from './handshakes.js';

const HEADER = 24;
const MAC = 32;

/** The same frame with the other lowest bit in one byte. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
  return copy;
}

/** The connection part of frame 1 with other versions. */
function offering(frame1: Buffer, versions: number[]): Buffer {
  const hello = JSON.parse(frameOf(frame1).connection.toString()) as { v2: object };
  return Buffer.from(JSON.stringify({ ...hello, v2: { ...hello.v2, versions } }));
}

/** Nobody gets a welcome when one byte of one frame is another on the way. */
async function assertSealed(frame: number, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 1) {
    const { follower, hub } = await shake({
      alter: (number, bytes) => (number === frame ? flipped(bytes, at) : bytes),
    });
    assert.equal(follower.status, 'rejected', `the follower took frame ${frame} with another byte ${at}`);
    // Of the last frame the hub cannot know what became of it.
    if (frame < 4)
      assert.equal(hub.status, 'rejected', `the hub took frame ${frame} with another byte ${at}`);
  }
}

describe('a handshake on whose way somebody sits', () => {
  it('fails where frame 1 is another in any byte: id, timeout, versions, nonce', async () => {
    const [, frame1 = Buffer.alloc(0)] = await recorded();
    await assertSealed(1, 4, 16);
    await assertSealed(1, HEADER, frame1.length);
  });

  it('fails where frame 2 is another in any byte: id, version, nonce, count, MAC', async () => {
    await assertSealed(2, 4, 16);
    await assertSealed(2, HEADER, HEADER + 1 + MAC + 1 + MAC);
  });

  it('fails where frame 3 is another in any byte: MAC, pid, epoch, channel, settings, codecs', async () => {
    const frame3 = (await recorded())[3] as Buffer;
    await assertSealed(3, HEADER, frame3.length);
  });

  it('fails where frame 4 is another in any byte: type, MAC, body', async () => {
    const frame4 = (await recorded())[4] as Buffer;
    await assertSealed(4, 2, 3);
    await assertSealed(4, HEADER, frame4.length);
  });

  it('fails where frame 4 is made another outcome, of which the body makes sense as well', async () => {
    const parked = 4;
    const { follower } = await shake({
      alter: (frame, bytes) =>
        frame === 4 ? Buffer.concat([bytes.subarray(0, 2), Buffer.of(parked), bytes.subarray(3)]) : bytes,
    });
    assert.equal(reasonOf(follower).code, 'ERR_CLUSTER_AUTH');
  });

  it('fails where the first frame offers other versions than were offered', async () => {
    const { follower } = await shake({
      alter: (frame, bytes) =>
        frame === 1 ? encodeFrame({ ...frameOf(bytes), connection: offering(bytes, [2, 3]) }) : bytes,
    });
    assert.equal(reasonOf(follower).code, 'ERR_CLUSTER_AUTH');
  });

  it('fails at the hub where frame 3 is one of an earlier handshake', async () => {
    const frame3 = (await recorded())[3] as Buffer;
    const { hub } = await shake({ alter: (frame, bytes) => (frame === 3 ? frame3 : bytes) });
    assert.equal(reasonOf(hub).code, 'ERR_CLUSTER_AUTH');
  });

  it('fails at the hub where all that the follower says is of an earlier handshake', async () => {
    const frames = await recorded();
    const { hub, follower } = await shake({
      alter: (frame, bytes) => (frame % 2 === 1 ? (frames[frame] as Buffer) : bytes),
    });
    assert.equal(follower.status, 'rejected');
    assert.equal(hub.status, 'rejected');
  });

  it('fails at the follower where frames 2 and 4 are those of an earlier handshake', async () => {
    const frames = await recorded();
    for (const replayed of [2, 4]) {
      const { follower } = await shake({
        alter: (frame, bytes) => (frame === replayed ? (frames[frame] as Buffer) : bytes),
      });
      assert.equal(reasonOf(follower).code, 'ERR_CLUSTER_AUTH');
    }
  });

  it('fails at the hub where the MAC of its own challenge comes back', async () => {
    let challenge: Buffer = Buffer.alloc(0);
    const { hub } = await shake({
      alter: (frame, bytes) => {
        if (frame === 2) challenge = bytes.subarray(-MAC);
        if (frame !== 3) return bytes;
        return Buffer.concat([bytes.subarray(0, HEADER), challenge, bytes.subarray(HEADER + MAC)]);
      },
    });
    assert.equal(reasonOf(hub).code, 'ERR_CLUSTER_AUTH');
  });

  it('fails at the follower where its own MAC comes back', async () => {
    let proof: Buffer = Buffer.alloc(0);
    const { follower } = await shake({
      alter: (frame, bytes) => {
        if (frame === 3) proof = bytes.subarray(HEADER, HEADER + MAC);
        if (frame !== 4) return bytes;
        return Buffer.concat([bytes.subarray(0, HEADER), proof, bytes.subarray(HEADER + MAC)]);
      },
    });
    assert.equal(reasonOf(follower).code, 'ERR_CLUSTER_AUTH');
  });

  it('fails where a stranger passes all frames on unchanged, as the addresses then differ', async () => {
    const network = memory();
    const [left, right] = [await linkPair(network), await linkPair(network)];
    const [leftEar, rightEar] = [new Ear(), new Ear()];
    leftEar.data = (chunk) => right.near.write([chunk]);
    rightEar.data = (chunk) => left.far.write([chunk]);
    left.far.open(leftEar);
    right.near.open(rightEar);
    const { follower, hub } = await shake({ links: { near: left.near, far: right.far } });
    assert.equal(reasonOf(follower).code, 'ERR_CLUSTER_AUTH');
    assert.equal(hub.status, 'rejected');
  });

  it('fails where the two ends see one of the two addresses differently', async () => {
    for (const address of ['localAddress', 'remoteAddress']) {
      const links = await linkPair();
      Object.defineProperty(links.near, address, { value: 'memory:99' });
      assert.equal(reasonOf((await shake({ links })).follower).code, 'ERR_CLUSTER_AUTH', address);
    }
  });
});
