import type { TestContext } from 'node:test';
import { Connection, type WatchOptions } from '../../lib/connection.js';
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
  const host = { now };
  t.mock.method(process, 'hrtime', () => [Math.floor(host.now / 1_000), (host.now % 1_000) * 1e6]);
  return host;
}
