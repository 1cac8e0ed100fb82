import type { Address, Value } from '../protocol/message.js';
import type { Call } from './pending.js';
import type { Publication } from './publications.js';

/** What a process is to a channel for the time being, as its session sees it. */
export interface Role {
  readonly kind: 'leader' | 'follower';
  readonly epoch: number;
  /** 0: unknown. */
  readonly leaderPid: number;
  /**
   * Settles the call through the session's table of pending calls. Leaves it unsent where it cannot be handed over
   * now: the session tries again after `drain`, or under the next leader.
   */
  invoke(call: Call): void;
  /** Nobody waits for the call any more. */
  cancel(call: Call): void;
  subscribe(key: string, reg: unknown): void;
  unsubscribe(key: string): void;
  publish(publication: Publication): void;
  /** Bytes that wait to be written. */
  readonly queuedBytes: number;
  close(): Promise<void>;
}

/** What a role tells its session. After `lost`, nothing. */
export interface RoleEvents {
  /** May be asked now. Comes again when a failed real client could be started after all. */
  ready(): void;
  /** The real client cannot start, for this reason; it is tried again. */
  failed(error: Error): void;
  /** There is room again for calls that were left unsent. */
  drain(): void;
  /** The leader is gone. Comes to one who leads as well, if it was replaced. */
  lost(error: Error): void;
  deliver(value: Value, epoch: number, share?: number): void;
  /** How many listeners the client has for a key. */
  listenerCount(key: string): number;
  /** An event of the real client: only where it lives. */
  event(name: string | symbol, args: unknown[]): void;
  /** This process would lead next. @returns where it listens for the others; undefined: it cannot lead. */
  standBy(): Promise<Address | undefined>;
  /** Another would, and listens there. */
  standbyAt(address: Address): void;
  /** Something failed that no caller waits for. */
  error(error: unknown): void;
}
