/** The clock that is put into messages: ms modulo 2^32. The system's monotonic one, the same for all of a host. */
export function clock(): number {
  return Math.floor(performance.now() + OFFSET) >>> 0;
}

/** Between that clock and `performance.now()`, which is the same one and much cheaper to ask. ms */
const OFFSET = offset();

function offset(): number {
  // The first look takes a ms.
  performance.now();
  return Number(process.hrtime.bigint()) / 1e6 - performance.now();
}

/** A first message that is older than this by the clock of the host was sent by another clock. ms */
const PLAUSIBLE = 10_000;

/**
 * How long the messages of one link have waited on their way, by the sender's clock and ours: in a socket, while
 * this process was stopped or busy. Within a host the clocks are the same. Else the least difference that was ever
 * seen is taken for their offset and the travel itself (as in RFC 5905, the message with the least delay tells the
 * offset best), and a message has waited for what it has above that.
 */
export class Transit {
  readonly #isLocal: boolean;
  #offset: number | undefined;

  /** @param isLocal whether both ends are on one host. */
  constructor(isLocal: boolean) {
    this.#isLocal = isLocal;
  }

  /** @returns ms, at least 0. @param now as `clock()` gives it. */
  waited(sentAt: number, now = clock()): number {
    // Signed and modulo 2^32: right for differences below 24 days.
    const difference = (now - sentAt) | 0;
    if (this.#offset === undefined) {
      const isOneClock = this.#isLocal && difference >= 0 && difference < PLAUSIBLE;
      this.#offset = isOneClock ? 0 : difference;
    }
    const above = (difference - this.#offset) | 0;
    if (above < 0) this.#offset = difference;
    return Math.max(0, above);
  }
}
