import { type LagMeter, now } from './clock.js';
import { FENCED } from './upstream-client.js';

/** ms that every call is given. */
export const DEADLINE = 1_000;
/** How late a call may be settled, beyond what this process itself was away. ms */
const SLACK = 500;

/** A call may come to this, apart from its value. */
const OUTCOMES: ReadonlySet<unknown> = new Set([
  'ERR_CLUSTER_TIMEOUT',
  'ERR_CLUSTER_LEADER_LOST',
  'ERR_CLUSTER_BACKLOG',
  FENCED,
]);
const VALUE = 'value';
const CLOSED = 'ERR_CLUSTER_CLOSED';

export interface CallTerms {
  /** Whether the deadline holds for a leader as well, because it was asked for. */
  isExplicit: boolean;
}

/** Makes calls and watches how they end: each in time, and in a way that is foreseen. */
export class Calls {
  readonly #lag: LagMeter;
  readonly #violation: (text: string) => void;
  readonly #unsettled = new Set<string>();
  #outcomes: Record<string, number> = {};
  /** Infinity: it does now. */
  #ledUntil = -Infinity;
  /** From now on calls may fail because the client was closed. */
  isClosing = false;

  constructor(lag: LagMeter, violation: (text: string) => void) {
    this.#lag = lag;
    this.#violation = violation;
  }

  /** @param call name, which the method answers with. */
  async make(
    method: (call: string) => Promise<string>,
    call: string,
    { isExplicit }: CallTerms,
  ): Promise<void> {
    const begun = now();
    const away = this.#lag.total;
    this.#unsettled.add(call);
    const outcome = await method(call).then(
      (answer) => (answer === call ? VALUE : `the answer ${answer}`),
      (error: unknown) => this.#code(error),
    );
    const elapsed = now() - (isExplicit ? begun : Math.max(begun, this.#ledUntil));
    this.#unsettled.delete(call);
    this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
    const isForeseen = outcome === VALUE || OUTCOMES.has(outcome) || (outcome === CLOSED && this.isClosing);
    if (!isForeseen) this.#violation(`call ${call} came to ${outcome}`);
    await this.#lag.upToDate();
    const limit = DEADLINE + SLACK + this.#lag.total - away;
    if (elapsed > limit) {
      this.#violation(`call ${call} took ${ms(elapsed)}, and ${ms(limit)} at most was expected: ${outcome}`);
    }
  }

  /** A leader's calls have no deadline but the one that they ask for; after it they have all of their time. */
  set isLeading(isLeading: boolean) {
    if (isLeading) this.#ledUntil = Infinity;
    else if (this.#ledUntil === Infinity) this.#ledUntil = now();
  }

  get unsettled(): readonly string[] {
    return [...this.#unsettled];
  }

  /** How many came to what since the last time. */
  takeOutcomes(): Record<string, number> {
    const outcomes = this.#outcomes;
    this.#outcomes = {};
    return outcomes;
  }

  #code(error: unknown): string {
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
    return typeof code === 'string' ? code : `the error ${String(error)}`;
  }
}

const ms = (time: number) => `${Math.round(time)} ms`;
