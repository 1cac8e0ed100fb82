import assert from 'node:assert/strict';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileRecord, memoryRecord } from '../../lib/record.js';
import { fileName } from '../../lib/runtime.js';
import { temporaryFolder } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { claimed, fileRecordIn, leader } from './records.js';

const CHANNEL = 'Config@1';

/** A record whose third leader is this process; `restored` has what others read each time before it was restored. */
function led(t: TestContext, onRestore = () => {}) {
  const folder = temporaryFolder(t);
  const leadership = claimed(fileRecordIn(folder, CHANNEL), 3);
  const others = fileRecordIn(folder, CHANNEL);
  const restored: unknown[] = [];
  const restore = () => {
    restored.push(others.read());
    onRestore();
  };
  return {
    leadership,
    record: fileRecord({ folder, channel: CHANNEL, restore, warn: assert.fail }),
    restored,
    others,
    directory: join(folder, fileName(CHANNEL)),
    wipe: () => rmSync(folder, { recursive: true }),
  };
}

describe('a leader holds its record', () => {
  it('while nobody newer is recorded, and writes nothing', (t) => {
    const { record, leadership, directory } = led(t);
    const names = readdirSync(directory);
    assert.equal(record.holds(leadership), true);
    assert.deepEqual(readdirSync(directory), names);
  });

  it('and looks after the folders around it, at most once a second', (t) => {
    let now = 0;
    t.mock.method(performance, 'now', () => now);
    const { record, leadership, restored } = led(t);
    for (const [time, times] of [
      [0, 1],
      [1_000, 1],
      [1_001, 2],
      [2_001, 2],
      [9_000, 3],
    ] as const) {
      now = time;
      assert.equal(record.holds(leadership), true);
      assert.equal(restored.length, times, `at ${time} ms`);
    }
    // Whoever has just claimed has just had them.
    now += 500;
    const next = record.claim(leadership, leader(4), false);
    now += 1_000;
    assert.ok(next && record.holds(next));
    assert.equal(restored.length, 3);
  });

  it('not any more once another is recorded under a newer epoch', (t) => {
    const { record, leadership, others } = led(t);
    assert.ok(others.claim(leadership, leader(4), false));
    assert.equal(record.holds(leadership), false);
    assert.equal(others.read()?.n, 4);
  });

  it('nor where so many have led since that its own number and the next are tidied away', async (t) => {
    const { record, leadership, others, directory } = led(t);
    for (let port = 4; port <= 14; port += 1) others.claim(others.read(), leader(port), false);
    const tidied = ['leader.3', 'leader.4'];
    await until(() => !readdirSync(directory).some((name) => tidied.includes(name)));
    assert.equal(record.holds(leadership), false);
  });

  it('nor where another has begun a record of its own, with a lower number, after all was wiped', (t) => {
    const { record, leadership, others, wipe } = led(t);
    wipe();
    assert.equal(others.claim(undefined, leader(9), false)?.n, 1);
    assert.equal(record.holds(leadership), false);
  });

  it('where it was removed, and writes it again, under the same number, for others to read', (t) => {
    const { record, leadership, others, wipe } = led(t);
    wipe();
    assert.equal(others.read(), undefined);
    assert.equal(record.holds(leadership), true);
    assert.deepEqual(others.read(), leadership);
  });

  it('where the folders were removed as well, which are restored before it is written', (t) => {
    const { record, leadership, restored, wipe } = led(t);
    wipe();
    assert.equal(record.holds(leadership), true);
    assert.equal(record.holds(leadership), true);
    assert.deepEqual(restored, [undefined]);
  });

  it('where the newest file is damaged: it is written anew, above that', (t) => {
    const { record, leadership, others, directory } = led(t);
    for (const n of [3, 5]) {
      writeFileSync(join(directory, `leader.${n}`), '{"epoch":1');
      assert.equal(record.holds(leadership), true);
      assert.deepEqual(others.read(), { ...leadership, n: n + 1 });
    }
  });

  it('where one of an older epoch has got a higher number: it is written anew, above that', (t) => {
    const { record, leadership, others } = led(t);
    others.claim(leadership, leader(4, leadership.epoch - 1), false);
    assert.equal(record.holds(leadership), true);
    assert.deepEqual(others.read(), { ...leadership, n: 5 });
  });

  it('where nothing can be read', (t) => {
    const { record, leadership, directory } = led(t);
    rmSync(directory, { recursive: true });
    writeFileSync(directory, 'a file where the folder was');
    assert.equal(record.holds(leadership), true);
  });

  it('where nothing can be written, and says nothing of it', (t) => {
    const { record, leadership, others, wipe } = led(t, () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    });
    wipe();
    assert.equal(record.holds(leadership), true);
    assert.equal(others.read(), undefined);
  });
});

describe('a leader that only its own process remembers', () => {
  it('holds always, as nobody else can lead, and there is no change to watch for', () => {
    const record = memoryRecord();
    const first = record.claim(undefined, leader(1), true);
    record.claim(undefined, leader(2), true);
    assert.ok(first && record.holds(first));
    record.watch(assert.fail)();
  });
});

describe('a leader whose record was removed', () => {
  for (const count of [1, 3]) {
    it(`does not hold it where another claims it in the very moment, as leader ${count}`, (t) => {
      const folder = temporaryFolder(t);
      const others = fileRecordIn(folder, CHANNEL);
      const own = claimed(others, count);
      const restore = () => void others.claim(undefined, leader(9), false);
      const record = fileRecord({ folder, channel: CHANNEL, restore, warn: assert.fail });
      rmSync(folder, { recursive: true });
      assert.equal(record.holds(own), false);
    });
  }
});
