import { MAX_FRAME_BYTES } from '../protocol/constants.js';
import type { Outcome } from '../protocol/message.js';
import { Connection } from './connection.js';
import { ClusterError, limitError } from './errors.js';
import { type Admitted, type Applicant, admit, strangerOf3x, versionError } from './handshake.js';
import { printable } from './printable.js';
import type { Link, Transport } from './transport.js';

export interface ReceptionOptions {
  transport: Transport;
  connectTimeout: number;
  /** Bytes of one frame, before its sender has proved itself and after. */
  maxHandshakeBytes: number;
  maxFrameBytes: number;
  /** Links that have not proved themselves; one more, and the oldest is closed. */
  maxHandshakes: number;
  /** Links that have; one more is refused. */
  maxLinks: number;
  /** Whether processes of 3.x are of this group. */
  interop?: boolean | undefined;
  warn(message: string): void;
}

/** What a hub has turned away since it was made. */
export interface Refusals {
  /** Links that did not prove themselves: in time, or at all. */
  strangers: number;
  /** Of these, those that were closed early to make room for newer ones (`maxHandshakes`). */
  crowdedOut: number;
  /** Links of our group beyond `maxLinks`. */
  links: number;
}

export interface ReceptionOwner {
  /** What one is told who has proved itself. */
  decide(applicant: Applicant): Outcome;
  /** It has been told. From now on the link is the owner's. */
  admitted(connection: Connection, applicant: Admitted, told: Outcome): void;
}

/** Where links come in: has each prove itself, in time, and shows out who cannot. */
export class Reception {
  readonly refusals: Refusals = { strangers: 0, crowdedOut: 0, links: 0 };
  readonly #options: ReceptionOptions;
  readonly #keys: readonly Buffer[];
  readonly #owner: ReceptionOwner;
  /** Those who have not proved themselves yet, or are just being shown out: the oldest first. */
  readonly #strangers = new Set<Connection>();
  #links = 0;
  #hasWarnedOf3x = false;

  /** @param keys of each secret that the group has at present. */
  constructor(options: ReceptionOptions, keys: readonly Buffer[], owner: ReceptionOwner) {
    this.#options = options;
    this.#keys = keys;
    this.#owner = owner;
  }

  receive(link: Link): void {
    const { maxHandshakeBytes, maxFrameBytes, maxHandshakes, connectTimeout } = this.#options;
    // Until a channel takes it, no long message is expected.
    const limits = { maxMessageBytes: MAX_FRAME_BYTES, maxHandshakeBytes, maxFrameBytes };
    const connection = new Connection(link, limits);
    this.#strangers.add(connection);
    if (this.#strangers.size > maxHandshakes) this.#crowdOut();
    const timer = setTimeout(() => {
      connection.refuse(new ClusterError('ERR_CLUSTER_CONNECT_TIMEOUT', 'no handshake in time'));
    }, connectTimeout);
    void connection.gone.then(() => {
      clearTimeout(timer);
      this.#strangers.delete(connection);
    });
    let isOf3x = false;
    const refusal3x = (channel: string) => {
      isOf3x = true;
      return this.#refusal3x(channel, link);
    };
    admit(connection, this.#keys, (applicant) => this.#decide(applicant), refusal3x)
      .then(({ applicant, outcome }) => {
        clearTimeout(timer);
        this.#strangers.delete(connection);
        this.#count(connection);
        this.#owner.admitted(connection, applicant, outcome);
      })
      .catch((error: Error) => {
        this.refusals.strangers += 1;
        // One of 3.x has been told. If it were closed now, it would come again now, without end.
        if (!isOf3x) connection.refuse(error);
      });
  }

  /** Whoever has not proved itself by now does not any more. */
  close(): void {
    for (const connection of this.#strangers)
      connection.destroy(new ClusterError('ERR_CLUSTER_CLOSED', 'this hub closes'));
  }

  /**
   * The oldest goes: one of ours needs a millisecond, so a crowd that only waits cannot keep it out. Nobody waits for
   * it to read why.
   */
  #crowdOut(): void {
    for (const oldest of this.#strangers) {
      if (!oldest.closed) this.refusals.crowdedOut += 1;
      this.#strangers.delete(oldest);
      oldest.refuse(
        limitError('maxHandshakes', this.#options.maxHandshakes, 'links that have not proved themselves'),
      );
      oldest.link.destroy();
      return;
    }
  }

  #decide(applicant: Applicant): Outcome {
    const error = this.#overflow();
    if (error) return { type: 'refused', code: error.code, reason: error.message };
    return this.#owner.decide(applicant);
  }

  /** Why a follower of 3.x may not have a channel: it cannot prove itself. */
  async #refusal3x(channel: string, link: Link): Promise<ClusterError | undefined> {
    const { interop, transport, warn } = this.#options;
    if (!interop) {
      const shown = printable(channel, 100, 200);
      const error = versionError(`a follower of cluster-client 3.x asks for channel ${shown} and is refused`);
      if (!this.#hasWarnedOf3x) warn(error.message);
      this.#hasWarnedOf3x = true;
      return error;
    }
    return this.#overflow() ?? strangerOf3x(transport, link);
  }

  #overflow(): ClusterError | undefined {
    const { maxLinks } = this.#options;
    if (this.#links < maxLinks) return undefined;
    this.refusals.links += 1;
    return limitError('maxLinks', maxLinks, `links to process ${process.pid}`);
  }

  #count({ gone }: Connection): void {
    this.#links += 1;
    void gone.then(() => {
      this.#links -= 1;
    });
  }
}
