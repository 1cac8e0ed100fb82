import { EventEmitter, once } from 'node:events';
import { Child } from './child.js';
import { now } from './clock.js';
import type { MemberCommand, MemberReport, MemberSettings, MemberStatus, MemberView } from './messages.js';
import { SLOTS } from './schedule.js';

/** ms */
const EXIT_TIMEOUT = 10_000;
const SETTLE_TIMEOUT = 30_000;

export interface Member {
  readonly id: number;
  readonly child: Child<MemberCommand, MemberReport>;
  state: 'running' | 'stopped' | 'closing' | 'killed';
  status: MemberStatus | undefined;
  /** Continues it. */
  wake: NodeJS.Timeout | undefined;
}

/** One stop of a process that is over. */
export interface Stop {
  pid: number;
  /** `now()` just before it was continued. */
  until: number;
}

/** The processes of the group: one in each slot, and those that are just leaving. */
export class Crew {
  readonly stops: Stop[] = [];
  readonly #settings: Omit<MemberSettings, 'id'>;
  readonly #hear: (member: Member, report: MemberReport) => void;
  readonly #violation: (text: string) => void;
  readonly #slots = new Map<number, Member>();
  readonly #all: Member[] = [];
  readonly #news = new EventEmitter();
  #isOver = false;

  constructor(
    settings: Omit<MemberSettings, 'id'>,
    hear: (member: Member, report: MemberReport) => void,
    violation: (text: string) => void,
  ) {
    this.#settings = settings;
    this.#hear = hear;
    this.#violation = violation;
    for (let slot = 0; slot < SLOTS; slot += 1) this.#start(slot);
  }

  at(slot: number): Member | undefined {
    return this.#slots.get(slot);
  }

  get living(): Member[] {
    return [...this.#slots.values()];
  }

  /** As far as is known. */
  get leader(): Member | undefined {
    const leaders = this.living.filter(({ status }) => status?.role === 'leader');
    return leaders.sort((a, b) => (b.status?.epoch ?? 0) - (a.status?.epoch ?? 0))[0];
  }

  /** @param vacancy ms until another one takes its place. */
  kill(member: Member, vacancy: number): void {
    member.state = 'killed';
    void member.child.kill();
    this.#replace(member, vacancy);
  }

  close(member: Member, vacancy: number): void {
    this.#close(member);
    this.#replace(member, vacancy);
  }

  /** @param ms until it is continued, unless that is asked for before. */
  stop(member: Member, ms?: number): void {
    member.state = 'stopped';
    member.child.signal('SIGSTOP');
    if (ms !== undefined) member.wake = setTimeout(() => this.continue(member), ms);
  }

  continue(member: Member): void {
    clearTimeout(member.wake);
    if (member.state !== 'stopped') return;
    member.state = 'running';
    this.stops.push({ pid: member.child.pid, until: now() });
    member.child.signal('SIGCONT');
  }

  /** Resolves when there is one in each slot, and all that are not stopped agree on one of them as leader. */
  async settled(): Promise<Member> {
    const signal = AbortSignal.timeout(SETTLE_TIMEOUT);
    for (;;) {
      const leader = this.#agreedLeader();
      if (leader) return leader;
      await once(this.#news, 'news', { signal }).catch(() => {
        const present = this.living.map(({ id, child, state, status }) => ({
          id,
          pid: child.pid,
          process: state,
          ...status,
        }));
        throw new Error(`no agreement in ${SETTLE_TIMEOUT} ms: ${JSON.stringify(present)}`);
      });
    }
  }

  views(): Promise<{ id: number; view: MemberView }[]> {
    return Promise.all(
      this.living.map(async ({ id, child }) => {
        child.send({ type: 'look' });
        return { id, view: (await child.next('view')).view };
      }),
    );
  }

  /** All leave; resolves when they, and those who were about to, have ended. */
  async closeAll(): Promise<void> {
    for (const member of this.living) this.#close(member);
    await Promise.all(this.#all.map(({ child }) => child.exited));
  }

  /** Whatever is left is killed. */
  async end(): Promise<void> {
    this.#isOver = true;
    for (const member of this.#all) member.state = 'killed';
    await Promise.all(this.#all.map(({ child }) => child.kill()));
  }

  #start(slot: number): void {
    if (this.#isOver) return;
    const id = this.#all.length + 1;
    const child = new Child<MemberCommand, MemberReport>('member', { ...this.#settings, id }, (report) => {
      if (report.type === 'status') {
        member.status = report.status;
        this.#news.emit('news');
      }
      this.#hear(member, report);
    });
    const member: Member = { id, child, state: 'running', status: undefined, wake: undefined };
    this.#slots.set(slot, member);
    this.#all.push(member);
    void child.exited.then(({ code, signal }) => {
      if (member.state === 'killed' || (member.state === 'closing' && code === 0)) return;
      this.#violation(`member ${id}, ${member.state}, ended with code ${code}, signal ${signal}`);
    });
  }

  #replace(member: Member, vacancy: number): void {
    for (const [slot, one] of this.#slots) {
      if (one !== member) continue;
      this.#slots.delete(slot);
      setTimeout(() => this.#start(slot), vacancy);
    }
  }

  #close(member: Member): void {
    member.state = 'closing';
    member.child.send({ type: 'close' });
    const patience = setTimeout(() => {
      const { id, child, status } = member;
      const stage = child.process.connected ? 'closing' : 'closed';
      this.#violation(
        `member ${id} did not end in ${EXIT_TIMEOUT} ms: it is ${stage}; ${JSON.stringify(status)}`,
      );
      member.state = 'killed';
      void member.child.kill();
    }, EXIT_TIMEOUT);
    void member.child.exited.then(() => clearTimeout(patience));
  }

  #agreedLeader(): Member | undefined {
    const { leader, living } = this;
    const running = living.filter(({ state }) => state === 'running');
    const isAgreed = running.every(
      ({ status }) =>
        status?.ready && status.leaderPid === leader?.child.pid && status.epoch === leader?.status?.epoch,
    );
    return leader?.state === 'running' && living.length === SLOTS && isAgreed ? leader : undefined;
  }
}
