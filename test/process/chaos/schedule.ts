import { random } from './random.js';

/** Members of the group; each event is about one of these places. */
export const SLOTS = 8;
export const MAX_STOPPED = 3;

/** Between two events. ms */
const PAUSE = { from: 150, to: 700 };
/** From stop to continuation. ms */
const STOP = { from: 50, to: 3_000 };
/** From the end of a member to the start of the one in its place. ms */
const VACANCY = { from: 0, to: 500 };
const LEADER_SHARE = 1 / 3;

/**
 * kill: the process is ended at once. stop: it is halted for a while. close: it leaves. cut: one of its links is.
 * turn: it publishes what all members publish in turn. After kill and close a fresh member takes the place.
 */
export type Kind = 'kill' | 'stop' | 'close' | 'cut' | 'turn';

const WEIGHTS: readonly (readonly [Kind, number])[] = [
  ['kill', 3],
  ['stop', 6],
  ['close', 3],
  ['cut', 5],
  ['turn', 6],
];
export const KINDS: readonly Kind[] = WEIGHTS.map(([kind]) => kind);

export interface ChaosEvent {
  /** ms from the beginning. */
  readonly at: number;
  readonly kind: Kind;
  readonly slot: number;
  /** Whoever leads at that moment, rather than the one in the slot. */
  readonly leader: boolean;
  /** ms; stop: until it is continued; kill and close: until a fresh member is started. */
  readonly after: number;
  /** Which of the links is cut: from 0 to 1. */
  readonly pick: number;
}

/** What is done to the members of a group in so many seconds: the same for the same seed. */
export function schedule(seed: number, seconds: number): ChaosEvent[] {
  const draw = random(seed);
  const between = ({ from, to }: { from: number; to: number }) => Math.round(from + draw() * (to - from));
  const events: ChaosEvent[] = [];
  let ends: number[] = [];
  for (let at = between(PAUSE); at < seconds * 1_000; at += between(PAUSE)) {
    ends = ends.filter((end) => end >= at);
    const kind = pickKind(draw(), ends.length < MAX_STOPPED);
    const slot = Math.floor(draw() * SLOTS);
    const leader = draw() < LEADER_SHARE;
    const after = between(kind === 'stop' ? STOP : VACANCY);
    events.push({ at, kind, slot, leader, after, pick: draw() });
    if (kind === 'stop') ends.push(at + after);
  }
  return events;
}

function pickKind(share: number, mayStop: boolean): Kind {
  const weights = WEIGHTS.filter(([kind]) => mayStop || kind !== 'stop');
  let left = share * weights.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of weights) {
    if (left < weight) return kind;
    left -= weight;
  }
  return 'turn';
}
