import type { Input } from './input.js';
import type { LeaderReport } from './messages.js';
import { type Stage, withinPatience } from './stage.js';

/** How one input went. */
export interface Row {
  input: Input;
  /** What the peer was told. */
  told: string;
  /** Undefined: the leader has died, or hangs. */
  before: LeaderReport;
  after: LeaderReport | undefined;
  /** Of the healthy follower's calls meanwhile: the slowest, ms, and how many ms after the beginning it was made. */
  slowest: number;
  slowestAt: number;
  failures: string[];
  /** What ran, and should not have. */
  executed: string[];
}

export interface Bounds {
  /** ms in which each call of the healthy follower is answered. */
  slowest: number;
  /** MB that the heap may have at most, after its garbage is collected. */
  heap: number;
}

/**
 * MB that the heap may grow by, over all inputs: compiled code, the codec's buffers and the pools of Node take 2. One
 * link of 100,000 keys that is not forgotten takes 40, and so do 10,000 calls.
 */
export const GROWTH = 8;
/** A peer that has not been told anything by then is not told at all. ms */
const HEARING = 20_000;

/** What of a leader goes with its links. */
const links = ({ followers, sockets, subscriptions }: LeaderReport) =>
  [followers, sockets, subscriptions].join();

/** One input, on a stage where all is calm. */
export async function tryOut(stage: Stage, input: Input, bounds: Bounds): Promise<Row> {
  const before = await stage.look(true);
  await stage.window();
  const told = await withinPatience(input.run(stage.target), 'nothing', HEARING).catch(
    (error: Error) => error.message,
  );
  stage.target.leave();
  try {
    await stage.lookFor(false, (report) => links(report) === links(before));
    const { slowest, slowestAt, failures } = await stage.window();
    const after = await stage.lookFor(
      true,
      (report) => report.heap <= bounds.heap && links(report) === links(before),
    );
    const executed = after.executed.slice(before.executed.length);
    return { input, told, before, after, slowest, slowestAt, failures, executed };
  } catch (error) {
    const failures = [(error as Error).message];
    return { input, told, before, after: undefined, slowest: Infinity, slowestAt: 0, failures, executed: [] };
  }
}

/** Why a row is not as it should be; nothing: it is. */
export function judge(row: Row, { slowest, heap }: Bounds): string[] {
  const { input, told, before, after, failures, executed } = row;
  const reasons: string[] = [];
  const expected = [input.expect].flat();
  if (!expected.includes(told))
    reasons.push(`the peer was told ${told} in place of ${expected.join(' or ')}`);
  if (!after) return [...reasons, `the leader is lost: ${failures.join(', ')}`];
  if (!isAlive(row)) reasons.push(`pid ${after.pid} leads: ${after.isLeading}, epoch ${after.epoch}`);
  if (links(after) !== links(before))
    reasons.push(`followers, sockets, subscriptions are ${links(after)}, were ${links(before)}`);
  if (after.heap > heap)
    reasons.push(`the heap has ${after.heap.toFixed(1)} MB, ${heap.toFixed(1)} are allowed`);
  if (executed.length > 0) reasons.push(`executed: ${[...new Set(executed)].join(', ')}`);
  if (failures.length > 0)
    reasons.push(
      `${failures.length} calls of the healthy follower failed: ${[...new Set(failures)].join(', ')}`,
    );
  if (row.slowest > slowest) reasons.push(tooSlow(row));
  return reasons;
}

/** Whether a row fails only because a call was slow, as it may be once on a machine that does other things. */
export function isOnlySlow(row: Row, bounds: Bounds): boolean {
  const reasons = judge(row, bounds);
  return reasons.length === 1 && reasons[0] === tooSlow(row);
}

/** Same process, same epoch, still leading. */
export function isAlive({ before, after }: Row): boolean {
  return after?.isLeading === true && after.pid === before.pid && after.epoch === before.epoch;
}

function tooSlow({ slowest, slowestAt }: Row): string {
  return `a call of the healthy follower took ${slowest.toFixed(0)} ms, ${slowestAt.toFixed(0)} ms after the beginning`;
}
