import { readdirSync, readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '../protocol/message.js';
import { createOnce, fileName, makePrivate } from './runtime.js';

/** Who leads a channel. */
export interface Leadership {
  /** Grows by one with each leader. */
  n: number;
  /** The fencing token: grows with each leader, also over a lost record. */
  epoch: number;
  /** Undefined where the record is damaged. */
  address: Address | undefined;
  pid: number;
}

/** What a channel's election remembers, and settles by: of many that claim n, exactly one gets it. */
export interface ElectionRecord {
  /** Whether the other processes of the group on this host see the same record. */
  readonly shared: boolean;
  read(): Leadership | undefined;
  /** @returns undefined where somebody else has claimed it first. */
  claim(after: Leadership | undefined, next: Omit<Leadership, 'n'>): Leadership | undefined;
}

const KEPT = 8;

/** One file for each leader, `leader.<n>`; the highest n is the record. */
export function fileRecord(folder: string, channel: string): ElectionRecord {
  const directory = join(folder, fileName(channel));
  const numbers = () =>
    readdirSync(directory)
      .map((name) => /^leader\.(\d{1,15})$/.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => b - a);
  const path = (n: number) => join(directory, `leader.${n}`);
  return {
    shared: true,
    read() {
      try {
        const [n] = numbers();
        if (n === undefined) return undefined;
        return { ...parse(readFileSync(path(n), 'utf8')), n };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw error;
      }
    },
    claim(after, next) {
      makePrivate(directory);
      const n = (after?.n ?? 0) + 1;
      if (!createOnce(path(n), JSON.stringify({ ...next, n }))) return undefined;
      const [newest, ...others] = numbers();
      for (const old of others.slice(KEPT - 1)) {
        try {
          unlinkSync(path(old));
        } catch {
          // Somebody else is tidying up as well.
        }
      }
      // A number that was free because it is long past and tidied away: who claims it has slept through it all.
      return newest === n ? { ...next, n } : undefined;
    },
  };
}

/** Where there is no folder: who holds the cluster port leads, and only this process remembers. */
export function memoryRecord(): ElectionRecord {
  let last: Leadership | undefined;
  return {
    shared: false,
    read: () => undefined,
    claim(_after, next) {
      last = { ...next, n: (last?.n ?? 0) + 1 };
      return last;
    },
  };
}

/** A damaged record (a full disk, a curious hand) still counts as a number, and leads nowhere. */
function parse(text: string): Omit<Leadership, 'n'> {
  try {
    const { epoch, pid, address } = JSON.parse(text) as Leadership;
    if (
      Number.isSafeInteger(epoch) &&
      Number.isSafeInteger(address?.port) &&
      typeof address?.host === 'string'
    ) {
      return { epoch, pid, address };
    }
  } catch {
    // Not even JSON.
  }
  return { epoch: 0, pid: 0, address: undefined };
}
