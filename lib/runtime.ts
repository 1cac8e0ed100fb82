import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import createDebug from 'debug';
import { ClusterError } from './errors.js';

const debug = createDebug('cluster-client:runtime');

/*
 * The runtime folder is how the processes of a group on one host know each other: a key file that only this user
 * can read, a random id, and the record of each channel's leader. All files are completed under a temporary name
 * and then link()ed, so that exactly one of many processes makes each of them and nobody reads half of one.
 *
 *     <runtimeDir>/<group>/key              the secret, if none was given; outlives a reboot
 *     <runtimeDir>/<group>/<boot>/id        random, travels in the handshake
 *     <runtimeDir>/<group>/<boot>/<channel>/leader.<n>
 */

export interface Runtime {
  /** One, or several while they are changed; the newest first. */
  secrets: readonly Buffer[];
  /** Random id of the folder, hexadecimal; empty where there is none. */
  id: string;
  /** Where the records of channels are kept; undefined where the folder cannot be used. */
  folder: string | undefined;
  /**
   * Makes again what was removed while we run, as cleaners of temporary folders do: with the same key and id.
   * @throws where that cannot be done.
   */
  restore(): void;
}

const SECRET_BYTES = 32;
const ID_BYTES = 8;

/**
 * Opens, or makes, the runtime folder of a group.
 * @param secrets those that are configured; the key file is then not needed.
 * @throws ClusterError ERR_CLUSTER_RUNTIME_DIR: no usable folder, and no secret either. With a secret, an
 *   unusable folder is left out and `warn` told.
 */
export function openRuntime(
  options: { runtimeDir: string | undefined; group: string; secrets: readonly Buffer[] | undefined },
  warn: (message: string) => void,
): Runtime {
  const root = options.runtimeDir ?? defaultRuntimeDir();
  const group = join(root, fileName(options.group));
  const folder = join(group, bootName());
  const makeFolders = () => [root, group, folder].forEach(makePrivate);
  try {
    makeFolders();
    const keyFile = join(group, 'key');
    const secrets = options.secrets ?? [readOrMake(keyFile, SECRET_BYTES)];
    const id = readOrMake(join(folder, 'id'), ID_BYTES);
    const restore = () => {
      makeFolders();
      if (!options.secrets) for (const key of secrets) keep(keyFile, key);
      keep(join(folder, 'id'), id);
    };
    return { secrets, id: id.toString('hex'), folder, restore };
  } catch (cause) {
    const message = `runtime folder ${root} cannot be used: ${(cause as Error).message}`;
    if (!options.secrets) {
      throw new ClusterError(
        'ERR_CLUSTER_RUNTIME_DIR',
        `${message}; set option runtimeDir to a folder of this user, or option secret`,
        { cause, data: { runtimeDir: root } },
      );
    }
    warn(
      `${message}; only the process that holds the cluster port can lead, and a hung leader is not replaced`,
    );
    return { secrets: options.secrets, id: '', folder: undefined, restore: () => {} };
  }
}

function defaultRuntimeDir(): string {
  // Not XDG_RUNTIME_DIR: a service and a shell of the same user have different ones.
  const uid = process.getuid?.();
  return uid === undefined ? join(homedir(), '.cluster-client') : join(tmpdir(), `cluster-client-${uid}`);
}

/** Makes sure that the folder exists, is ours alone, and cannot be replaced by others. */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const stats = lstatSync(folder);
  const uid = process.getuid?.();
  if (!stats.isDirectory()) throw new Error(`${folder} is not a folder`);
  if (uid === undefined) return;
  if (stats.uid !== uid) throw new Error(`${folder} belongs to uid ${stats.uid}, not to ${uid}`);
  if ((stats.mode & 0o077) !== 0)
    throw new Error(`${folder} is open to others (mode ${octal(stats.mode)}, 0700 is needed)`);
  const parent = statSync(dirname(folder));
  const othersWrite = (parent.mode & 0o022) !== 0;
  const sticky = (parent.mode & 0o1000) !== 0;
  if ((parent.uid !== uid && parent.uid !== 0) || (othersWrite && !sticky)) {
    throw new Error(`others could rename it in ${dirname(folder)} (mode ${octal(parent.mode)})`);
  }
}

/**
 * Makes a file that did not exist, with exactly this content, readable by us alone.
 * @returns false where it existed: somebody else won.
 */
export function createOnce(path: string, content: Buffer | string): boolean {
  const temporary = `${path}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode: 0o600 });
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    discard(temporary);
  }
}

/** Removes a file, which somebody else may have done already. */
export function discard(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    debug('%s', (error as Error).message);
  }
}

function readOrMake(path: string, length: number): Buffer {
  if (!readPrivate(path) && createOnce(path, randomBytes(length))) debug('made %s', path);
  // Also one that was there before: a key without bytes, as after a crash of the system, would be everybody's.
  const content = readPrivate(path);
  if (content?.length !== length)
    throw new Error(`${path} has ${content?.length ?? 0} bytes instead of ${length}`);
  return content;
}

/** @throws where the file is there with another content: other processes have begun a group of their own. */
function keep(path: string, content: Buffer): void {
  const present = readPrivate(path) ?? (createOnce(path, content) ? content : readPrivate(path));
  if (!present?.equals(content)) {
    throw new Error(`${path} was removed and made anew: restart the processes that were started before`);
  }
}

/** Reads without following a link, and checks owner and mode of what was opened, not of what has the name. */
function readPrivate(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(file);
    const uid = process.getuid?.();
    if (!stats.isFile()) throw new Error(`${path} is not a file`);
    if (uid !== undefined && (stats.uid !== uid || (stats.mode & 0o077) !== 0)) {
      throw new Error(
        `${path} is not ours alone (uid ${stats.uid}, mode ${octal(stats.mode)}, 0600 is needed)`,
      );
    }
    return readFileSync(file);
  } finally {
    closeSync(file);
  }
}

/** Files of another boot, or of another network namespace, speak of processes that we could not reach. */
function bootName(): string {
  const read = (get: () => string) => {
    try {
      return get();
    } catch {
      return '';
    }
  };
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  const network = read(() => readlinkSync('/proc/self/ns/net'));
  return fileName(`${boot} ${network}`);
}

/** A short name, safe in any file system, for any text. */
export function fileName(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function octal(mode: number): string {
  return `0${(mode & 0o7777).toString(8)}`;
}
