import type { ChannelIdentity } from './channel-identity.js';
import { ClusterError } from './errors.js';
import { differences } from './identity.js';

/**
 * What a hub makes of clients of one channel, or of one class, that have different settings. It knows digests of
 * settings and their names, but no values.
 */
export class Comparison {
  readonly #warn: (message: string) => void;
  /** Names that were warned about, once each. */
  readonly #told = new Set<string>();

  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /**
   * @param pid of the client's process.
   * @param led what is led in this process.
   * @param shared whose leader the client is to share. Default: its channel's, if that is led here.
   * @returns why it may not, where one of the two is strict.
   */
  refusal(
    client: ChannelIdentity,
    pid: number,
    led: readonly ChannelIdentity[],
    shared = led.find(({ channel }) => channel === client.channel),
  ): ClusterError | undefined {
    const { name } = client;
    const other = shared ?? led.find((one) => one.name === name);
    const names = other ? differences(other.settings, client.settings) : [];
    // Not by the text: the name of a setting may be empty.
    if (names.length === 0) return undefined;
    const keys = names.join(', ');
    if (!shared) {
      this.#once(
        name,
        `class ${name} is shared under different settings, each with a leader of its own: process ${pid} differs from ` +
          `process ${process.pid} in ${keys}. To have them share one, give both the same settings or a name, or say ` +
          'with option identity what counts',
      );
      return undefined;
    }
    if (client.isStrict || shared.isStrict) return identityError(client, pid, keys);
    this.#once(
      name,
      `clients of channel ${name} have different settings: process ${pid} differs in ${keys} from its leader, process ` +
        `${process.pid}, whose settings count. Give them names of their own, or have this refused (identity: 'strict')`,
    );
    return undefined;
  }

  /** Why a client that cannot lead will find no leader: its class is led, but under other settings. */
  stranded(client: ChannelIdentity, pid: number, led: readonly ChannelIdentity[]): ClusterError | undefined {
    const other = led.find(({ name }) => name === client.name);
    return other && identityError(client, pid, differences(other.settings, client.settings).join(', '));
  }

  #once(name: string, message: string): void {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    this.#warn(message);
  }
}

function identityError({ name }: ChannelIdentity, pid: number, keys: string): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_IDENTITY',
    `${name} of process ${pid} has other settings than the leader, process ${process.pid}: they differ in ${keys}. ` +
      'Give both the same settings, or say with option identity what counts',
    { data: { channel: name, pid, settings: keys } },
  );
}
