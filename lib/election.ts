import type { ElectionRecord, Leadership } from './record.js';
import type { Address } from './transport.js';

/** What came of asking at an address for a channel. */
export type Answer =
  /** It is led there. `contact` is the link, to be followed. */
  | { type: 'led'; contact: Contact }
  /** A hub of our group that knows of no leader. `contact` is parked there and hears of one. */
  | { type: 'vacant'; contact: Contact }
  /** It is led elsewhere. */
  | { type: 'moved'; address: Address; epoch: number }
  /** Its leader there is closing. `contact` is closed when it has. */
  | { type: 'leaving'; contact: Contact }
  /** Nobody listens, or whoever did has gone: `left` where it said so. */
  | { type: 'gone'; left?: boolean }
  /** One of our group listens, and gave no sign of life for three beats: it hangs, or its process is stopped. */
  | { type: 'mute' }
  /** Somebody who is not of our group; if the error is not `certain`, it may be one whose link broke. */
  | { type: 'foreign'; error: Error }
  /** A hub of our group that will not have us. */
  | { type: 'refused'; error: Error };

/** A link to a hub, in which this process has asked for a channel. Whoever holds it closes it or follows it. */
export interface Contact {
  /**
   * While it is vacant, or its leader leaving: resolves with what comes next, or with `undefined` when `ms` have passed or `signal` is
   * aborted. `gone` where the link broke, or the other end fell silent.
   */
  news(ms: number, signal: AbortSignal): Promise<Answer | undefined>;
  /** Tells the hub, and so everybody parked there, that this process leads now. */
  announce(leadership: Leadership): void;
  close(): void;
}

/** What an election may do and know. Made by the session, one for each election. */
export interface Candidate {
  readonly channel: string;
  /** Aborted when the client is closed. */
  readonly signal: AbortSignal;
  readonly record: ElectionRecord;
  /** The cluster ports, in the order in which they are tried; more than one only where they are derived. */
  readonly clusterAddresses: readonly Address[];
  /** Highest epoch that this process has seen of this channel. */
  readonly epoch: number;
  /** Whether a leader that is mute may be replaced. */
  readonly takeover: boolean;
  /** The link to the process that was to lead after the leader that was lost. The election's to close. */
  readonly standby?: Contact | undefined;
  /** Whether another client of this process leads the channel, or is about to. */
  ledHere(): boolean;
  /** @param signal ends it early; the answer is then `gone`. */
  ask(address: Address, signal?: AbortSignal): Promise<Answer>;
  /** This process listens at the address from now on, or did so already. False: the address is taken. */
  listen(address: Address): Promise<boolean>;
  /** The same at any free address. */
  listenAnywhere(): Promise<Address>;
}

export type Elected =
  | {
      role: 'leader';
      leadership: Leadership;
      /** `performance.now()` just before the claim. Default: long ago. */
      claimedAt?: number;
      /** Where another process holds the cluster port: the link to it, if there is one. Undefined: it is held here. */
      hub?: Contact | 'unknown';
      /** The one before is closing its real client; ours is not built before that. */
      succession?: Promise<void>;
    }
  | { role: 'follower'; contact: Contact };

/**
 * Who leads? One file each under elections/.
 */
export interface Election {
  readonly name: string;
  /** Whether a follower may be the next to lead, and so prepare for that. Default: no. */
  readonly standsBy?: boolean;
  /**
   * Runs until this process leads the channel or has found who does. Asked again whenever the leader is lost.
   * @throws what `ready()` is to reject with; the election is then tried again after a while.
   */
  elect(candidate: Candidate): Promise<Elected>;
}
