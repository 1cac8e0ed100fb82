import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { admit } from '../../lib/handshake.js';
import { Decoder } from '../../protocol/decoder.js';
import { type BadFrame, badHellos, badMessages, badProofs, badStreams } from '../fixtures/bad-frames.js';
import { helloBytes } from '../fixtures/frames-handshake.js';
import { Ear, farewell, linkPair } from '../helpers/links.js';
import { until } from '../helpers/until.js';
import { KEY, refuse3x, WELCOME } from './handshakes.js';
import { peered } from './peers.js';

/** What a stranger hears last who sends this, byte by byte or at once, and whether it was let in. */
async function heardByStranger(frames: readonly Buffer[], isSlow: boolean) {
  const { near, far } = await linkPair();
  const ear = new Ear();
  near.open(ear);
  const connection = new Connection(far, { maxMessageBytes: 1024 });
  const admitted = admit(connection, [KEY], () => WELCOME, refuse3x).catch((error: Error) =>
    connection.refuse(error),
  );
  for (const frame of frames) {
    const chunks = isSlow ? Array.from(frame, (byte) => Buffer.of(byte)) : [frame];
    for (const chunk of chunks) near.write([chunk]);
  }
  await until(() => ear.closes.length > 0);
  assert.equal(await admitted, undefined, 'it was let in');
  return farewell(ear);
}

const goodbye = ({ code }: BadFrame, reason: string) => ({ type: 'goodbye', code, reason });

describe('a stream that no frame begins like', () => {
  for (const bad of badStreams) {
    it(`ends the decoder with a code, in one chunk or many: ${bad.name}`, () => {
      const chunks = Array.from(bad.bytes, (byte) => Buffer.of(byte));
      for (const stream of [[bad.bytes], chunks]) {
        const decoder = new Decoder(() => assert.fail('a frame'));
        assert.throws(() => stream.map((chunk) => decoder.push(chunk)), {
          name: 'ClusterError',
          code: bad.code,
        });
        assert.equal(decoder.held, 0);
      }
    });
  }
});

describe('a stranger', () => {
  for (const bad of [...badStreams, ...badHellos]) {
    it(`is shown out with a code and no more: ${bad.name}`, async () => {
      for (const isSlow of [false, true])
        assert.deepEqual(await heardByStranger([bad.bytes], isSlow), goodbye(bad, ''));
    });
  }

  for (const bad of badProofs) {
    it(`who has seen the challenge is shown out as well: ${bad.name}`, async () => {
      for (const isSlow of [false, true])
        assert.deepEqual(await heardByStranger([helloBytes, bad.bytes], isSlow), goodbye(bad, ''));
    });
  }
});

describe('a follower', () => {
  for (const bad of [...badStreams, ...badMessages]) {
    it(`has its link closed, and is told why: ${bad.name}`, async () => {
      const { far, inbox, backend, owner } = await peered({ maxMessageBytes: 1024 });
      far.link.write([bad.bytes]);
      await until(() => inbox.closes.length > 0);
      const [closed] = inbox.closes;
      assert.equal(Reflect.get(closed ?? {}, 'code'), bad.code, closed?.message);
      assert.notEqual(closed?.message, '');
      assert.deepEqual([backend.asked.length, backend.topics.size, backend.published.length], [0, 0, 0]);
      await until(() => owner.closes === 1);
      assert.deepEqual(owner.refused, ['violations']);
    });
  }
});
