import type { Payload } from './codec.js';
import type { Frame } from './frame.js';

/** Where a hub listens. With the tcp transport always the loopback address. */
export interface Address {
  host: string;
  port: number;
}

/** hub → follower: it leads the channel and is ready; the follower may subscribe, publish and invoke. */
export interface Welcome {
  type: 'welcome';
  epoch: number;
  /** Pid of the leader. */
  pid: number;
  codec: string;
  /** Names that can be invoked. */
  methods: string[];
}

/**
 * hub → follower: wait on this link. `starting`: led here, not ready yet. `vacant`: nobody leads it that we know.
 * `leaving`: its leader here is closing; the link is closed when it has.
 */
export interface Parked {
  type: 'parked';
  state: 'starting' | 'vacant' | 'leaving';
}

/** hub → follower: the channel is led there. */
export interface Moved {
  type: 'moved';
  epoch: number;
  address: Address;
}

/** hub → follower: not you, or not here; the link is closed next. */
export interface Refused {
  type: 'refused';
  code: string;
  reason: string;
}

/** The four answers that end a handshake. `welcome` and `moved` also end the wait of one who was parked. */
export type Outcome = Welcome | Parked | Moved | Refused;

/** hub → follower, frame 2 of the handshake. */
export interface Challenge {
  type: 'challenge';
  id: number;
  /** Highest protocol version that both speak. */
  version: number;
  nonce: Buffer;
  /** One for each secret that the hub has, 1 to 4. */
  macs: Buffer[];
}

/** follower → hub, frame 3 of the handshake. */
export interface Authenticate {
  type: 'authenticate';
  id: number;
  mac: Buffer;
  pid: number;
  /** Highest epoch of the channel that the follower knows of; 0 for none. */
  epoch: number;
  /** The follower's clock, as in `invoke`. */
  sentAt: number;
  /** It may lead the channel if nobody does. */
  mayLead: boolean;
  /** It will not share a real client that has other settings. */
  isStrict: boolean;
  /** Random id of the follower's runtime folder; empty if it has none. */
  runtime: string;
  /** Its name; of one that its user did not name the class and, after an @, a digest of the settings. */
  channel: string;
  /** The same without the digest. */
  name: string;
  /** A digest of each setting of the follower's client, a space, and the setting's name. */
  settings: readonly string[];
  /** Names of the codecs that it could use, the preferred one first. */
  codecs: readonly string[];
}

/**
 * Revisions grow by one with every value of a channel, over all its keys. With `fault` the subscription was refused,
 * and the revision means nothing.
 */
export interface Value {
  type: 'value';
  key: string;
  revision: number;
  missed: number;
  fault: boolean;
  /** May be kept for long. */
  value: Payload;
  /** Where this is there, if only as `undefined`, version 2 keeps its frame: the same value goes to many links. */
  frame?: Frame | undefined;
}

/** An authenticated link's messages. */
export type Message =
  | Outcome
  | { type: 'heartbeat'; id: number; reply: boolean }
  /**
   * `timeout` in ms from `sentAt`, 0 for none. `sentAt` is the sender's own clock, in ms modulo 2^32: what it
   * differs by from one message to the next, beyond the receiver's clock, is time spent on the way.
   */
  | {
      type: 'invoke';
      id: number;
      timeout: number;
      sentAt: number;
      method: string;
      oneway: boolean;
      args: Payload;
    }
  | { type: 'result'; id: number; fault: boolean; value: Payload }
  | { type: 'cancel'; id: number }
  | { type: 'subscribe'; key: string; reg: Payload }
  | { type: 'unsubscribe'; key: string }
  | Value
  /** `epoch` and `sequence` of an earlier acknowledgement where this is a replay; else 0. */
  | {
      type: 'publish';
      id: number;
      epoch: number;
      sequence: number;
      key: string;
      reg: Payload;
      /** Name of the method that publishes: 3.x has no other word for it. Does not travel in version 2. */
      method?: string | undefined;
    }
  | { type: 'published'; id: number; epoch: number; sequence: number; fault: boolean; value: Payload }
  /** follower → hub: the sender has become the channel's leader and listens there. */
  | { type: 'leading'; epoch: number; address: Address }
  /** leader → follower: the real client could not start, for this reason; it is tried again. */
  | { type: 'unavailable'; value: Payload }
  /**
   * leader → follower, without an address: be the next to lead, if I am lost; listen for the others. follower →
   * leader: I do so there; without an address: I cannot. leader → the other followers: have a link to that one.
   */
  | { type: 'standby'; address: Address | undefined }
  /** Either way: the sender closes the link, for this reason. */
  | { type: 'goodbye'; code: string; reason: string };
