import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame, type Frame } from '../../protocol/frame.js';
import { connectionPair, FakeLink, Inbox } from '../helpers/links.js';
import { until } from '../helpers/until.js';

const LIMIT = { maxMessageBytes: 1024 * 1024 };
const cancel = (id: number) => ({ type: 'cancel', id }) as const;
const cancelBytes = (id: number) => encodeFrame(encode(cancel(id)));
const frame = (more: Partial<Frame>): Frame => ({ ...encode(cancel(1)), ...more });

/** A connection over a link whose other end is the test's. */
function fake() {
  const link = new FakeLink();
  const connection = new Connection(link, LIMIT);
  return { link, connection, receive: (bytes: Buffer) => link.handlers?.data(bytes) };
}

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

describe('a connection', () => {
  it('writes all messages of one tick in one write, those of the next in another', async () => {
    const { link, connection } = fake();
    for (const id of [1, 2, 3]) connection.send(cancel(id));
    assert.equal(link.writes.length, 0);
    await nextTick();
    assert.deepEqual(link.writes, [Buffer.concat([1, 2, 3].map(cancelBytes))]);
    connection.send(cancel(4));
    await nextTick();
    assert.deepEqual(link.writes[1], cancelBytes(4));
    assert.equal(link.writes.length, 2);
  });

  it('carries messages, whole and in order', async () => {
    const pair = await connectionPair();
    const far = new Inbox(pair.far);
    for (const id of [1, 2, 3]) pair.near.send(cancel(id));
    await until(() => far.messages.length === 3);
    assert.deepEqual(far.messages, [1, 2, 3].map(cancel));
  });

  it('keeps what comes before it is opened', async () => {
    const { connection, receive } = fake();
    connection.trust();
    receive(Buffer.concat([1, 2].map(cancelBytes)));
    const inbox = new Inbox(connection);
    receive(cancelBytes(3));
    assert.deepEqual(inbox.messages, [1, 2, 3].map(cancel));
  });

  it('closes where too much comes before it is opened', () => {
    const { connection, receive, link } = fake();
    for (let id = 1; id <= 16; id += 1) receive(cancelBytes(id));
    assert.equal(connection.closed, undefined);
    receive(cancelBytes(17));
    assert.match(String(connection.closed), /more than 16 frames before the handshake is over/);
    assert.equal(link.ended, 1);
  });

  it('hands out frames one by one before it is opened', async () => {
    const { connection, receive } = fake();
    const wanted = connection.nextFrame();
    receive(Buffer.concat([1, 2].map(cancelBytes)));
    assert.equal((await wanted).id, 1);
    assert.equal((await connection.nextFrame()).id, 2);
    const never = connection.nextFrame();
    connection.destroy(new Error('gone'));
    await assert.rejects(never, /gone/);
    await assert.rejects(connection.nextFrame(), /gone/);
  });

  it('can be handed to another owner', () => {
    const { connection, receive } = fake();
    const first = new Inbox(connection);
    receive(cancelBytes(1));
    const second = new Inbox(connection);
    receive(cancelBytes(2));
    assert.deepEqual([first.messages, second.messages], [[cancel(1)], [cancel(2)]]);
  });

  it('answers heartbeats by itself, and answers no answer', async () => {
    const { link, connection, receive } = fake();
    const inbox = new Inbox(connection);
    receive(encodeFrame(encode({ type: 'heartbeat', id: 9, reply: false })));
    await nextTick();
    assert.deepEqual(link.writes, [encodeFrame(encode({ type: 'heartbeat', id: 9, reply: true }))]);
    receive(encodeFrame(encode({ type: 'heartbeat', id: 9, reply: true })));
    await nextTick();
    assert.equal(link.writes.length, 1);
    assert.deepEqual(inbox.messages, []);
  });

  it('passes over messages of a type that it does not know', () => {
    const { connection, receive } = fake();
    const inbox = new Inbox(connection);
    receive(encodeFrame(frame({ type: 99 })));
    receive(cancelBytes(2));
    assert.deepEqual(inbox.messages, [cancel(2)]);
  });
});
