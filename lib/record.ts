import { existsSync, readdirSync, readFileSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import createDebug from 'debug';
import type { Address } from '../protocol/message.js';
import { createOnce, discard, fileName, makePrivate } from './runtime.js';

const debug = createDebug('cluster-client:record');

/** Who leads a channel. */
export interface Leadership {
  /** Grows by one with each leader. */
  n: number;
  /** The fencing token: grows with each leader, also over a lost record. */
  epoch: number;
  /** Undefined where the record is damaged. */
  address: Address | undefined;
  pid: number;
  /** The one before was mute, and may wake up. */
  replaces?: boolean;
}

/** A record that was lost and begun anew counts from 1 again, under later epochs. */
export function isSameLeadership(one: Leadership | undefined, other: Leadership | undefined): boolean {
  return one?.n === other?.n && one?.epoch === other?.epoch;
}

/** What a channel's election remembers, and settles by: of many that claim n, exactly one gets it. */
export interface ElectionRecord {
  /** Whether the other processes of the group on this host see the same record. */
  readonly shared: boolean;
  read(): Leadership | undefined;
  /**
   * @param alone whether nobody else can lead meanwhile, because this process holds the cluster port: where nothing
   *   can be written, it may lead without a record, and nobody else may.
   * @returns undefined where somebody else has claimed it first.
   * @throws what the file system says, if not alone.
   */
  claim(after: Leadership | undefined, next: Omit<Leadership, 'n'>, alone: boolean): Leadership | undefined;
  /** Whether no later leader is recorded. A record that was lost is written again. */
  holds(leadership: Leadership): boolean;
  /** Calls back after a change, as far as the system tells. @returns what ends it. */
  watch(onChange: () => void): () => void;
}

export interface FileRecordOptions {
  /** Of the runtime: the channel's files are in a folder below. */
  folder: string;
  channel: string;
  /** Makes the runtime folder again, where it was removed. */
  restore(): void;
  warn(message: string): void;
}

const KEPT = 8;
/** Old files are removed only after a claim, when every ms counts. ms */
const TIDYING = 100;
/** How often a leader looks after key and id. ms */
const TENDING = 1_000;
/** What a process that died in the middle of a claim left behind is removed after so long. ms */
const LEFTOVER = 60_000;

/** One file for each leader, `leader.<n>`; the highest n is the record. */
export function fileRecord({ folder, channel, restore, warn }: FileRecordOptions): ElectionRecord {
  const directory = join(folder, fileName(channel));
  const path = (n: number) => join(directory, `leader.${n}`);
  let tendedAt = -Infinity;
  const prepare = () => {
    tendedAt = performance.now();
    restore();
    makePrivate(directory);
  };
  const read = () => {
    const [n] = numbers(directory);
    return n === undefined ? undefined : readLeadership(path(n), n);
  };
  const write = (leadership: Leadership) => createOnce(path(leadership.n), JSON.stringify(leadership));
  /** Nearly always the folder is there, and every ms counts when a leader has died. */
  const writeAnew = (leadership: Leadership) => {
    try {
      return write(leadership);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      prepare();
      return write(leadership);
    }
  };
  const isLater = (n: number, epoch: number) => (readLeadership(path(n), n)?.epoch ?? 0) > epoch;
  let warned = false;
  return {
    shared: true,
    read,
    claim(after, next, alone) {
      const leadership = { ...next, n: (after?.n ?? 0) + 1 };
      try {
        if (!writeAnew(leadership)) return undefined;
      } catch (error) {
        if (!alone) throw error;
        if (!warned) {
          warn(
            `channel ${channel}: its leader cannot be recorded (${(error as Error).message}); only the process that ` +
              'holds the cluster port can lead, and a hung leader is not replaced',
          );
        }
        warned = true;
        return leadership;
      }
      tendedAt = performance.now();
      const [newest, ...older] = numbers(directory);
      setTimeout(() => tidy(directory, older.slice(KEPT - 1)), TIDYING).unref();
      // A number that was free because it is long past and tidied away: who claims it has slept through it all.
      return newest === leadership.n ? leadership : undefined;
    },
    holds(leadership) {
      try {
        for (let newest = read(); newest?.epoch !== leadership.epoch; newest = read()) {
          if (newest && newest.epoch > leadership.epoch) return false;
          writeAnew({ ...leadership, n: Math.max(leadership.n, (newest?.n ?? 0) + 1) });
          // One who found nothing either may have claimed a lower number meanwhile.
          if (numbers(directory).some((n) => isLater(n, leadership.epoch))) return false;
        }
        // Who cleans up temporary folders may also leave some files and take others.
        if (performance.now() - tendedAt > TENDING) prepare();
      } catch (error) {
        debug('%s: %s', channel, (error as Error).message);
        // This needs no file descriptor, of which there may be none left. Who cannot write here has not taken over.
        return !existsSync(path(leadership.n + 1));
      }
      return true;
    },
    watch(onChange) {
      try {
        prepare();
        const watcher = watch(directory, { persistent: false }, (_event, name) => {
          if (name === null || LEADER_FILE.test(name)) onChange();
        });
        watcher.on('error', (error) => debug('%s: %s', channel, error.message));
        return () => watcher.close();
      } catch (error) {
        // A system has only so many watches. Whoever waits looks from time to time, too.
        debug('%s: %s', channel, (error as Error).message);
        return () => {};
      }
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
    holds: () => true,
    watch: () => () => {},
  };
}

/** Whether any leader that is on record, of whatever channel of the group, listened there: it is one of ours. */
export function isRecorded(folder: string, { host, port }: Address): boolean {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(folder, name))
    .some((directory) =>
      numbers(directory).some((n) => {
        const address = readLeadership(join(directory, `leader.${n}`), n)?.address;
        return address?.port === port && address.host === host;
      }),
    );
}

const LEADER_FILE = /^leader\.(\d{1,15})$/;

/** The highest first; none where there is no folder. */
function numbers(directory: string): number[] {
  return listing(directory)
    .map((name) => LEADER_FILE.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => b - a);
}

function listing(directory: string): string[] {
  return ifPresent(() => readdirSync(directory)) ?? [];
}

function ifPresent<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function tidy(directory: string, old: number[]): void {
  try {
    for (const name of [...old.map((n) => `leader.${n}`), ...leftovers(directory)])
      discard(join(directory, name));
  } catch (error) {
    debug('%s: %s', directory, (error as Error).message);
  }
}

function leftovers(directory: string): string[] {
  const isLeftover = (name: string) =>
    name.endsWith('.tmp') &&
    (ifPresent(() => statSync(join(directory, name)).mtimeMs) ?? Infinity) < Date.now() - LEFTOVER;
  return listing(directory).filter(isLeftover);
}

/** A damaged record (a full disk, a curious hand) still counts as a number, and leads nowhere. */
function readLeadership(path: string, n: number): Leadership | undefined {
  const text = ifPresent(() => readFileSync(path, 'utf8'));
  if (text === undefined) return undefined;
  try {
    const { epoch, pid, address, replaces } = JSON.parse(text) as Leadership;
    if (
      Number.isSafeInteger(epoch) &&
      Number.isSafeInteger(address?.port) &&
      typeof address?.host === 'string'
    ) {
      return { n, epoch, pid, address, ...(replaces === true && { replaces }) };
    }
  } catch {
    // Not even JSON.
  }
  return { n, epoch: 0, pid: 0, address: undefined };
}
