// What a process costs.
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

export const resourceCommands = {
  /** @returns µs of the processor since it was started. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },

  /** @returns bytes that are in use, on V8's heap and beside it. */
  async memory() {
    // What a turn of the event loop still holds goes first.
    await sleep(50);
    for (let n = 0; n < 4; n += 1) globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  },

  /** @returns bytes of the system's memory; pages that processes share are divided among them, where that is known. */
  resident() {
    for (let n = 0; n < 4; n += 1) globalThis.gc();
    const rollup = '/proc/self/smaps_rollup';
    if (!existsSync(rollup)) return process.memoryUsage.rss();
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(rollup, 'utf8'))[1]) * 1_024;
  },
};
