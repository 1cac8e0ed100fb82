import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { admit, apply, deriveKey } from '../../lib/handshake.js';
import { encodeFrame } from '../../protocol/frame.js';
import type { Outcome } from '../../protocol/message.js';
import { helloFrame } from '../fixtures/frames-handshake.js';
import { Ear, farewell, Inbox, linkPair } from '../helpers/links.js';
import { until } from '../helpers/until.js';
import { APPLICANT, KEY, reasonOf, refuse3x, shake, WELCOME } from './handshakes.js';

const LIMIT = { maxMessageBytes: 1024 };

/** A first frame whose connection part is this. */
function hello(connection: unknown): Buffer {
  const text = typeof connection === 'string' ? connection : JSON.stringify(connection);
  return encodeFrame({ ...helloFrame, connection: Buffer.from(text) });
}

/** What the hub's side makes of bytes, and what it answers. */
async function hubHears(
  bytes: Buffer,
): Promise<{ error: { code?: string; message: string }; answer: ReturnType<typeof farewell> }> {
  const { near, far } = await linkPair();
  const ear = new Ear();
  near.open(ear);
  const connection = new Connection(far, LIMIT);
  const admitted = admit(connection, [KEY], () => WELCOME, refuse3x).then(
    () => assert.fail('admitted'),
    (error: Error) => {
      connection.refuse(error);
      return error;
    },
  );
  near.write([bytes]);
  const error = await admitted;
  await until(() => ear.closes.length > 0);
  return { error, answer: farewell(ear) };
}

describe('the handshake', () => {
  const outcomes: Outcome[] = [
    WELCOME,
    { type: 'parked', state: 'starting' },
    { type: 'parked', state: 'vacant' },
    { type: 'moved', epoch: 9, address: { host: '127.0.0.1', port: 20_000 } },
    { type: 'refused', code: 'ERR_CLUSTER_RUNTIME', reason: 'another folder' },
  ];

  it('tells the hub who the follower is, and the follower each outcome as it was decided', async () => {
    for (const outcome of outcomes) {
      const { follower, hub } = await shake({ outcome });
      assert.deepEqual(follower, { status: 'fulfilled', value: outcome });
      assert.ok(hub.status === 'fulfilled');
      const { applicant, outcome: decided } = hub.value;
      assert.deepEqual([applicant, decided], [{ ...APPLICANT, readAt: applicant.readAt }, outcome]);
    }
  });

  it('can end in a welcome with more methods than a frame of the handshake may hold', async () => {
    const methods = Array.from({ length: 1000 }, (_, index) => `method number ${index}`);
    const { follower } = await shake({ outcome: { ...WELCOME, methods } });
    assert.deepEqual(follower, { status: 'fulfilled', value: { ...WELCOME, methods } });
  });

  it('is followed by messages, also by those that came right behind it', async () => {
    const { near, far } = await linkPair();
    const [nearEnd, farEnd] = [new Connection(near, LIMIT), new Connection(far, LIMIT)];
    const applied = apply(nearEnd, [KEY], APPLICANT);
    await admit(farEnd, [KEY], () => WELCOME, refuse3x);
    farEnd.send({ type: 'cancel', id: 1 });
    await applied;
    const inbox = new Inbox(nearEnd);
    await until(() => inbox.messages.length > 0);
    assert.deepEqual(inbox.messages, [{ type: 'cancel', id: 1 }]);
  });

  it('says nothing in the first frame, which anybody may read, of secret, channel, settings or codecs', async () => {
    let first: Buffer = Buffer.alloc(0);
    await shake({
      alter: (frame, bytes) => {
        if (frame === 1) first = bytes;
        return bytes;
      },
    });
    const { v2, ...rest } = JSON.parse(first.toString('utf8', 24)) as { v2: Record<string, unknown> };
    assert.deepEqual(rest, { type: 'register_channel', channelName: '' });
    assert.deepEqual(Object.keys(v2).sort(), ['nonce', 'versions']);
  });

  it('derives another key from another secret, the same from the same', () => {
    const [one, same, other] = ['a', 'a', 'b'].map((text) => deriveKey(Buffer.from(text)));
    assert.deepEqual(one, same);
    assert.notDeepEqual(one, other);
    assert.equal(one?.length, 32);
  });

  it('is fresh each time: no frame comes twice', async () => {
    const seen: string[] = [];
    for (let n = 0; n < 3; n += 1) {
      await shake({
        alter: (_frame, bytes) => {
          seen.push(bytes.toString('hex'));
          return bytes;
        },
      });
    }
    assert.equal(new Set(seen).size, 12);
  });
});

