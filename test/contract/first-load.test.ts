import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close, cluster } from '../../lib/index.js';
import { isolated } from '../helpers/isolated.js';

const KEYS = 1_000;

class Config {
  asked = 0;

  constructor(onBuild: (config: Config) => void) {
    onBuild(this);
  }

  subscribe(reg: string, listener: (value: string) => void): void {
    this.asked += 1;
    listener(reg.padEnd(200));
  }
}

describe('the first load', () => {
  it('of 1000 keys at 4 followers asks for each key once and brings each value to each (3.7.0: in 360 ms)', async (t) => {
    const options = isolated(t);
    const built: Config[] = [];
    const make = () => {
      const client = cluster(Config, options).create((config) => built.push(config));
      t.after(() => close(client));
      return client;
    };
    await make().ready();
    const followers = [1, 2, 3, 4].map(make);
    const keys = Array.from({ length: KEYS }, (_, n) => `key ${n}`);
    const loads = followers.map((follower) =>
      Promise.all(keys.map((key) => new Promise((resolve) => follower.subscribe(key, resolve)))),
    );
    const expected = keys.map((key) => key.padEnd(200));
    for (const values of await Promise.all(loads)) assert.deepEqual(values, expected);
    assert.deepEqual([built.length, built[0]?.asked], [1, KEYS]);
  });
});
