import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { temporaryFolder } from '../../helpers/folder.js';
import { freePort } from '../../helpers/free-port.js';
import type { Service } from '../../helpers/services.js';

/** Where Debian has it, and what it logs with, to stderr. */
const JARS = ['zookeeper', 'slf4j-simple'].map((name) => `/usr/share/java/${name}.jar`);

export const zookeeper: Service = {
  isThere: JARS.every((jar) => existsSync(jar)),
  install: 'ZooKeeper (apt-get install --no-install-recommends libzookeeper-java)',
};

/** A ZooKeeper server of the test's own: on the loopback address, with a folder that goes with the test's process. */
export class Server {
  readonly port: number;
  readonly #child: ChildProcess;
  #log = '';

  private constructor(port: number, config: string) {
    this.port = port;
    const main = 'org.apache.zookeeper.server.quorum.QuorumPeerMain';
    const java = ['java', '-Xmx128m', '-cp', JARS.join(':'), main, config];
    // It must not outlive the test, however that ends.
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', ...java], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.setEncoding('utf8').on('data', (text) => {
      this.#log += text;
    });
  }

  static async start(): Promise<Server> {
    const folder = temporaryFolder();
    const port = await freePort();
    const config = join(folder, 'zoo.cfg');
    const lines = [
      `dataDir=${folder}`,
      `clientPort=${port}`,
      'clientPortAddress=127.0.0.1',
      'admin.enableServer=false',
      '4lw.commands.whitelist=cons,srvr',
    ];
    await writeFile(config, `${lines.join('\n')}\n`);
    const server = new Server(port, config);
    await server.#serves();
    return server;
  }

  get connectionString(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** How many clients have a session over a connection of theirs. */
  async sessions(): Promise<number> {
    return [...(await this.#ask('cons')).matchAll(/\bsid=0x/g)].length;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  /** Asks again whenever it logs something: who asks too early may never be answered. */
  async #serves(): Promise<void> {
    const logs = this.#child.stderr;
    const served = new Promise<void>((resolve, reject) => {
      const look = async () => {
        const answer = await this.#ask('srvr').catch(() => '');
        if (answer.includes('Mode: standalone')) resolve();
      };
      logs?.on('data', () => void look());
      this.#child.once('exit', () => reject(new Error(`ZooKeeper ended before it served:\n${this.#log}`)));
    });
    await served;
    logs?.removeAllListeners('data').resume();
  }

  /** One of its four-letter words. */
  async #ask(word: string): Promise<string> {
    const socket = connect(this.port, '127.0.0.1').setEncoding('utf8');
    socket.end(word);
    let answer = '';
    for await (const text of socket) answer += text;
    return answer;
  }
}
