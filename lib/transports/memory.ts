import {
  type Address,
  formatAddress,
  type Link,
  type LinkHandlers,
  type Listener,
  type Transport,
} from '../transport.js';

/** As with a socket: more than this not yet read, and `write` returns false. */
const HIGH_WATER_MARK = 64 * 1024;

/** Links within one process: for single mode, and for tests without sockets. Each call makes a network of its own. */
export function memory(): Transport {
  const listeners = new Map<number, (link: Link) => void>();
  let nextPort = 1;
  const freePort = () => {
    while (listeners.has(nextPort)) nextPort += 1;
    return nextPort;
  };
  return {
    name: 'memory',
    host: 'memory',
    async listen(address, onLink): Promise<Listener> {
      const port = address.port || freePort();
      if (listeners.has(port)) throw systemError('EADDRINUSE', 'listen', { ...address, port });
      listeners.set(port, onLink);
      return {
        address: { host: address.host, port },
        close: async () => {
          if (listeners.get(port) === onLink) listeners.delete(port);
        },
      };
    },
    async dial(address): Promise<Link> {
      const onLink = listeners.get(address.port);
      if (!onLink) throw systemError('ECONNREFUSED', 'connect', address);
      nextPort += 1;
      const local = `memory:${nextPort}`;
      const near = new MemoryLink(local, formatAddress(address));
      const far = new MemoryLink(formatAddress(address), local);
      near.peer = far;
      far.peer = near;
      onLink(far);
      return near;
    },
  };
}

function systemError(code: string, call: string, address: Address): Error {
  return Object.assign(new Error(`${call} ${code} ${formatAddress(address)}`), { code });
}

class MemoryLink implements Link {
  readonly isLocal = true;
  readonly localAddress: string;
  readonly remoteAddress: string;
  peer: MemoryLink | undefined;
  #handlers: LinkHandlers | undefined;
  /** What the peer wrote and this end has not read yet. */
  readonly #inbox: Buffer[] = [];
  #inboxBytes = 0;
  /** The peer was told that it is backed up. */
  #writerWaits = false;
  #paused = false;
  #scheduled = false;
  /** The peer has ended: close once the inbox is read. */
  #ended = false;
  #closed = false;
  #closeTold = false;
  #error: Error | undefined;

  constructor(localAddress: string, remoteAddress: string) {
    this.localAddress = localAddress;
    this.remoteAddress = remoteAddress;
  }

  get queuedBytes(): number {
    return this.peer ? this.peer.#inboxBytes : 0;
  }

  open(handlers: LinkHandlers): void {
    this.#handlers = handlers;
    if (this.#closed) setImmediate(() => this.#tellClose());
    else this.#schedule();
  }

  write(buffers: readonly Buffer[]): boolean {
    const peer = this.peer;
    if (this.#closed || !peer || peer.#closed) return false;
    for (const buffer of buffers) {
      // A copy, as a socket makes one: the writer may reuse its buffer, the reader may hold what it gets.
      peer.#inbox.push(Buffer.from(buffer));
      peer.#inboxBytes += buffer.length;
    }
    peer.#schedule();
    if (peer.#inboxBytes > HIGH_WATER_MARK) peer.#writerWaits = true;
    return !peer.#writerWaits;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  end(): void {
    if (this.peer) {
      this.peer.#ended = true;
      this.peer.#schedule();
    }
    this.#close();
  }

  destroy(error?: Error): void {
    this.#error ??= error;
    this.end();
  }

  #schedule(): void {
    if (this.#scheduled || !this.#handlers || this.#closed) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#read();
    });
  }

  #read(): void {
    while (!this.#paused && !this.#closed) {
      const chunk = this.#inbox.shift();
      if (!chunk) break;
      this.#inboxBytes -= chunk.length;
      this.#handlers?.data(chunk);
    }
    if (this.#writerWaits && this.peer && this.#inboxBytes <= HIGH_WATER_MARK) {
      this.#writerWaits = false;
      this.peer.#drained();
    }
    if (this.#ended && this.#inbox.length === 0) this.#close();
  }

  #drained(): void {
    if (!this.#closed) this.#handlers?.drain();
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#inbox.length = 0;
    this.#inboxBytes = 0;
    setImmediate(() => this.#tellClose());
  }

  #tellClose(): void {
    if (this.#closeTold || !this.#handlers) return;
    this.#closeTold = true;
    this.#handlers.close(this.#error);
  }
}
