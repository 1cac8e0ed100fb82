// Node loads these two when something first listens: better now than in the middle of an election.
import 'node:cluster';
import 'node:dns';
import { connect, createServer, type Socket } from 'node:net';
import { ClusterError, optionError } from '../errors.js';
import { describeListener, listenerAt, peerOwner } from '../port-holder.js';
import {
  type Address,
  formatAddress,
  type Holder,
  type Link,
  type LinkHandlers,
  type Listener,
  type Transport,
} from '../transport.js';

const LOOPBACK = '127.0.0.1';
/**
 * Connections that the system takes before we do, if it allows so many: where that is full, who connects has to wait
 * for a retransmission, and a second passes.
 */
const BACKLOG = 4096;
/** How long `end` waits for the peer to close as well. ms */
const CLOSE_TIMEOUT = 1_000;

/**
 * TCP on the loopback address: the default.
 * @throws ClusterError ERR_CLUSTER_OPTION where another host is asked for: what travels is authenticated once, at the
 *   beginning, and not encrypted.
 */
export function tcp(options: { host?: string | undefined } = {}): Transport {
  const { host = LOOPBACK } = options;
  if (host !== LOOPBACK) throw optionError('host', host, `${LOOPBACK}, as tcp() does without TLS`);
  return { name: 'tcp', host, listen, dial, holder, isStranger };
}

async function holder(address: Address): Promise<Holder | undefined> {
  const socket = await listenerAt(address);
  if (!socket) return undefined;
  const isStranger = process.getuid !== undefined && socket.uid !== process.getuid();
  return { isStranger, describe: () => describeListener(socket) };
}

async function isStranger({ remoteAddress, localAddress }: Link): Promise<boolean | undefined> {
  if (process.getuid === undefined) return undefined;
  const uid = await peerOwner(remoteAddress, localAddress);
  return uid === undefined ? undefined : uid !== process.getuid();
}

/** Also what a peer says where to dial, or to listen. */
function checkHost({ host }: Address): void {
  if (host !== LOOPBACK) throw optionError('host', host, LOOPBACK);
}

function listen(address: Address, onLink: (link: Link) => void): Promise<Listener> {
  return new Promise((resolve, reject) => {
    checkHost(address);
    const server = createServer({ noDelay: true, pauseOnConnect: true }, (socket) =>
      onLink(new TcpLink(socket)),
    );
    server.once('error', reject);
    // Exclusive: node:cluster would otherwise share the handle among its workers, and all of them would lead.
    server.listen({ host: address.host, port: address.port, exclusive: true, backlog: BACKLOG }, () => {
      server.off('error', reject);
      // From now on an error is one of accept(), as when the process has no file descriptor left: the peer retries.
      server.on('error', () => {});
      const bound = server.address();
      const port = typeof bound === 'object' && bound !== null ? bound.port : address.port;
      resolve({
        address: { host: address.host, port },
        // The port is free at once; the server's own callback would wait for the links as well.
        close: () =>
          new Promise((done) => {
            server.close();
            setImmediate(done);
          }),
      });
    });
  });
}

function dial(address: Address, timeout: number, signal?: AbortSignal): Promise<Link> {
  return new Promise((resolve, reject) => {
    checkHost(address);
    signal?.throwIfAborted();
    const socket = connect({ host: address.host, port: address.port, noDelay: true });
    const fail = (error: Error) => {
      socket.destroy();
      signal?.removeEventListener('abort', abort);
      reject(error);
    };
    const abort = () => fail(signal?.reason as Error);
    signal?.addEventListener('abort', abort);
    socket.once('error', fail);
    socket.setTimeout(timeout, () => {
      fail(
        new ClusterError(
          'ERR_CLUSTER_CONNECT_TIMEOUT',
          `no connection to ${formatAddress(address)} in ${timeout} ms`,
          {
            name: 'TcpConnectionTimeoutError',
            data: { address: formatAddress(address), timeout },
          },
        ),
      );
    });
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', fail);
      // Dialling a dead port of the ephemeral range can connect a socket to itself.
      if (socket.localPort === socket.remotePort && socket.localAddress === socket.remoteAddress) {
        fail(
          Object.assign(new Error(`connect ECONNREFUSED ${formatAddress(address)}`), {
            code: 'ECONNREFUSED',
          }),
        );
        return;
      }
      signal?.removeEventListener('abort', abort);
      resolve(new TcpLink(socket));
    });
  });
}

class TcpLink implements Link {
  readonly isLocal: boolean;
  readonly localAddress: string;
  readonly remoteAddress: string;
  readonly #socket: Socket;
  #error: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.localAddress = `${socket.localAddress}:${socket.localPort}`;
    this.isLocal = socket.remoteAddress === socket.localAddress;
    this.remoteAddress = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('error', (error) => {
      this.#error = error;
    });
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  open(handlers: LinkHandlers): void {
    const socket = this.#socket;
    if (socket.destroyed) {
      queueMicrotask(() => handlers.close(this.#error));
      return;
    }
    socket.on('data', (chunk: Buffer) => handlers.data(chunk));
    socket.on('drain', () => handlers.drain());
    socket.once('close', () => handlers.close(this.#error));
    socket.resume();
  }

  write(buffers: readonly Buffer[]): boolean {
    const socket = this.#socket;
    if (!socket.writable) return false;
    if (buffers.length === 1) {
      socket.write(buffers[0] as Buffer);
    } else {
      socket.cork();
      for (const buffer of buffers) socket.write(buffer);
      socket.uncork();
    }
    // The system may have taken it all, much though it was.
    return socket.writableLength < socket.writableHighWaterMark;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    // Closing with bytes unread would reset the connection, and the peer lose what it was told last. So what
    // comes is still read, by whoever has the handlers, until the peer closes too.
    const socket = this.#socket;
    socket.end();
    socket.resume();
    const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT);
    socket.once('close', () => clearTimeout(timer));
  }

  destroy(error?: Error): void {
    if (error && !this.#error) this.#error = error;
    this.#socket.destroy();
  }
}
