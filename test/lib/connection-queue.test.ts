import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { HEADER_LENGTH, SLICE_BYTES } from '../../protocol/constants.js';
import { FakeLink, Inbox } from '../helpers/links.js';

const MIB = 1024 * 1024;
const SLICES = 6;
const payload = (length: number) => ({ bytes: Buffer.alloc(length), raw: true });
const result = (id: number, length = 10) =>
  ({ type: 'result', id, fault: false, value: payload(length) }) as const;
const publish = (id: number, length: number) =>
  ({ type: 'publish', id, epoch: 0, sequence: 0, key: 'k', reg: payload(length) }) as const;

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

/** A connection over a link that takes everything, unless the test says otherwise. */
function open() {
  const link = new FakeLink();
  const connection = new Connection(link, { maxMessageBytes: 16 * MIB });
  const inbox = new Inbox(connection);
  const drain = async () => {
    link.answerMarks();
    link.handlers?.drain();
    await nextTick();
  };
  return { link, connection, inbox, drain };
}

describe('the bytes that are queued', () => {
  it('are those of this tick, until the link has them, and those that wait in the link', async () => {
    const { link, connection } = open();
    assert.equal(connection.queuedBytes, 0);
    connection.send(result(1, 10));
    connection.send(result(2, 0));
    assert.equal(connection.queuedBytes, 2 * HEADER_LENGTH + 10);
    link.queuedBytes = 500;
    assert.equal(connection.queuedBytes, 500 + 2 * HEADER_LENGTH + 10);
    await nextTick();
    assert.equal(connection.queuedBytes, 500);
  });

  it('are also those of long messages that are not written yet, slice by slice', async () => {
    const { link, connection, drain } = open();
    link.room = false;
    connection.send(result(1, SLICES * SLICE_BYTES));
    assert.equal(connection.queuedBytes, SLICES * SLICE_BYTES);
    await nextTick();
    for (let left = SLICES - 1; left >= 0; left -= 1) {
      assert.equal(connection.queuedBytes, left * SLICE_BYTES);
      await drain();
    }
  });

  it('are also those of publications that wait behind a long one', async () => {
    const { link, connection, drain } = open();
    link.room = false;
    connection.send(publish(1, SLICES * SLICE_BYTES));
    connection.send(publish(2, 10));
    assert.equal(connection.queuedBytes, SLICES * SLICE_BYTES + 10);
    for (let turns = 0; turns < SLICES; turns += 1) await drain();
    assert.equal(connection.queuedBytes, 10);
    await drain();
    assert.equal(connection.queuedBytes, 0);
  });

  it('are none of its own once it is closed', () => {
    const { link, connection } = open();
    link.queuedBytes = 3;
    connection.send(result(1, 10));
    connection.send(result(2, SLICES * SLICE_BYTES));
    connection.destroy(new Error('done'));
    assert.equal(connection.queuedBytes, 3);
  });
});

describe('a connection that is sent more than 1 MiB within one tick', () => {
  it('is not writable until the next, though the link takes it all, and then tells its owner', async () => {
    const { link, connection, inbox } = open();
    connection.send(result(1, MIB / 2));
    connection.send(result(4, MIB / 2 - 2 * HEADER_LENGTH));
    assert.equal(connection.writable, true);
    connection.send(result(2));
    assert.equal(connection.writable, false);
    await nextTick();
    assert.equal(connection.writable, true);
    assert.equal(inbox.drains, 1);
    assert.equal(link.writes.length, 1);
    connection.send(result(3));
    await nextTick();
    assert.equal(inbox.drains, 1, 'nobody was told to wait');
  });

  it('waits for the link where that is backed up, and tells its owner once', async () => {
    const { link, connection, inbox, drain } = open();
    link.room = false;
    connection.send(result(1, MIB));
    await nextTick();
    assert.deepEqual([connection.writable, inbox.drains], [false, 0]);
    link.room = true;
    await drain();
    assert.deepEqual([connection.writable, inbox.drains], [true, 1]);
  });

  it('tells an owner each time that goes on at once', async () => {
    const link = new FakeLink();
    const connection = new Connection(link, { maxMessageBytes: 16 * MIB });
    const writable: boolean[] = [];
    let sent = 0;
    const fill = () => {
      for (sent += 1; connection.writable; ) connection.send(result(sent, MIB / 2));
      writable.push(connection.writable);
    };
    connection.open({
      message: () => {},
      drain: () => sent < 4 && fill(),
      close: assert.fail,
    });
    fill();
    for (let turns = 0; turns < 10; turns += 1) await nextTick();
    assert.deepEqual(writable, [false, false, false, false]);
    assert.equal(link.writes.length, 4);
    assert.equal(connection.queuedBytes, 0);
  });
});
