// The real client. It knows nothing of clusters: used alone it works the same, at the cost of a watcher a process.
import { once } from 'node:events';
import { type FSWatcher, watch } from 'chokidar';
import { type Config, listConfigFiles, readConfigFile, writeAtomically } from './config-file.js';

export interface Edit {
  file: string;
  text: string;
  /**
   * The version that the author saw. A new leader publishes once more what was published before; the file
   * has another version by then, so an old edit never undoes a newer one.
   */
  replaces: string;
}

export type ConfigListener = (config: Config) => void;

interface Subscription {
  listeners: Set<ConfigListener>;
  latest?: Config;
  problem?: string;
}

export class ConfigDirectoryClient {
  /** Real clients alive in this process. Sharing keeps the sum over all processes at one. */
  static alive = 0;

  readonly #directory: string;
  readonly #watcher: FSWatcher;
  readonly #watching: Promise<unknown>;
  readonly #subscriptions = new Map<string, Subscription>();
  #lastWrite: Promise<unknown> = Promise.resolve();
  #looking = false;
  #lookAgain = false;

  constructor({ directory }: { directory: string }) {
    this.#directory = directory;
    // 'raw', because 'change' drops what follows within 50 ms, and with it the newest value:
    // https://github.com/paulmillr/chokidar/issues/1455
    this.#watcher = watch(directory, { depth: 0, ignoreInitial: true })
      .on('raw', () => void this.#look())
      .on('error', (error) => console.error(`Cannot watch ${directory}:`, error));
    this.#watching = once(this.#watcher, 'ready');
    ConfigDirectoryClient.alive++;
  }

  async ready(): Promise<void> {
    await this.#watching;
  }

  /** The listener gets the newest value as soon as the file has one, then each change. */
  subscribe({ file }: { file: string }, listener: ConfigListener): void {
    const subscription = this.#subscriptions.get(file) ?? { listeners: new Set() };
    this.#subscriptions.set(file, subscription);
    subscription.listeners.add(listener);
    if (subscription.latest) listener(subscription.latest);
    else void this.#look();
  }

  unSubscribe({ file }: { file: string }, listener?: ConfigListener): void {
    const listeners = this.#subscriptions.get(file)?.listeners;
    if (listener) listeners?.delete(listener);
    if (!listener || listeners?.size === 0) this.#subscriptions.delete(file);
  }

  /** Writes atomically, one edit after the other, and only over the version that the edit replaces. */
  publish({ file, text, replaces }: Edit): Promise<void> {
    const write = async () => {
      const { version } = await readConfigFile(this.#directory, file);
      if (version === replaces) await writeAtomically(this.#directory, file, text);
    };
    const written = this.#lastWrite.then(write, write);
    this.#lastWrite = written;
    return written;
  }

  async getConfig(file: string): Promise<Config> {
    return await readConfigFile(this.#directory, file);
  }

  async listConfigs(): Promise<string[]> {
    return await listConfigFiles(this.#directory);
  }

  async close(): Promise<void> {
    this.#subscriptions.clear();
    await this.#watcher.close();
    ConfigDirectoryClient.alive--;
  }

  /** Never rejects. An event only says "something happened": many during one look make one more look. */
  async #look(): Promise<void> {
    this.#lookAgain = true;
    if (this.#looking) return;
    this.#looking = true;
    while (this.#lookAgain) {
      this.#lookAgain = false;
      for (const [file, subscription] of this.#subscriptions) await this.#refresh(file, subscription);
    }
    this.#looking = false;
  }

  async #refresh(file: string, subscription: Subscription): Promise<void> {
    try {
      const config = await readConfigFile(this.#directory, file);
      if (config.version === subscription.latest?.version) return;
      subscription.latest = config;
      delete subscription.problem;
      for (const listener of subscription.listeners) listener(config);
    } catch (error) {
      const problem = String(error);
      if (problem !== subscription.problem) console.error(`The last good value stays: ${problem}`);
      subscription.problem = problem;
    }
  }
}
