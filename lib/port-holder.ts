import type { Dirent } from 'node:fs';
import { open, opendir, readdir, readlink, stat } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';
import createDebug from 'debug';
import type { Address } from '../protocol/message.js';
import { printable } from './printable.js';

const debug = createDebug('cluster-client:port-holder');

/*
 * Who listens on a port, from what Linux shows under /proc (proc_net_tcp.txt of the kernel's documentation). The uid
 * is in the socket's own row, which no process can forge; pid and command are a help for the reader, and only as far
 * as we may look. Elsewhere only a program tells (lsof, netstat): to start one, found by a PATH, in the moment when
 * something is wrong already would make that worse.
 */

/** A listening socket. */
export interface ListeningSocket {
  /**
   * Who made the socket: a server that began as root and is another user by now is still 0. One that our user
   * namespace does not have is shown as 65534.
   */
  readonly uid: number;
  readonly inode: string;
}

/** Also where other work keeps every thread of the pool. What is known by then is the answer. ms */
const TABLE_TIME_LIMIT = 100;
/** Of the lookup of a peer, which is refused if it is not found: one of ours must not be for a busy moment. ms */
const PEER_TIME_LIMIT = 5_000;
const PEER_LOOKS = 3;
/** The same for process and command: time for some 10,000 file descriptors. ms */
const TIME_LIMIT = 200;
/** Of one table: some 28,000 sockets that listen. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
/** File descriptors of one process, the lowest ones: who serves thousands began to listen before that. */
const MAX_DESCRIPTORS = 1_000;
/** Of a few µs each: the way to the pool's threads and back takes longer, and nobody else's work waits for long. */
const DESCRIPTORS_AT_ONCE = 16;
const PROCESSES_AT_ONCE = 4;
const COMMAND_LENGTH = 80;
/** Enough for the longest command of four-byte characters, however long the line is. */
const COMMAND_BYTES = 512;

/**
 * Who listens on an IPv4 address of this host. The event loop is not held up. Never throws.
 * @param timeLimit ms
 * @returns undefined where the system does not tell, no file descriptor is left to ask it, or nobody listens.
 */
export async function listenerAt(
  address: Address,
  timeLimit = TABLE_TIME_LIMIT,
): Promise<ListeningSocket | undefined> {
  if (process.platform !== 'linux' || !isIPv4(address.host)) return undefined;
  let socket: ListeningSocket | undefined;
  await within(timeLimit, async (until) => {
    socket = findListener(await readTables(until), address);
  });
  return socket;
}

/**
 * For a message: `process 4711 (node server.js) of uid 1000`, or as much of it as the system tells. Never throws. The
 * command is at most 80 characters, without control characters; its process chooses it: never decide by it.
 * @param timeLimit ms
 */
export async function describeListener(socket: ListeningSocket, timeLimit = TIME_LIMIT): Promise<string> {
  let name = 'a process';
  await within(timeLimit, async (until) => {
    const pid = await findProcess(socket, until);
    if (pid === undefined) return;
    name = `process ${pid}`;
    const command = await readCommand(pid);
    if (command) name = `process ${pid} (${command})`;
  });
  return `${name} of uid ${socket.uid}`;
}

/**
 * Who has the other end of a connection between two IPv4 addresses of this host, each as `host:port`. Never throws.
 * @returns a uid; -1 where it is not found: also for want of time or of a file descriptor, which a stranger could bring
 *   about; undefined where the system does not tell.
 */
export async function peerOwner(
  peer: string,
  own: string,
  timeLimit = PEER_TIME_LIMIT,
): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  let uid: number | undefined;
  await within(timeLimit, async (until) => {
    uid = -1;
    // A row can be missed while others come and go.
    for (let looks = 0; uid === -1 && looks < PEER_LOOKS; looks += 1) {
      const table = await readTable('/proc/net/tcp', until, ' ').catch(isMissing);
      uid = table === undefined ? undefined : (findConnection(table, peer, own) ?? -1);
    }
  });
  return uid;
}

/** Without /proc nobody tells; what else goes wrong is no answer. */
function isMissing(error: NodeJS.ErrnoException): string | undefined {
  return error.code === 'ENOENT' ? undefined : '';
}

/** @param table the text of /proc/net/tcp. @param byteOrder as of `findListener`. */
export function findConnection(
  table: string,
  local: string,
  remote: string,
  byteOrder: 'LE' | 'BE' = endianness(),
): number | undefined {
  const entry = (address: string) => {
    const [host = '', port] = address.split(':');
    return `${word(Buffer.from(host.split('.').map(Number)), byteOrder)}:${hex(Number(port), 4)}`;
  };
  return findFields(table, ` ${entry(local)} ${entry(remote)} `)?.uid;
}

/** What is not done by then ends by itself, at the next look at the clock. */
async function within(ms: number, work: (until: number) => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  const done = work(performance.now() + ms).catch((error: Error) => debug('%s', error.message));
  await Promise.race([done, late]);
  clearTimeout(timer);
}

/**
 * The row of who gets what is sent to the address: exact ones come before wildcards. An IPv6 wildcard comes last, as
 * it may be for IPv6 only, which the table does not say.
 * @param tables the text of /proc/net/tcp and /proc/net/tcp6
 * @param byteOrder of the machine: the tables show addresses as its words
 */
