import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { MAX_WHOLE_BYTES, SLICE_BYTES, Type } from '../../protocol/constants.js';
import { Decoder } from '../../protocol/decoder.js';
import type { Frame } from '../../protocol/frame.js';
import { connectionPair, FakeLink, Inbox, isMark } from '../helpers/links.js';
import { until } from '../helpers/until.js';

const SLICES = 12;
const payload = (length: number, fill = 1) => ({ bytes: Buffer.alloc(length, fill), raw: true });
const long = (fill = 1) => payload(SLICES * SLICE_BYTES, fill);
const result = (id: number, value = payload(10)) => ({ type: 'result', id, fault: false, value }) as const;
const publish = (id: number, reg = payload(10)) =>
  ({ type: 'publish', id, epoch: 0, sequence: 0, key: 'k', reg }) as const;
const value = (key: string, of = payload(10)) =>
  ({ type: 'value', key, revision: 1, missed: 0, fault: false, value: of }) as const;

/** A connection whose link is backed up from the first write on, until the test drains it. */
function backedUp() {
  const link = new FakeLink();
  link.room = false;
  const connection = new Connection(link, { maxMessageBytes: 16 * 1024 * 1024 });
  const inbox = new Inbox(connection);
  const frames = () => {
    const all: Frame[] = [];
    const decoder = new Decoder((frame) => all.push(frame));
    for (const bytes of link.writes) decoder.push(bytes);
    return all.filter((frame) => !isMark(frame));
  };
  const drain = async () => {
    link.answerMarks();
    link.handlers?.drain();
    await new Promise<void>((resolve) => process.nextTick(resolve));
  };
  return { link, connection, inbox, frames, drain };
}

describe('a long message', () => {
  it('is written a slice at a time, as the link has room', async () => {
    const { link, connection, frames, drain } = backedUp();
    connection.send(result(1, long()));
    await drain();
    for (let written = frames().length; written < SLICES; written = frames().length) {
      assert.ok(written >= 1);
      await drain();
      assert.equal(frames().length, written + 1);
    }
    const count = link.writes.length;
    await drain();
    assert.equal(link.writes.length, count);
    assert.ok(link.writes.every((bytes) => bytes.length < SLICE_BYTES + 100));
  });

  it('lets heartbeats and short messages pass between its slices', async () => {
    const { connection, frames, drain } = backedUp();
    connection.send(result(1, long()));
    await drain();
    connection.send(result(2));
    connection.send({ type: 'heartbeat', id: 0, reply: false });
    await drain();
    for (let n = 0; n < SLICES; n += 1) await drain();
    const order = frames().map(({ type, id }) => (type === Type.heartbeat ? 'beat' : id));
    assert.equal(order.filter((one) => one === 1).length, SLICES);
    assert.ok(
      order.indexOf('beat') < order.lastIndexOf(1) && order.indexOf(2) < order.lastIndexOf(1),
      `${order}`,
    );
  });

  it('shares the link with other long ones, in turn', async () => {
    const { connection, frames, drain } = backedUp();
    connection.send(result(1, long()));
    connection.send(result(2, long()));
    for (let n = 0; n <= 2 * SLICES; n += 1) await drain();
    assert.deepEqual(
      frames().map(({ id }) => id),
      Array.from({ length: 2 * SLICES }, (_, index) => 1 + (index % 2)),
    );
  });

  it('is under way for 1 MiB at most before the peer says that it has come so far', async () => {
    const link = new FakeLink();
    const connection = new Connection(link, { maxMessageBytes: 16 * 1024 * 1024 });
    const inbox = new Inbox(connection);
    const slices = () => link.writes.filter((bytes) => bytes.length > SLICE_BYTES).length;
    const tick = () => new Promise<void>((resolve) => process.nextTick(resolve));
    connection.send(result(1, long()));
    await tick();
    const first = slices();
    assert.equal(first, (2 * 512 * 1024) / SLICE_BYTES);
    connection.send(result(2));
    await tick();
    assert.equal(slices(), first);
    assert.equal(link.writes.length, first + 1);
    for (let written = first; written < SLICES; written = slices()) {
      link.answerMarks();
      assert.ok(slices() > written);
    }
    assert.deepEqual(inbox.messages, []);
  });

  it('is under way for 256 KiB at most where other messages pass, until 2 MiB have passed alone', async () => {
    const link = new FakeLink();
    const connection = new Connection(link, { maxMessageBytes: 16 * 1024 * 1024 });
    new Inbox(connection);
    const slices = () => link.writes.filter((bytes) => bytes.length > SLICE_BYTES).length;
    const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
    connection.send(result(1, payload(4 * 1024 * 1024)));
    connection.send(result(2));
    await tick();
    const underWay = [slices()];
    while (slices() < (4 * 1024 * 1024) / SLICE_BYTES) {
      const before = slices();
      link.answerMarks();
      await tick();
      underWay.push(slices() - before);
      // A beat of the heart is none.
      connection.send({ type: 'heartbeat', id: 0, reply: false });
    }
    const [short, long] = [2, 8];
    assert.deepEqual(underWay.slice(0, 8), Array(8).fill(short));
    assert.equal(Math.max(...underWay.slice(8)), long);
  });

  it('goes on without that where nothing is read of the peer', async () => {
    const link = new FakeLink();
    const connection = new Connection(link, { maxMessageBytes: 16 * 1024 * 1024 });
    const inbox = new Inbox(connection);
    connection.send(result(1, long()));
    connection.pause();
    assert.deepEqual(inbox.messages, []);
    await new Promise<void>((resolve) => process.nextTick(resolve));
    assert.equal(link.writes.filter((bytes) => bytes.length > SLICE_BYTES).length, SLICES);
  });

  it('arrives as it was sent, as do the messages around it', async () => {
    const pair = await connectionPair();
    const inbox = new Inbox(pair.far);
    new Inbox(pair.near);
    pair.near.send(result(1, long(7)));
    pair.near.send(result(2));
    await until(() => inbox.messages.length === 2);
    assert.deepEqual(
      inbox.of('result').map(({ id }) => id),
      [2, 1],
    );
    assert.ok(inbox.of('result')[1]?.value.bytes.equals(long(7).bytes));
  });

  it('is not sliced where it just fits a frame', async () => {
    const { connection, frames, drain } = backedUp();
    connection.send(result(1, payload(MAX_WHOLE_BYTES)));
    connection.send(result(2, payload(MAX_WHOLE_BYTES + 1)));
    for (let n = 0; n < 6; n += 1) await drain();
    assert.deepEqual(
      frames().map(({ id, application }) => [id, application.length]),
      [
        [1, MAX_WHOLE_BYTES],
        ...Array.from({ length: MAX_WHOLE_BYTES / SLICE_BYTES }, () => [2, SLICE_BYTES]),
        [2, 1],
      ],
    );
  });
});

