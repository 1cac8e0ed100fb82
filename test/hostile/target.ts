import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Address } from '../../protocol/message.js';
import { Challenged, type Credentials, hello } from './handshake.js';
import { Insider } from './insider.js';
import type { LeaderReport } from './messages.js';
import { Stranger } from './stranger.js';

/** The leader, as one input meets it. What the input has opened is gone after `leave`. */
export class Target {
  readonly address: Address;
  readonly credentials: Credentials;
  /** What the leader says of itself meanwhile. */
  readonly leader: () => Promise<LeaderReport>;
  readonly #opened: { destroy(): void }[] = [];

  constructor(address: Address, credentials: Credentials, leader: () => Promise<LeaderReport>) {
    this.address = address;
    this.credentials = credentials;
    this.leader = leader;
  }

  /** A link on which nothing has been said. */
  async dial(address = this.address): Promise<Stranger> {
    return new Stranger(await this.#socket(address));
  }

  /** One that has sent frame 1 and knows frame 2. */
  async challenged(frame1 = hello(), address = this.address): Promise<Challenged> {
    const stranger = await this.dial(address);
    stranger.send(frame1);
    const frame2 = await stranger.next();
    if (!frame2) throw new Error('the leader has closed the link in place of its challenge');
    return new Challenged(stranger, this.credentials, frame1, frame2);
  }

  /** A follower that has the secret. */
  async join(): Promise<Insider> {
    const challenged = await this.challenged();
    challenged.stranger.send(challenged.frame3());
    const outcome = await challenged.stranger.answer();
    if (outcome !== 'welcome') throw new Error(`a follower of the group was told ${outcome}`);
    return new Insider(challenged.stranger);
  }

  /** A port that passes on whatever comes. */
  async relay(): Promise<Address> {
    const server = createServer(async (near) => {
      this.#opened.push(near);
      near.on('error', () => {});
      const far = await this.#socket(this.address);
      far.on('error', () => {});
      near.pipe(far).pipe(near);
    });
    this.#opened.push({ destroy: () => server.close() });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    return { host: '127.0.0.1', port };
  }

  leave(): void {
    for (const one of this.#opened.splice(0)) one.destroy();
  }

  async #socket(address: Address): Promise<Socket> {
    const socket = await Stranger.dial(address);
    this.#opened.push(socket);
    return socket;
  }
}
