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

/** For that, also where other work keeps every thread of the pool. What is known by then is the answer. ms */
const TIME_LIMIT = 200;
/** For reading the tables. Listening sockets come first in them, so nothing is lost with the end of a long one. ms */
const TABLE_TIME_LIMIT = 100;
/** Of one table, about 28,000 sockets. */
const MAX_TABLE_BYTES = 4 * 1024 * 1024;
const PIECE_BYTES = 64 * 1024;
/** Calls at a time: one of the pool's four threads is left to the application. */
const AT_ONCE = 3;
const COMMAND_LENGTH = 80;
/** Enough for the longest command of four-byte characters, however long the line is. */
const COMMAND_BYTES = 512;

/**
 * Who listens on an IPv4 address of this host. Takes at most about 100 ms and does not hold up the event loop. Never
 * throws.
 * @returns undefined where the system does not tell, no file descriptor is left to ask it, or nobody listens.
 */
export async function listenerAt(address: Address): Promise<ListeningSocket | undefined> {
  if (process.platform !== 'linux' || !isIPv4(address.host)) return undefined;
  try {
    return findListener(await readTables(performance.now() + TABLE_TIME_LIMIT), address);
  } catch (error) {
    debug('%s', (error as Error).message);
    return undefined;
  }
}

/**
 * For a message: `process 4711 (node server.js) of uid 1000`, or as much of it as the system tells within about 200 ms,
 * in which it looks at some thousand file descriptors. Never throws. The command is at most 80 characters, without
 * control characters; its process chooses it: never decide by it.
 */
export async function describeListener(socket: ListeningSocket): Promise<string> {
  let name = 'a process';
  const look = async () => {
    const pid = await findProcess(socket, performance.now() + TIME_LIMIT);
    if (pid === undefined) return;
    name = `process ${pid}`;
    const command = await readCommand(pid);
    if (command) name = `process ${pid} (${command})`;
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, TIME_LIMIT);
  });
  const looked = look().catch((error: Error) => debug('%s', error.message));
  await Promise.race([looked, late]);
  clearTimeout(timer);
  return `${name} of uid ${socket.uid}`;
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
  const word = (bytes: Buffer) => hex(byteOrder === 'LE' ? bytes.readUInt32LE() : bytes.readUInt32BE(), 8);
  const any = '0'.repeat(8);
  const own = word(Buffer.from(host.split('.').map(Number)));
  const mapped = word(Buffer.of(0, 0, 0xff, 0xff));
  return (
    findRow(tcp, own, port) ??
    findRow(tcp6, any + any + mapped + own, port) ??
    findRow(tcp, any, port) ??
    findRow(tcp6, any + any + any + any, port)
  );
}

function findRow(table: string, local: string, port: number): ListeningSocket | undefined {
  // Local address, remote address, state: LISTEN.
  const start = ` ${local}:${hex(port, 4)} ${'0'.repeat(local.length)}:0000 0A `;
  const at = table.indexOf(start);
  const end = table.indexOf('\n', at);
  if (at < 0 || end < 0) return undefined;
  // Queues, timer, retransmits, uid, timeout, inode.
  const [, , , uid, , inode] = table.slice(at + start.length, end).split(/ +/);
  return inode === undefined ? undefined : { uid: Number(uid), inode };
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

/** In pieces: a read of such a file gives a page at a time. */
async function readTable(path: string, until: number): Promise<string> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    let text = '';
    while (text.length < MAX_TABLE_BYTES && performance.now() < until) {
      const { bytesRead } = await file.read(buffer);
      if (bytesRead === 0) break;
      text += buffer.toString('latin1', 0, bytesRead);
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
  const others: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (performance.now() > until) return undefined;
    if (!/^\d+$/.test(pid)) continue;
    if ((await ownerOf(pid)) !== uid) others.push(pid);
    else if (await holds(pid, socket, until)) return Number(pid);
  }
  for (const pid of others) if (await holds(pid, socket, until)) return Number(pid);
  return undefined;
}

/** Processes end meanwhile, and others' we may not look into: they hold nothing that we could tell. */
async function holds(pid: string, socket: string, until: number): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  let found = false;
  try {
    if (performance.now() > until) return false;
    // Not all names at once: there may be a million.
    const entries = (await opendir(folder))[Symbol.asyncIterator]();
    const look = async () => {
      for await (const { name } of entries) {
        if (found || performance.now() > until) return;
        const link = await readlink(`${folder}/${name}`).catch(() => '');
        if (link === socket) found = true;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, look));
  } catch (error) {
    debug('%s', (error as Error).message);
  }
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
