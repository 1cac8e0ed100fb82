// One config file: its name, its text, its version. Knows no watcher and no cluster.
import { createHash, randomUUID } from 'node:crypto';
import { open, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';

export interface Config {
  file: string;
  /** Differs after every write, even when the same text is written again. */
  version: string;
  value: unknown;
  /** Milliseconds since 1970, as the file system has them. */
  modifiedAt: number;
  /** The process that read the file: the leader, whoever asked. */
  readBy: number;
}

export type ConfigErrorCode = 'ERR_CONFIG_NAME' | 'ERR_CONFIG_NOT_FOUND' | 'ERR_CONFIG_SYNTAX';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: ConfigErrorCode;

  constructor(code: ConfigErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

// A plain name in the directory itself: no separator, no leading dot, so nothing outside can be named.
const FILE_NAME = /^\w[\w.-]*\.(json|ya?ml)$/;

export async function listConfigFiles(directory: string): Promise<string[]> {
  return (await readdir(directory)).filter((name) => FILE_NAME.test(name)).sort();
}

export async function readConfigFile(directory: string, file: string): Promise<Config> {
  checkFileName(file);
  await using handle = await open(join(directory, file)).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new ConfigError('ERR_CONFIG_NOT_FOUND', `There is no ${file}`, { cause: error });
    }
    throw error;
  });
  const { mtimeNs, mtimeMs } = await handle.stat({ bigint: true });
  const text = await handle.readFile('utf8');
  return {
    file,
    version: createHash('sha256').update(`${mtimeNs} ${text}`).digest('hex').slice(0, 8),
    value: parseConfig(file, text),
    modifiedAt: Number(mtimeMs),
    readBy: process.pid,
  };
}

export function parseConfig(file: string, text: string): unknown {
  checkFileName(file);
  // Editors that truncate first and write then show an empty file for a moment.
  if (text.trim() === '') throw new ConfigError('ERR_CONFIG_SYNTAX', `${file} is empty`);
  try {
    return file.endsWith('.json') ? JSON.parse(text) : parseYaml(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError('ERR_CONFIG_SYNTAX', `${file} cannot be parsed: ${reason}`, { cause: error });
  }
}

/** Readers see the old text or the new one, never half of it. */
export async function writeAtomically(directory: string, file: string, text: string): Promise<void> {
  checkFileName(file);
  const temporary = join(directory, `.${file}.${randomUUID()}`);
  try {
    await writeFile(temporary, text, { flush: true });
    await rename(temporary, join(directory, file));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** @throws ConfigError ERR_CONFIG_NAME */
export function checkFileName(file: string): void {
  if (!FILE_NAME.test(file)) {
    throw new ConfigError('ERR_CONFIG_NAME', `Not the name of a JSON or YAML file: ${JSON.stringify(file)}`);
  }
}
