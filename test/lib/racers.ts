import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export type Race =
  /** Each round is the first claim of another channel. */
  { type: 'claim'; folder: string; rounds: number } | { type: 'runtime'; folder: string; groups: string[] };

export interface RaceResult {
  pid: number;
  /** Rounds in which this process got the claim. */
  won?: number[];
  opened?: { secret: string; id: string }[];
}

/** So many processes that start the race at the same moment. */
export async function raceOf(count: number, race: Race): Promise<RaceResult[]> {
  const program = fileURLToPath(new URL('./racer.js', import.meta.url));
  const children = Array.from({ length: count }, () => fork(program, [JSON.stringify(race)]));
  try {
    await Promise.all(children.map((child) => once(child, 'message')));
    const results = children.map((child) => once(child, 'message'));
    for (const child of children) child.send('go');
    return (await Promise.all(results)).map(([result]) => result as RaceResult);
  } finally {
    for (const child of children) child.kill('SIGKILL');
  }
}