describe('the handshake fails', () => {
  it('where the follower has another secret: it is the first to know, and says nothing of itself', async () => {
    const frames: number[] = [];
    const { follower, hub } = await shake({
      followerKeys: [deriveKey(Buffer.from('another secret'))],
      alter: (frame, bytes) => {
        frames.push(frame);
        return bytes;
      },
    });
    assert.equal(reasonOf(follower).code, 'ERR_CLUSTER_AUTH');
    assert.match(reasonOf(follower).message, /does not have the secret/);
    assert.equal(hub.status, 'rejected');
    assert.deepEqual(frames, [1, 2]);
  });

  it('with a follower of 3.x, which has no `v2`', async () => {
    const { error, answer } = await hubHears(hello({ type: 'register_channel', channelName: 'Config' }));
    assert.equal(error.code, 'ERR_CLUSTER_PEER_VERSION');
    assert.match(error.message, /interop: '3\.x'/);
    // It would not understand a goodbye.
    assert.equal(answer, undefined);
  });

  it('with a hub of 3.x, which answers in version 1', async () => {
    const { near, far } = await linkPair();
    const connection = new Connection(near, LIMIT);
    const applied = apply(connection, [KEY], APPLICANT);
    const answer = {
      ...helloFrame,
      kind: 1 as const,
      connection: Buffer.from('{"type":"register_channel_res"}'),
    };
    far.open(new Ear());
    far.write([encodeFrame(answer)]);
    await assert.rejects(applied, {
      code: 'ERR_CLUSTER_PEER_VERSION',
      message: /leader of cluster-client 3.x/,
    });
  });

  it('where the first frame is not what it should be', async () => {
    const v2 = { versions: [2], nonce: Buffer.alloc(32).toString('base64') };
    const good = { type: 'register_channel', channelName: 'Config', v2 };
    const bad: [Buffer, RegExp][] = [
      [Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'), /another protocol/],
      [encodeFrame({ ...helloFrame, version: 2, type: 17 }), /no register_channel/],
      [hello('not JSON'), /no JSON/],
      [hello('null'), /lacks an object/],
      [hello('[]'), /no register_channel/],
      [hello({ ...good, type: 'invoke' }), /no register_channel/],
      [hello({ ...good, channelName: 5 }), /no register_channel/],
      [hello({ ...good, v2: null }), /lacks an object/],
      [hello({ ...good, v2: { ...v2, versions: [3] } }), /no protocol version in common/],
      [hello({ ...good, v2: { ...v2, versions: 2 } }), /no protocol version in common/],
      [hello({ ...good, v2: { ...v2, nonce: 'AAAA' } }), /nonce is not 32 bytes/],
      [hello({ ...good, v2: { ...v2, nonce: [1] } }), /nonce is not 32 bytes/],
    ];
    for (const [bytes, message] of bad) {
      const { error, answer } = await hubHears(bytes);
      assert.equal(error.code, 'ERR_CLUSTER_PROTOCOL', error.message);
      assert.match(error.message, message);
      // The code, and nothing that would tell how we are set up.
      assert.deepEqual(answer, { type: 'goodbye', code: 'ERR_CLUSTER_PROTOCOL', reason: '' });
    }
  });

  it('where a frame is longer than 4 KiB, in either direction, before its body has come', async () => {
    const header = hello({}).subarray(0, 24);
    header.writeUInt32BE(4097, 16);
    const { error } = await hubHears(header);
    assert.equal(error.code, 'ERR_CLUSTER_FRAME_TOO_LARGE');

    const { near, far } = await linkPair();
    const applied = apply(new Connection(near, LIMIT), [KEY], APPLICANT);
    far.open(new Ear());
    far.write([header]);
    await assert.rejects(applied, { code: 'ERR_CLUSTER_FRAME_TOO_LARGE' });
  });

  it('where the hub closes in the middle', async () => {
    const { near, far } = await linkPair();
    const applied = apply(new Connection(near, LIMIT), [KEY], APPLICANT);
    far.destroy();
    await assert.rejects(applied, { code: 'ERR_CLUSTER_LINK_CLOSED' });
  });

  it('where it ends in a message that is no outcome', async () => {
    const { follower } = await shake({ outcome: { type: 'cancel', id: 1 } as unknown as Outcome });
    assert.match(reasonOf(follower).message, /handshake ended with message type 19/);
  });
});
