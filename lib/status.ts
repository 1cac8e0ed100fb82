/**
 * electing → leading | following → lost → electing … → closed. `leading` and `following` begin when the role is
 * known; whether it can be used is told by `ready`.
 */
export type SessionState = 'electing' | 'leading' | 'following' | 'lost' | 'closed';

/** A snapshot of one client. */
export interface ClusterStatus {
  /** The channel. */
  name: string;
  group: string;
  state: SessionState;
  role: 'leader' | 'follower' | undefined;
  /** Whether calls are served now. */
  ready: boolean;
  /** Why not, where the reason is known. */
  error: Error | undefined;
  /** Of the present or, while there is none, the last leader. */
  epoch: number | undefined;
  leaderPid: number | undefined;
  /** What if the leader is lost? This process leads next (`self`), or has a link to the one that does (`linked`). */
  standby: 'self' | 'linked' | undefined;
  /** There is no leader: what subscriptions last brought may be out of date. */
  stale: boolean;
  /** Keys subscribed to by this client. */
  subscriptions: number;
  /** Values that were skipped, over all keys and leaders, because this process was slow to read. */
  missedValues: number;
  publications: number;
  /** Publications that the present leader has not acknowledged. */
  pendingPublications: number;
  /** Calls that are not settled. */
  pendingCalls: number;
  /** Those of them that wait for a leader, or for room on the link to it. */
  backlog: number;
  /** Bytes that wait for the link to the leader; at the leader, for its followers. */
  queuedBytes: number;
  /** Followers of this leader; 0 for a follower. */
  followers: number;
  /** Calls of followers that this leader did not begin, as it read them after their time was over. */
  expiredCalls: number;
  /** What was turned away. The first three count for all clients of this process that share a group. */
  refused: {
    /** Links that did not prove to have the group's secret. */
    strangers: number;
    /** Of these, those that were closed early to make room (`maxHandshakes`). */
    crowdedOut: number;
    /** Links of the group beyond `maxLinks`. */
    links: number;
    /** At this leader: calls of followers beyond `maxCallsPerLink`. */
    calls: number;
    /** At this leader: keys of followers beyond `maxKeysPerLink`. */
    keys: number;
    /** At this leader: links that were closed because a follower broke the protocol, or a limit of bytes. */
    violations: number;
  };
}
