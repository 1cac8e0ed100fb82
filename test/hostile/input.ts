import type { Target } from './target.js';

/** Seen from the handshake. */
export type Phase = 'before' | 'during' | 'after';

/** One thing that a leader should never be sent, or asked. */
export interface Input {
  name: string;
  phase: Phase;
  /**
   * What the peer is told in the end, one of these: a code; `answered`, `ignored` or another word for that the link
   * rightly goes on; `closed`: nothing, as it has left itself.
   */
  expect: string | readonly string[];
  /** @returns what the peer is told. */
  run(target: Target): Promise<string>;
}

export const PROTOCOL = 'ERR_CLUSTER_PROTOCOL';
export const TOO_LARGE = 'ERR_CLUSTER_FRAME_TOO_LARGE';
export const MESSAGE_TOO_LARGE = 'ERR_CLUSTER_MESSAGE_TOO_LARGE';
export const TIMEOUT = 'ERR_CLUSTER_CONNECT_TIMEOUT';
export const AUTH = 'ERR_CLUSTER_AUTH';
export const DECODE = 'ERR_CLUSTER_DECODE';
export const LIMIT = 'ERR_CLUSTER_LIMIT';
export const NOT_DELEGATED = 'ERR_CLUSTER_METHOD_NOT_DELEGATED';
