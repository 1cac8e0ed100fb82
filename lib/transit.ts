/** This process's clock as it is put into messages: ms modulo 2^32. */
export function clock(): number {
  return Math.floor(performance.now()) >>> 0;
}

/**
 * How long the messages of one link have waited on their way, by the sender's clock and ours: the least difference
 * between them that was ever seen is taken for the offset of the clocks and the travel itself (as in RFC 5905, the
 * packet with the least delay tells the offset best). What a message has above that, it has waited: in a socket,
 * while this process was stopped or busy.
 */
export class Transit {
  #offset: number | undefined;

  /** @returns ms, at least 0. @param now as `clock()` gives it. */
  waited(sentAt: number, now = clock()): number {
    // Signed and modulo 2^32: right for differences below 24 days.
    const difference = (now - sentAt) | 0;
    const above = this.#offset === undefined ? 0 : (difference - this.#offset) | 0;
    if (this.#offset === undefined || above < 0) this.#offset = difference;
    return Math.max(0, above);
  }
}
