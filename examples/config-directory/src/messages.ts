// What the agent and the workers tell the master over IPC.
import type { Config } from './config-file.js';

export type Role = 'leader' | 'follower';

/** Neither role nor epoch while a process looks for a leader. */
export interface RoleNews {
  type: 'role';
  role: Role | undefined;
  epoch: number | undefined;
}

export interface ConfigNews {
  type: 'config';
  config: Config;
}

export interface ReadyNews {
  type: 'ready';
  /** The port that a worker serves HTTP on; all workers share one. */
  port?: number;
}

export type News = RoleNews | ConfigNews | ReadyNews;

export type Report = News & {
  /** Date.now() when it happened. */
  at: number;
  /** Real clients alive in the reporting process. */
  upstreamClients: number;
};
