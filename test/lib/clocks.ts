import type { TestContext } from 'node:test';
import { Connection, type WatchOptions } from '../../lib/connection.js';
import { clock } from '../../lib/transit.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import { FakeLink, Inbox } from '../helpers/links.js';

export const INTERVAL = 100;

/** A connection whose time, with its intervals, is the test's. It looks after its peer where the test says so. */
export function timedConnection(t: TestContext) {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  t.mock.timers.enable({ apis: ['setInterval'] });
  const link = new FakeLink();
  const connection = new Connection(link, { maxMessageBytes: 1024 * 1024 });
  const inbox = new Inbox(connection);
  const dead: [number, number][] = [];
  const watch = (more: Partial<WatchOptions> = {}) =>
    connection.watch({
      interval: INTERVAL,
      dead: (...silence) => {
        dead.push(silence);
        return new Error('silent');
      },
      ...more,
    });
  /** Time passes, and a timer whose time comes is late by so many ms. */
  const pass = (ms: number, late = 0) => {
    now += ms + late;
    t.mock.timers.tick(ms);
  };
  const receive = () => link.handlers?.data(encodeFrame(encode({ type: 'cancel', id: 1 })));
  return { link, connection, inbox, dead, watch, pass, receive };
}

/** The clock of the host, in ms, is the test's. */
export function hostClock(t: TestContext, now: number): { now: number } {
  let reading = 0;
  const { mock } = t.mock.method(performance, 'now', () => reading);
  // `clock` adds a constant to it, of which it tells whole ms: it is where the next one begins.
  const least = clock();
  let before = 0;
  let after = 1;
  while (after - before > 1e-6) {
    reading = (before + after) / 2;
    if (clock() === least) before = reading;
    else after = reading;
  }
  const offset = least + 1 - after;
  const host = { now };
  mock.mockImplementation(() => host.now - offset);
  return host;
}
