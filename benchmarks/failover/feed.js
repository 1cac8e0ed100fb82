// The real client that is shared: a feed that has a value for every key, at once.
import { setTimeout as sleep } from 'node:timers/promises';

/** @param tell, tellNow hear what happens to a real client, by name of the event. */
export function makeFeed(Base, { tell, tellNow }) {
  return class Feed extends Base {
    /** The one of this process, if it leads. */
    static current;

    /** @param options startTime, closeTime: ms. */
    constructor(options) {
      super(options);
      if (options.startTime) tell('built');
      Feed.current = this;
      this.listeners_ = new Map();
      this.values = 0;
      this.unsubscribed = 0;
      this.hanging = 0;
      if (options.startTime) setTimeout(() => this.ready(true), options.startTime);
      else this.ready(true);
    }

    /** The value tells whose it is, and that no two are the same. */
    subscribe({ key, bytes = 0 }, listener) {
      this.listeners_.set(key, listener);
      this.values += 1;
      listener({ pid: process.pid, count: this.values, text: 'x'.repeat(bytes) });
    }

    unSubscribe({ key }) {
      this.listeners_.delete(key);
      this.unsubscribed += 1;
    }

    push(key, value) {
      this.listeners_.get(key)?.(value);
    }

    /** The parent is the upstream: the last to arrive there is what holds. */
    publish({ slot, value }) {
      tellNow('published', { slot, value });
    }

    async whoLeads() {
      return process.pid;
    }

    async hang() {
      this.hanging += 1;
      await new Promise(() => {});
    }

    async fetch(type, bytes) {
      return type === 'Buffer' ? Buffer.alloc(bytes, 1) : 'x'.repeat(bytes);
    }

    async close() {
      if (this.options.closeTime) await sleep(this.options.closeTime);
      tell('shut');
    }
  };
}
