import { setTimeout as sleep } from 'node:timers/promises';
import {
  checkEffort,
  checkEpochs,
  checkFencing,
  checkRepeated,
  checkSlots,
  checkValues,
  type Turn,
} from './checks.js';
import { Child } from './child.js';
import { now } from './clock.js';
import { Crew, type Member } from './crew.js';
import type { Ledger, MemberReport, MemberSettings, UpstreamCommand, UpstreamReport } from './messages.js';
import { type ChaosEvent, schedule } from './schedule.js';
import { Tally } from './tally.js';

/** How long what has been published, or pushed, may be on its way. ms */
const ARRIVAL_TIMEOUT = 10_000;
const POLL = 50;

type Group = Pick<MemberSettings, 'group' | 'runtimeDir'>;

/** What should not have happened, and what the run consisted of. */
export interface Outcome {
  violations: string[];
  summary: string;
}

/** One run: an upstream, a crew, what is done to it, and what came of it. */
export class Conductor {
  readonly #upstream = new Child<UpstreamCommand, UpstreamReport>('upstream', {}, () => {});
  readonly #violations: string[] = [];
  readonly #tally = new Tally();
  readonly #turns: Turn[] = [];
  #crew: Crew | undefined;

  /** All that can happen, at random, for so many seconds. */
  chaos(seed: number, seconds: number, group: Group): Promise<Outcome> {
    return this.#run(group, async (crew) => {
      await this.#disturb(crew, schedule(seed, seconds));
      for (const member of crew.living) crew.continue(member);
      await this.#stopLeader(crew);
      await this.#killLeader(crew);
    });
  }

  /** Every process is closed and replaced, one after the other. */
  reload(group: Group): Promise<Outcome> {
    return this.#run(group, async (crew) => {
      // Whoever leads goes first: the next leader may have to go, too.
      for (const old = new Set(crew.living); old.size > 0; ) {
        const leader = await crew.settled();
        const [next = leader] = old;
        const member = old.has(leader) ? leader : next;
        old.delete(member);
        crew.close(member, 0);
        await member.child.exited;
      }
      await this.#expectPublications(crew);
    });
  }

  async #run(group: Group, play: (crew: Crew) => Promise<void>): Promise<Outcome> {
    await this.#play(group, play).catch((error: Error) => this.#violations.push(error.message));
    const ledger = await this.#ledger('ledger');
    const stops = this.#crew?.stops ?? [];
    const lasting = [checkFencing(ledger, stops), checkEpochs(ledger), checkRepeated(ledger)].flat();
    this.#violations.push(...lasting, ...checkEffort(ledger, this.#tally));
    return { violations: this.#violations, summary: this.#tally.summary(ledger) };
  }

  async #play(group: Group, play: (crew: Crew) => Promise<void>): Promise<void> {
    const { port } = await this.#upstream.next('listening');
    const violation = (text: string) => this.#violations.push(text);
    const crew = new Crew({ ...group, port }, (member, report) => this.#hear(member, report), violation);
    this.#crew = crew;
    await crew.settled();
    await play(crew);
    const frozen = await this.#ledger('freeze');
    await this.#expect(async () => checkValues(frozen, await crew.views()));
    await crew.closeAll();
  }

  /** Whatever the seed: one that hangs is replaced. */
  async #stopLeader(crew: Crew): Promise<void> {
    const leader = await crew.settled();
    crew.stop(leader);
    await crew.settled();
    crew.continue(leader);
  }

  /** And one that dies, after which all that was published has to be there again. */
  async #killLeader(crew: Crew): Promise<void> {
    await crew.settled();
    await this.#expectPublications(crew);
    crew.kill(await crew.settled(), 0);
    await crew.settled();
    await this.#expectPublications(crew);
  }

  async #expectPublications(crew: Crew): Promise<void> {
    for (const { child } of crew.living) child.send({ type: 'rest' });
    await this.#expect(async () => checkSlots(await this.#ledger('ledger'), await crew.views(), this.#turns));
  }

  /** Leaves no process behind. */
  async end(): Promise<void> {
    await this.#crew?.end();
    await this.#upstream.kill();
  }

  async #disturb(crew: Crew, events: readonly ChaosEvent[]): Promise<void> {
    const begin = now();
    for (const event of events) {
      await sleep(begin + event.at - now());
      const member = (event.leader && crew.leader) || crew.at(event.slot);
      const isDone = member !== undefined && this.#apply(crew, event, member);
      this.#tally.event(event, isDone);
    }
  }

  /** False: the member is in no state for it. */
  #apply(crew: Crew, { kind, after, pick }: ChaosEvent, member: Member): boolean {
    if (kind === 'kill') {
      crew.kill(member, after);
      return true;
    }
    if (member.state !== 'running') return false;
    switch (kind) {
      case 'stop':
        crew.stop(member, after);
        return true;
      case 'close':
        crew.close(member, after);
        return true;
      case 'cut':
        member.child.send({ type: 'cut', pick });
        return true;
      case 'turn':
        return this.#giveTurn(crew, member);
    }
  }

  /** One after the other: not before the last one is acknowledged, or its member gone. */
  #giveTurn(crew: Crew, { id, child }: Member): boolean {
    const last = this.#turns.at(-1);
    if (last && !last.isAcknowledged && crew.living.some((member) => member.id === last.member)) return false;
    const n = (last?.n ?? 0) + 1;
    this.#turns.push({ n, member: id, isAcknowledged: false });
    child.send({ type: 'turn', n });
    return true;
  }

  #hear({ id, child }: Member, report: MemberReport): void {
    switch (report.type) {
      case 'progress':
        this.#tally.progress(report.progress);
        break;
      case 'violation':
        this.#violations.push(`member ${id}, process ${child.pid}: ${report.text}`);
        break;
      case 'acknowledged':
        for (const turn of this.#turns) if (turn.n === report.n) turn.isAcknowledged = true;
        break;
    }
  }

  /** What is still wrong after a while is a violation. */
  async #expect(check: () => Promise<string[]>): Promise<void> {
    const end = now() + ARRIVAL_TIMEOUT;
    let wrong = await check();
    while (wrong.length > 0 && now() < end) {
      await sleep(POLL);
      wrong = await check();
    }
    this.#violations.push(...wrong);
  }

  async #ledger(type: UpstreamCommand['type']): Promise<Ledger> {
    this.#upstream.send({ type });
    return (await this.#upstream.next('ledger')).ledger;
  }
}
