import type { Address } from '../protocol/message.js';

export type { Address } from '../protocol/message.js';

/** What a link tells its owner. `close` comes exactly once, and nothing after it. */
export interface LinkHandlers {
  /** The chunk is not written to any more; it may be held. */
  data(chunk: Buffer): void;
  /** What `write` returned false for has been taken. */
  drain(): void;
  close(error?: Error): void;
}

/**
 * One byte stream between two processes, or two ends within one. Whoever has a link closes it. No byte is read
 * before `open`.
 */
export interface Link {
  /** `host:port` of this end and of the other, as this end sees them. */
  readonly localAddress: string;
  readonly remoteAddress: string;
  /** Both ends are on one host, and so have one clock. */
  readonly isLocal: boolean;
  /** Bytes written that the other side's system has not taken yet. */
  readonly queuedBytes: number;
  open(handlers: LinkHandlers): void;
  /** Takes all buffers as one write. False: the link is backed up, wait for `drain` before writing much more. */
  write(buffers: readonly Buffer[]): boolean;
  /** Stops and resumes reading. */
  pause(): void;
  resume(): void;
  /** Closes once what was written has left, or after a while in which it has not. */
  end(): void;
  /** Closes at once. */
  destroy(error?: Error): void;
}

export interface Listener {
  readonly address: Address;
  /** Frees the address; links that were accepted live on. */
  close(): Promise<void>;
}

/** Who listens at an address. */
export interface Holder {
  /** It runs as another user than this process, and so is none of ours. */
  readonly isStranger: boolean;
  /** For an error message: pid and command where the system tells them. Takes longer. */
  describe(): Promise<string>;
}

/** A way to make links. One file each under transports/. */
export interface Transport {
  readonly name: string;
  /** The host that addresses of this transport have. */
  readonly host: string;
  /** @throws an error with code EADDRINUSE where the address is taken. Port 0: any. */
  listen(address: Address, onLink: (link: Link) => void): Promise<Listener>;
  /**
   * @param signal ends it early.
   * @throws an error with code ECONNREFUSED where nobody listens, ERR_CLUSTER_CONNECT_TIMEOUT; the signal's reason.
   */
  dial(address: Address, timeout: number, signal?: AbortSignal): Promise<Link>;
  /** Who listens there, as far as the system tells. Never throws. */
  holder?(address: Address): Promise<Holder | undefined>;
  /** Whether another user than ours has the other end of the link; undefined: the system does not tell. Never throws. */
  isStranger?(link: Link): Promise<boolean | undefined>;
}

export function formatAddress(address: Address): string {
  return `${address.host}:${address.port}`;
}