describe('the order of messages', () => {
  it('of publications is kept behind a long one, while others pass', async () => {
    const pair = await connectionPair();
    const inbox = new Inbox(pair.far);
    new Inbox(pair.near);
    for (const message of [
      publish(1),
      publish(2, long()),
      publish(3),
      publish(4, long()),
      publish(5),
      result(6),
    ]) {
      pair.near.send(message);
    }
    await until(() => inbox.messages.length === 6);
    assert.deepEqual(
      inbox.of('publish').map(({ id }) => id),
      [1, 2, 3, 4, 5],
    );
    assert.ok(inbox.messages.findIndex(({ type }) => type === 'result') < 5);
  });

  it('of values that are long keeps them apart, as they have no id', async () => {
    const pair = await connectionPair();
    const inbox = new Inbox(pair.far);
    new Inbox(pair.near);
    pair.near.send(value('a', long(1)));
    pair.near.send(value('b', long(2)));
    pair.near.send(value('c'));
    await until(() => inbox.messages.length === 3);
    const values = inbox.of('value');
    assert.deepEqual(
      values.map(({ key }) => key),
      ['c', 'a', 'b'],
    );
    assert.ok(values[1]?.value.bytes.equals(long(1).bytes) && values[2]?.value.bytes.equals(long(2).bytes));
  });
});

describe('backpressure', () => {
  it('makes a connection not writable until the link has drained, and tells its owner', async () => {
    const { link, connection, inbox, drain } = backedUp();
    assert.equal(connection.writable, true);
    connection.send(result(1));
    await drain();
    link.room = false;
    connection.send(result(2));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    assert.equal(connection.writable, false);
    const before = inbox.drains;
    link.room = true;
    await drain();
    assert.equal(connection.writable, true);
    assert.equal(inbox.drains, before + 1);
  });

  it('does not tell the owner of room that its own long messages have taken again', async () => {
    const { connection, inbox, drain } = backedUp();
    connection.send(result(1, long()));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    await drain();
    assert.equal(connection.writable, false);
    assert.equal(inbox.drains, 0);
  });

  it('holds back nobody else: what is short is written all the same', async () => {
    const { link, connection } = backedUp();
    connection.send(result(1));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    connection.send(result(2));
    await new Promise<void>((resolve) => process.nextTick(resolve));
    assert.equal(link.writes.length, 2);
  });
});
