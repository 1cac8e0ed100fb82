import type { Election } from '../election.js';
import { elect } from './port.js';

/**
 * For processes whose role is decided outside: the leader leads, or fails where another does; a follower waits
 * for as long as it takes. What `isLeader` gives.
 */
export function fixed(role: 'leader' | 'follower'): Election {
  const may = { lead: role === 'leader', follow: role === 'follower' };
  return { name: `fixed ${role}`, elect: (candidate) => elect(candidate, may) };
}
