import assert from 'node:assert/strict';
import { type ElectionRecord, fileRecord, type Leadership } from '../../lib/record.js';

/** A record in a folder that nobody removes, and that can be written. */
export const fileRecordIn = (folder: string, channel: string): ElectionRecord =>
  fileRecord({ folder, channel, restore: () => {}, warn: assert.fail });

/** Who listens at a port, to be recorded. */
export const leader = (port: number, epoch = 100 + port) => ({
  epoch,
  address: { host: 'memory', port },
  pid: port,
});

/** Claims so many numbers, each after the one before. */
export function claimed(record: ElectionRecord, count: number): Leadership {
  for (let port = 1; port <= count; port += 1) assert.ok(record.claim(record.read(), leader(port), false));
  return record.read() as Leadership;
}
