/** What the processes of a run are started with: clients of one channel in a group of its own. */
export interface Settings {
  options: { group: string; runtimeDir: string; name: string };
}

/** To the leader. `isCollected`: its garbage is collected first. */
export interface LeaderCommand {
  type: 'report';
  isCollected: boolean;
}

export interface LeaderReport {
  type: 'report';
  pid: number;
  /** Whether it leads and serves calls. */
  isLeading: boolean;
  epoch: number | undefined;
  followers: number;
  /** Sockets of this process, in whatever state. */
  sockets: number;
  /** Bytes that wait for its followers. */
  queuedBytes: number;
  /** Subscriptions at the real client. */
  subscriptions: number;
  /** What ran in this process that nobody may ask for over a link, since it was started. */
  executed: string[];
  /** MB. Of the heap and what its objects hold outside of it. */
  heap: number;
  rss: number;
}

/** To the healthy follower: ends a window and begins the next. */
export interface FollowerCommand {
  type: 'window';
}

export interface FollowerReport {
  type: 'window';
  calls: number;
  /** ms of the slowest call, and when in the window it was made. */
  slowest: number;
  slowestAt: number;
  /** What calls failed with. */
  failures: string[];
}

/** Either has a client that can be used. */
export interface Ready {
  type: 'ready';
}
