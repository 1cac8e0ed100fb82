import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Connection } from '../../lib/connection.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import { FakeLink } from '../helpers/links.js';
import { INTERVAL, timedConnection } from './clocks.js';

const beat = encodeFrame(encode({ type: 'heartbeat', id: 0, reply: false }));
const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

describe('watching over a peer', () => {
  it('finds it dead after three silent intervals, or after as many as it is told', (t) => {
    for (const [misses, intervals] of [
      [undefined, 4],
      [2, 3],
    ] as const) {
      const { connection, watch, dead, pass, receive } = timedConnection(t);
      watch(misses === undefined ? {} : { misses });
      pass(INTERVAL);
      receive();
      for (let count = 1; count < intervals; count += 1) pass(INTERVAL);
      assert.deepEqual(dead, []);
      pass(INTERVAL);
      assert.deepEqual(dead, [[intervals * INTERVAL, 0]]);
      assert.equal(String(connection.closed), 'Error: silent');
      t.mock.restoreAll();
      t.mock.timers.reset();
    }
  });

  it('tells how late this process was itself', (t) => {
    const { watch, dead, pass } = timedConnection(t);
    watch();
    pass(INTERVAL, 30);
    for (let count = 0; count < 3; count += 1) pass(INTERVAL);
    assert.deepEqual(dead, [[4 * INTERVAL + 30, 30]]);
  });

  it('says something itself only where it is told to', async (t) => {
    const { link, watch, pass } = timedConnection(t);
    watch();
    pass(INTERVAL);
    await nextTick();
    assert.deepEqual(link.writes, []);
    watch({ beat: true });
    for (let count = 1; count <= 3; count += 1) {
      pass(INTERVAL);
      await nextTick();
      assert.deepEqual(
        link.writes,
        Array.from({ length: count }, () => beat),
      );
    }
  });

  it('takes the place of an earlier watch', (t) => {
    const { watch, pass, dead, connection } = timedConnection(t);
    watch({ dead: assert.fail });
    pass(2 * INTERVAL);
    watch({ interval: 3 * INTERVAL });
    for (let count = 0; count < 11; count += 1) pass(INTERVAL);
    assert.deepEqual(dead, []);
    pass(INTERVAL);
    assert.deepEqual(dead, [[12 * INTERVAL, 0]]);
    assert.ok(connection.closed);
  });

  it('leaves the connection open where its owner has no error for it, and tells him once', (t) => {
    const { watch, pass, connection, inbox } = timedConnection(t);
    let told = 0;
    watch({
      dead: () => {
        told += 1;
        return undefined;
      },
    });
    for (let count = 0; count < 20; count += 1) pass(INTERVAL);
    assert.deepEqual([told, connection.closed, inbox.closes], [1, undefined, []]);
  });

  it('over a connection that is closed does nothing, and leaves no timer', () => {
    const connection = new Connection(new FakeLink(), { maxMessageBytes: 1024 });
    connection.destroy(new Error('gone'));
    connection.watch({ interval: 60_000, dead: assert.fail });
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });

  it('leaves no timer when the connection is closed, also where it was begun twice', () => {
    const connection = new Connection(new FakeLink(), { maxMessageBytes: 1024 });
    for (let times = 0; times < 2; times += 1) connection.watch({ interval: 60_000, dead: assert.fail });
    assert.ok(process.getActiveResourcesInfo().includes('Timeout'));
    connection.destroy(new Error('gone'));
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });

  it('tells whether a beat is missing; without it none is expected', (t) => {
    const { watch, pass, connection, receive } = timedConnection(t);
    pass(10 * INTERVAL);
    assert.equal(connection.isLate, false);
    watch();
    pass(INTERVAL);
    assert.equal(connection.isLate, false);
    pass(INTERVAL);
    assert.equal(connection.isLate, true);
    receive();
    assert.equal(connection.isLate, false);
  });
});
