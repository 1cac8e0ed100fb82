import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { INTERVAL, timedConnection } from './clocks.js';

describe('a connection that is paused', () => {
  it('is not read until it is resumed', (t) => {
    const { link, connection } = timedConnection(t);
    connection.pause();
    connection.pause();
    assert.equal(link.paused, true);
    connection.resume();
    assert.equal(link.paused, false);
  });

  it('has a peer that is alive for as long as it goes on reading what waits for it', (t) => {
    const { link, connection, watch, dead, pass } = timedConnection(t);
    link.queuedBytes = 1000;
    watch();
    connection.pause();
    for (let count = 0; count < 20; count += 1) {
      link.queuedBytes -= 10;
      // As after each further answer.
      connection.pause();
      pass(INTERVAL);
    }
    assert.deepEqual(dead, []);
    for (let count = 0; count < 3; count += 1) pass(INTERVAL);
    assert.deepEqual(dead, []);
    pass(INTERVAL);
    assert.deepEqual(dead, [[4 * INTERVAL, 0]]);
  });

  it('has a peer that is dead where as much waits for it as before, or more and more', (t) => {
    const { link, connection, watch, dead, pass } = timedConnection(t);
    link.queuedBytes = 1000;
    watch();
    connection.pause();
    for (const more of [0, 10, 0]) {
      link.queuedBytes += more;
      pass(INTERVAL);
    }
    assert.deepEqual(dead, []);
    link.queuedBytes += 10;
    pass(INTERVAL);
    assert.equal(dead.length, 1);
  });

  it('and resumed has one that is alive by what it says only, not by what it reads', (t) => {
    const { link, connection, watch, dead, pass } = timedConnection(t);
    link.queuedBytes = 1000;
    watch();
    connection.pause();
    connection.resume();
    for (let count = 0; count < 4; count += 1) {
      link.queuedBytes -= 10;
      pass(INTERVAL);
    }
    assert.deepEqual(dead, [[4 * INTERVAL, 0]]);
  });

  it('counts what waits anew each time that it is paused', (t) => {
    const { link, connection, watch, dead, pass } = timedConnection(t);
    link.queuedBytes = 1000;
    watch();
    connection.pause();
    connection.resume();
    link.queuedBytes = 500;
    connection.pause();
    for (let count = 0; count < 4; count += 1) pass(INTERVAL);
    assert.deepEqual(dead, [[4 * INTERVAL, 0]]);
  });
});
