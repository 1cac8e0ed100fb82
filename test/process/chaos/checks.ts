// What must hold at the end. Each check returns a sentence for every way in which it does not.
import type { Stop } from './crew.js';
import { type Ledger, type MemberView, ownSlot, SHARED } from './messages.js';

/** Of a process that was stopped after it had passed the gate: so soon after the stop its act has begun. ms */
const SAME_INSTANT = 20;

export interface Turn {
  n: number;
  /** Its id. */
  member: number;
  isAcknowledged: boolean;
}

export interface LivingMember {
  id: number;
  view: MemberView;
}

/** Nobody begins an act once a newer epoch has acted, but for the one that a stop has caught behind the gate. */
export function checkFencing(
  { refused, epochs }: Pick<Ledger, 'refused' | 'epochs'>,
  stops: readonly Stop[],
) {
  const excuses = new Set(stops);
  return refused.flatMap((act) => {
    const { pid, epoch, kind, began, at } = act;
    const next = epochs.find((newer) => newer.epoch > epoch);
    if (!next || began < next.since) return [];
    const excuse = [...excuses].find(
      (stop) => stop.pid === pid && began >= stop.until && began <= stop.until + SAME_INSTANT,
    );
    if (excuse) {
      excuses.delete(excuse);
      return [];
    }
    const late = Math.round(began - next.since);
    const { until } = stops.findLast((stop) => stop.pid === pid && stop.until <= began) ?? {};
    const stopped =
      until === undefined ? 'never stopped' : `${Math.round(began - until)} ms after its last stop`;
    return [
      `process ${pid} began to ${kind} under epoch ${epoch} ${late} ms after epoch ${next.epoch} had acted` +
        ` (${stopped}; on its way for ${Math.round(at - began)} ms)`,
    ];
  });
}

export function checkEpochs({ epochs }: Pick<Ledger, 'epochs'>) {
  return epochs.flatMap(({ epoch, pids }, index) => [
    ...(pids.length > 1 ? [`several processes acted under epoch ${epoch}: ${pids.join(', ')}`] : []),
    ...(epoch <= (epochs[index - 1]?.epoch ?? 0) ? [`epoch ${epoch} came after a newer one`] : []),
  ]);
}

export function checkRepeated({ repeated }: Pick<Ledger, 'repeated'>) {
  return repeated.map((call) => `call ${call} was done twice`);
}

/** What living members have published last is what holds. */
export function checkSlots(
  { slots }: Pick<Ledger, 'slots'>,
  members: readonly LivingMember[],
  turns: readonly Turn[],
): string[] {
  const wrong: string[] = [];
  for (const { id, view } of members) {
    const { published, pendingPublications } = view;
    if (pendingPublications > 0) wrong.push(`member ${id} waits for ${pendingPublications} acknowledgements`);
    const n = slots[ownSlot(id)]?.n ?? 0;
    if (n !== published) wrong.push(`slot ${ownSlot(id)} is at ${n}, and ${published} was published last`);
  }
  const theirs = turns.filter(({ member }) => members.some(({ id }) => id === member));
  for (const { n, member, isAcknowledged } of theirs) {
    if (!isAcknowledged) wrong.push(`turn ${n} of member ${member} is not acknowledged`);
  }
  const last = theirs.findLast(({ isAcknowledged }) => isAcknowledged);
  const shared = slots[SHARED];
  if (last && shared?.n !== last.n) {
    const holder = shared ? `${shared.n} of member ${shared.by}` : 'nothing';
    wrong.push(`the shared slot holds ${holder}; the last turn was ${last.n} of member ${last.member}`);
  }
  return wrong;
}

/** Every listener has heard the newest value last. */
export function checkValues({ values }: Pick<Ledger, 'values'>, members: readonly LivingMember[]): string[] {
  return members.flatMap(({ id, view }) =>
    Object.entries(values)
      .filter(([key, n]) => view.values[key] !== n)
      .map(([key, n]) => `member ${id} heard ${view.values[key]} of key ${key}, whose newest value is ${n}`),
  );
}

/** A run in which nothing happens proves nothing. The leader is killed once in every run. */
export function checkEffort(
  { epochs, accepted, publications }: Pick<Ledger, 'epochs' | 'accepted' | 'publications'>,
  { answers, values }: { answers: number; values: number },
): string[] {
  const counts = { 'leader changes': epochs.length - 1, acts: accepted, publications, answers, values };
  return Object.entries(counts)
    .filter(([, count]) => count < 1)
    .map(([name]) => `there were no ${name}`);
}