export function findListener(
  { tcp, tcp6 }: { tcp: string; tcp6: string },
  { host, port }: Address,
  byteOrder: 'LE' | 'BE' = endianness(),
): ListeningSocket | undefined {
  const any = '0'.repeat(8);
  const own = word(Buffer.from(host.split('.').map(Number)), byteOrder);
  const mapped = word(Buffer.of(0, 0, 0xff, 0xff), byteOrder);
  return (
    findRow(tcp, own, port) ??
    findRow(tcp6, any + any + mapped + own, port) ??
    findRow(tcp, any, port) ??
    findRow(tcp6, any + any + any + any, port)
  );
}

function findRow(table: string, local: string, port: number): ListeningSocket | undefined {
  // Local address, remote address, state: LISTEN.
  return findFields(table, ` ${local}:${hex(port, 4)} ${'0'.repeat(local.length)}:0000 0A `);
}

/** @param start the addresses of a row, and what may follow them. */
function findFields(table: string, start: string): ListeningSocket | undefined {
  const at = table.indexOf(start);
  const end = table.indexOf('\n', at);
  if (at < 0 || end < 0) return undefined;
  // What is left of: state, queues, timer, retransmits, uid, timeout, inode.
  const fields = table
    .slice(at + start.length, end)
    .trim()
    .split(/ +/);
  const [uid, , inode] = fields.slice(start.endsWith(' 0A ') ? 3 : 4);
  return inode === undefined ? undefined : { uid: Number(uid), inode };
}

function word(bytes: Buffer, byteOrder: 'LE' | 'BE'): string {
  return hex(byteOrder === 'LE' ? bytes.readUInt32LE() : bytes.readUInt32BE(), 8);
}

function hex(number: number, digits: number): string {
  return number.toString(16).toUpperCase().padStart(digits, '0');
}

async function readTables(until: number): Promise<{ tcp: string; tcp6: string }> {
  const tcp = readTable('/proc/net/tcp', until);
  // A system without IPv6 does not have this one.
  const tcp6 = readTable('/proc/net/tcp6', until).catch(() => '');
  return { tcp: await tcp, tcp6: await tcp6 };
}

/**
 * Up to the first piece (Linux gives a page each) that has none of the rows wanted.
 * @param wanted what they have in them. Default: those who listen, who come first.
 */
async function readTable(path: string, until: number, wanted = ' 0A '): Promise<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    let text = '';
    while (text.length < MAX_TABLE_BYTES && performance.now() < until) {
      const { bytesRead } = await file.read(buffer);
      const piece = buffer.toString('latin1', 0, bytesRead);
      text += piece;
      if (!piece.includes(wanted)) break;
    }
    return text;
  } finally {
    await file.close();
  }
}

/** This process first, then those of the same user, who are the likely ones. */
async function findProcess({ uid, inode }: ListeningSocket, until: number): Promise<number | undefined> {
  const socket = `socket:[${inode}]`;
  if (await holds('self', socket, until)) return process.pid;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const others: string[] = [];
  const isHolder = (pid: string) => holds(pid, socket, until);
  const isLikely = async (pid: string) => {
    if ((await ownerOf(pid)) === uid) return isHolder(pid);
    others.push(pid);
    return false;
  };
  const bounds = { atOnce: PROCESSES_AT_ONCE, most: Infinity, until };
  const found =
    (await firstOf(pids.values(), bounds, isLikely)) ?? (await firstOf(others.values(), bounds, isHolder));
  return found === undefined ? undefined : Number(found);
}

/** Processes end meanwhile, and into others' we may not look: nothing that we could tell. */
async function holds(pid: string, socket: string, until: number): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const bounds = { atOnce: DESCRIPTORS_AT_ONCE, most: MAX_DESCRIPTORS, until };
  try {
    // Not all names at once: there may be a million.
    const entries = (await opendir(folder, { bufferSize: 256 }))[Symbol.asyncIterator]();
    const isSocket = async ({ name }: Dirent) =>
      (await readlink(`${folder}/${name}`).catch(() => '')) === socket;
    return (await firstOf(entries, bounds, isSocket)) !== undefined;
  } catch {
    return false;
  }
}

async function firstOf<T>(
  items: AsyncIterableIterator<T> | IterableIterator<T>,
  { atOnce, most, until }: { atOnce: number; most: number; until: number },
  test: (item: T) => Promise<boolean>,
): Promise<T | undefined> {
  let found: T | undefined;
  let left = most;
  const look = async () => {
    for await (const item of items) {
      if (found !== undefined || left <= 0 || performance.now() > until) return;
      left -= 1;
      if (await test(item)) found = item;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, look));
  return found;
}

async function ownerOf(pid: string): Promise<number | undefined> {
  try {
    return (await stat(`/proc/${pid}`)).uid;
  } catch {
    return undefined;
  }
}

async function readCommand(pid: number): Promise<string> {
  const file = await open(`/proc/${pid}/cmdline`);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(COMMAND_BYTES));
    const words = buffer.toString('utf8', 0, bytesRead).replaceAll('\0', ' ');
    return printable(words.trim(), COMMAND_LENGTH);
  } finally {
    await file.close();
  }
}
