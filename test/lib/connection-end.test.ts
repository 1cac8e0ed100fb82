import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { Kind, Type } from '../../protocol/constants.js';
import { encode } from '../../protocol/dialects/v2.js';
import { EMPTY, encodeFrame, type Frame } from '../../protocol/frame.js';
import { connectionPair, Ear, FakeLink, farewell, Inbox, linkPair } from '../helpers/links.js';
import { until } from '../helpers/until.js';

const LIMIT = { maxMessageBytes: 1024 * 1024 };
const cancel = (id: number) => ({ type: 'cancel', id }) as const;
const frame = (more: Partial<Frame>): Frame => ({ ...encode(cancel(1)), ...more });

/** A connection over a link whose other end is the test's. */
function fake() {
  const link = new FakeLink();
  const connection = new Connection(link, LIMIT);
  return { link, connection, receive: (bytes: Buffer) => link.handlers?.data(bytes) };
}

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

describe('the end of a connection', () => {
  it('by goodbye gives the peer code and reason, after what was sent before', async () => {
    const pair = await connectionPair();
    const [near, far] = [new Inbox(pair.near), new Inbox(pair.far)];
    pair.near.send(cancel(1));
    pair.near.goodbye('ERR_CLUSTER_LEADER_LEFT', 'closing time');
    pair.near.send(cancel(2));
    pair.near.goodbye('ERR_CLUSTER_CLOSED', 'again');
    await until(() => far.closes.length > 0);
    const expected = { code: 'ERR_CLUSTER_LEADER_LEFT', message: 'closing time' };
    assert.throws(() => {
      throw far.closes[0];
    }, expected);
    assert.deepEqual(far.messages, [cancel(1)]);
    assert.equal(near.closes.length, 1);
    assert.equal(far.closes.length, 1);
  });

  it('by the peer without a word is ERR_CLUSTER_LINK_CLOSED, told once', async () => {
    const { near, far } = await linkPair();
    const inbox = new Inbox(new Connection(near, LIMIT));
    far.destroy();
    await until(() => inbox.closes.length > 0);
    assert.throws(
      () => {
        throw inbox.closes[0];
      },
      { code: 'ERR_CLUSTER_LINK_CLOSED', name: 'SocketCloseError' },
    );
  });

  it('is told to an owner who comes later, asynchronously', async () => {
    const { connection } = fake();
    connection.destroy(new Error('gone'));
    const inbox = new Inbox(connection);
    assert.deepEqual(inbox.closes, []);
    await nextTick();
    assert.deepEqual(inbox.closes.map(String), ['Error: gone']);
    assert.equal(connection.writable, false);
  });

  it('comes before what is behind a goodbye, also where both came before there was an owner', () => {
    const { connection, receive } = fake();
    const left = { type: 'goodbye', code: 'ERR_CLUSTER_CLOSED', reason: '' } as const;
    receive(Buffer.concat([cancel(1), left, cancel(2)].map((message) => encodeFrame(encode(message)))));
    const inbox = new Inbox(connection);
    assert.deepEqual([inbox.messages, inbox.closes.length], [[cancel(1)], 1]);
  });

  it('comes with a goodbye that names the code where the peer breaks the protocol', async () => {
    const cases: [string, Buffer][] = [
      ['ERR_CLUSTER_PROTOCOL', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
      ['ERR_CLUSTER_PROTOCOL', encodeFrame(frame({ version: 1 }))],
      ['ERR_CLUSTER_PROTOCOL', encodeFrame(frame({ type: Type.publish, connection: Buffer.alloc(3) }))],
      [
        'ERR_CLUSTER_PROTOCOL',
        encodeFrame(frame({ type: Type.challenge, kind: Kind.response, connection: Buffer.alloc(65) })),
      ],
      ['ERR_CLUSTER_FRAME_TOO_LARGE', encodeFrame(frame({ application: Buffer.alloc(5000) }))],
    ];
    for (const [code, bytes] of cases) {
      const { near, far } = await linkPair();
      const inbox = new Inbox(new Connection(near, LIMIT));
      const other = new Inbox(new Connection(far, LIMIT));
      far.write([bytes]);
      await until(() => inbox.closes.length > 0 && other.closes.length > 0);
      for (const { closes } of [inbox, other]) {
        assert.deepEqual(
          closes.map((error) => Reflect.get(error, 'code')),
          [code],
        );
      }
      assert.deepEqual(inbox.messages, []);
    }
  });

  it('comes with a code and no more before the peer has proved itself', async () => {
    const { near, far } = await linkPair();
    const connection = new Connection(near, LIMIT);
    const ear = new Ear();
    far.open(ear);
    far.write([Buffer.from('GET / HTTP/1.1\r\n\r\n')]);
    await until(() => ear.closes.length > 0);
    assert.deepEqual(farewell(ear), { type: 'goodbye', code: 'ERR_CLUSTER_PROTOCOL', reason: '' });
    assert.match(String(connection.closed), /another protocol/);
  });

  it('comes where a message in slices is longer than is allowed', async () => {
    const { connection, receive } = fake();
    connection.trust();
    const inbox = new Inbox(connection);
    const part = encodeFrame(
      frame({ flags: 2, timeout: 1200 * 1024, application: Buffer.alloc(600 * 1024), connection: EMPTY }),
    );
    receive(part);
    assert.equal(connection.closed, undefined);
    receive(part);
    assert.equal(Reflect.get(inbox.closes[0] ?? {}, 'code'), 'ERR_CLUSTER_MESSAGE_TOO_LARGE');
  });

  it('comes where the peer is silent, with the error that the owner makes, and stops the heartbeat', async () => {
    const { near } = await linkPair();
    const connection = new Connection(near, LIMIT);
    const inbox = new Inbox(connection);
    const silent: number[] = [];
    connection.watch({
      interval: 5,
      beat: true,
      dead: (silentFor) => {
        silent.push(silentFor);
        return new Error('silent');
      },
    });
    await until(() => inbox.closes.length > 0);
    assert.deepEqual(inbox.closes.map(String), ['Error: silent']);
    assert.ok((silent[0] ?? 0) > 15);
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });

  it('does not come where both ends watch, or one watches and the other answers', async () => {
    for (const both of [true, false]) {
      const pair = await connectionPair();
      const [near, far] = [new Inbox(pair.near), new Inbox(pair.far)];
      let beats = 0;
      const write = pair.near.link.write.bind(pair.near.link);
      pair.near.link.write = (buffers) => {
        beats += 1;
        return write(buffers);
      };
      const watch = (name: string) => ({
        interval: 5,
        beat: true,
        dead: () => new Error(`${name} is silent`),
      });
      pair.near.watch(watch('the far end'));
      if (both) pair.far.watch(watch('the near end'));
      await until(() => beats >= 15);
      assert.deepEqual([near.closes, far.closes], [[], []]);
      pair.near.destroy(new Error('done'));
      pair.far.destroy(new Error('done'));
    }
  });
});
