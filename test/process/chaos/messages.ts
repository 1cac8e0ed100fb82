// What the processes of the chaos test say to each other: conductor, members and upstream.
import type { SessionState } from 'cluster-client';

export const KEYS: readonly string[] = ['k0', 'k1', 'k2', 'k3'];
/** The slot that all members publish to, one at a time. */
export const SHARED = 'shared';
export const ownSlot = (member: number) => `own-${member}`;

/** The newest n of a slot counts; `by` is a member's id. */
export interface Publication {
  slot: string;
  n: number;
  by: number;
}

/** Who acts upstream, under which epoch, and when the real client began to. */
export interface Stamp {
  epoch: number;
  pid: number;
  /** `now()` */
  began: number;
}

export type Act =
  | { kind: 'subscribe' | 'unsubscribe'; key: string }
  | { kind: 'publish'; publication: Publication }
  /** @param once whether it must not be done twice. */
  | { kind: 'call'; call: string; once: boolean };

/** Lines from a real client to the upstream and back. */
export type Request = { id: number; stamp: Stamp } & Act;
export type Reply = { id: number; refused: boolean } | { key: string; n: number };

export interface RefusedAct extends Stamp {
  kind: Act['kind'];
  /** The highest epoch that had acted. */
  newest: number;
  /** `now()` of its arrival. */
  at: number;
}

export interface EpochRecord {
  epoch: number;
  /** Whose acts were accepted under it. */
  pids: number[];
  /** `now()` of the arrival of its first act. */
  since: number;
}

/** What the upstream has seen. */
export interface Ledger {
  accepted: number;
  /** The accepted acts that were publications. */
  publications: number;
  refused: RefusedAct[];
  epochs: EpochRecord[];
  /** Calls that must not be done twice, and were. */
  repeated: string[];
  slots: Record<string, Publication>;
  /** The newest value of each key. */
  values: Record<string, number>;
}

export type UpstreamCommand =
  | { type: 'ledger' }
  /** No more ticks. */
  | { type: 'freeze' };
export type UpstreamReport = { type: 'listening'; port: number } | { type: 'ledger'; ledger: Ledger };

export interface MemberSettings {
  /** No two members have the same, whatever their slots. */
  id: number;
  group: string;
  runtimeDir: string;
  /** Of the upstream. */
  port: number;
}

export type MemberCommand =
  | { type: 'cut'; pick: number }
  | { type: 'turn'; n: number }
  /** No more publications. */
  | { type: 'rest' }
  | { type: 'look' }
  | { type: 'close' };

export interface MemberStatus {
  state: SessionState;
  role: 'leader' | 'follower' | undefined;
  ready: boolean;
  epoch: number;
  leaderPid: number | undefined;
}

/** What a member has come to. */
export interface MemberView {
  /** The newest value of each key. */
  values: Record<string, number>;
  /** Of its own slot: the last one that it published. */
  published: number;
  pendingPublications: number;
}

export interface Progress {
  /** Since the last report: calls by outcome, and values. */
  calls: Record<string, number>;
  values: number;
  /** MB */
  memory: number;
}

export type MemberReport =
  | { type: 'status'; status: MemberStatus }
  | { type: 'progress'; progress: Progress }
  | { type: 'acknowledged'; n: number }
  | { type: 'view'; view: MemberView }
  | { type: 'violation'; text: string };
