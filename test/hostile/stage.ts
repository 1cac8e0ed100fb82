import { readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { fileRecord } from '../../lib/record.js';
import { openRuntime } from '../../lib/runtime.js';
import { Child } from '../process/chaos/child.js';
import type { Credentials } from './handshake.js';
import { argumentsOf } from './insider.js';
import type {
  FollowerCommand,
  FollowerReport,
  LeaderCommand,
  LeaderReport,
  Ready,
  Settings,
} from './messages.js';
import { Target } from './target.js';

const CHANNEL = 'witness';
/** ms between two looks whether the leader has let go of everything. */
const POLL = 10;
/** Followers that come and go before memory is first looked at. */
const WARMING = 50;
/** A leader that has not answered its parent by then hangs, and a follower whose calls are not answered. ms */
const PATIENCE = 10_000;

/** A leader to be attacked and a follower that means well, each a process of its own. */
export class Stage {
  readonly leader: Child<LeaderCommand, LeaderReport | Ready>;
  readonly follower: Child<FollowerCommand, FollowerReport | Ready>;
  readonly target: Target;

  private constructor(
    leader: Child<LeaderCommand, LeaderReport | Ready>,
    follower: Child<FollowerCommand, FollowerReport | Ready>,
    credentials: Credentials & { folder: string },
  ) {
    this.leader = leader;
    this.follower = follower;
    const { folder, channel } = credentials;
    const record = fileRecord({ folder, channel, restore: () => {}, warn: () => {} }).read();
    if (!record?.address) throw new Error('nobody leads');
    this.target = new Target(record.address, credentials, () => this.look(false));
  }

  static async open(group: { group: string; runtimeDir: string }): Promise<Stage> {
    const settings: Settings = { options: { ...group, name: CHANNEL } };
    const leader = new Child<LeaderCommand, LeaderReport | Ready>(
      '../../hostile/leader',
      settings,
      () => {},
      ['--expose-gc'],
    );
    await leader.next('ready');
    const follower = new Child<FollowerCommand, FollowerReport | Ready>(
      '../../hostile/follower',
      settings,
      () => {},
    );
    await follower.next('ready');
    for (const { pid } of [leader, follower]) prefer(pid);
    const { secrets, id, folder } = openRuntime({ ...group, secrets: undefined }, () => {});
    const [secret] = secrets;
    if (!secret || folder === undefined) throw new Error('the group has no key file');
    return new Stage(leader, follower, { secret, runtime: id, channel: CHANNEL, folder });
  }

  /** MB of heap that the leader has when it has served some others as well. */
  async warmHeap(): Promise<number> {
    for (let count = 0; count < WARMING; count += 1) {
      const insider = await this.target.join();
      insider.call({ method: 'echo', args: argumentsOf(count) });
      await insider.outcome(1);
      this.target.leave();
    }
    const { heap } = await this.lookFor(true, ({ followers }) => followers === 1);
    return heap;
  }

  /** What the leader says of itself. @throws where it has died, or hangs. */
  look(isCollected: boolean): Promise<LeaderReport> {
    this.leader.send({ type: 'report', isCollected });
    return withinPatience(this.leader.next('report'), 'the leader does not answer its parent');
  }

  /** Looks until it is as it should be, or patience has an end. */
  async lookFor(isCollected: boolean, isRight: (report: LeaderReport) => boolean): Promise<LeaderReport> {
    for (const start = performance.now(); ; ) {
      const report = await this.look(isCollected);
      if (isRight(report) || performance.now() > start + PATIENCE) return report;
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  }

  /** How the follower's calls went since the last time. */
  window(): Promise<FollowerReport> {
    this.follower.send({ type: 'window' });
    return withinPatience(this.follower.next('window'), 'the follower does not answer its parent');
  }

  async close(): Promise<void> {
    this.target.leave();
    await Promise.all([this.leader.kill(), this.follower.kill()]);
  }
}

/**
 * Before whatever else the machine does, so that a slow call is the leader's doing: each thread, as a collection of
 * garbage waits for all of them. Only root may; for others the table says (2nd) more often.
 */
function prefer(pid: number): void {
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`))
      setPriority(Number(thread), constants.priority.PRIORITY_HIGH);
  } catch {}
}

export function withinPatience<T>(promise: Promise<T>, complaint: string, patience = PATIENCE): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(complaint)), patience);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
