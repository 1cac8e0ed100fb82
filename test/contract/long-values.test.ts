import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close, cluster, status } from '../../lib/index.js';
import { isolated } from '../helpers/isolated.js';
import { until } from '../helpers/until.js';

type Listener = (value: string) => void;

class Feed {
  listener: Listener | undefined;

  constructor(onBuild: (feed: Feed) => void) {
    onBuild(this);
  }

  subscribe(_reg: string, listener: Listener): void {
    this.listener = listener;
  }
}

const LONG = 2 * 1024 * 1024;

describe('values that must not be skipped', () => {
  for (const given of [{ delivery: 'every' as const }, { isBroadcast: false }]) {
    it(`come all and in order, though one of them is long: ${JSON.stringify(given)}`, async (t) => {
      const options = { ...isolated(t), ...given };
      const built: Feed[] = [];
      const make = () => cluster(Feed, options).create((feed) => built.push(feed));
      const leader = make();
      await leader.ready();
      const follower = make();
      await follower.ready();
      t.after(() => close(leader));
      t.after(() => close(follower));
      const lengths: number[] = [];
      follower.subscribe('a', (value) => lengths.push(value.length));
      await until(() => built[0]?.listener !== undefined);
      for (const length of [LONG, 5, 8]) built[0]?.listener?.('x'.repeat(length));
      await until(() => lengths.at(-1) === 8);
      assert.deepEqual([lengths, status(follower).missedValues], [[LONG, 5, 8], 0]);
    });
  }
});
