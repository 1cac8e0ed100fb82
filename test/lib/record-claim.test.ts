import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileRecord } from '../../lib/record.js';
import { fileName } from '../../lib/runtime.js';
import { temporaryFolder } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { claimed, fileRecordIn, leader } from './records.js';

const CHANNEL = 'Config@1';

/** A record that keeps its warnings. */
function recordIn(folder: string, restore = () => {}) {
  const warnings: string[] = [];
  const warn = (message: string) => warnings.push(message);
  return { record: fileRecord({ folder, channel: CHANNEL, restore, warn }), warnings };
}

const diskFull = () => {
  throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
};

describe('a claim', () => {
  it('has the folders restored where there are none, and only there', (t) => {
    const folder = temporaryFolder(t);
    const first = join(folder, fileName(CHANNEL), 'leader.1');
    const wasThere: boolean[] = [];
    const { record } = recordIn(folder, () => wasThere.push(existsSync(first)));
    claimed(record, 2);
    assert.deepEqual(wasThere, [false]);
  });

  it('keeps that the one before was mute, for whoever claims next', (t) => {
    const folder = temporaryFolder(t);
    const { record } = recordIn(folder);
    record.claim(undefined, { ...leader(1), replaces: true }, false);
    assert.deepEqual(fileRecordIn(folder, CHANNEL).read(), { n: 1, ...leader(1), replaces: true });
    record.claim(record.read(), leader(2), false);
    assert.deepEqual(fileRecordIn(folder, CHANNEL).read(), { n: 2, ...leader(2) });
  });

  it('that was won by another says so to one who is alone as well', (t) => {
    const folder = temporaryFolder(t);
    claimed(fileRecordIn(folder, CHANNEL), 1);
    const { record, warnings } = recordIn(folder);
    assert.equal(record.claim(undefined, leader(2), true), undefined);
    assert.deepEqual(warnings, []);
  });
});

describe('a claim that cannot be written', () => {
  it('is won by who holds the cluster port, as nobody else can win it, and leaves no record', (t) => {
    const { record } = recordIn(temporaryFolder(t), diskFull);
    const second = { n: 1, ...leader(1) };
    assert.deepEqual(record.claim(second, leader(2), true), { n: 2, ...leader(2) });
    assert.equal(record.read(), undefined);
  });

  it('fails for anybody else with what the system says', (t) => {
    const full = recordIn(temporaryFolder(t), diskFull);
    assert.throws(() => full.record.claim(undefined, leader(1), false), { code: 'ENOSPC' });
    const file = join(temporaryFolder(t), 'file');
    writeFileSync(file, '');
    const below = recordIn(join(file, 'folder'), assert.fail);
    assert.throws(() => below.record.claim(undefined, leader(1), false), { code: 'ENOTDIR' });
    assert.deepEqual([full.warnings, below.warnings], [[], []]);
  });

  it('is warned of once, with channel, cause and consequences', (t) => {
    const file = join(temporaryFolder(t), 'file');
    writeFileSync(file, '');
    const { record, warnings } = recordIn(join(file, 'folder'));
    for (const port of [1, 2, 3]) assert.equal(record.claim(undefined, leader(port), true)?.n, 1);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /channel Config@1: its leader cannot be recorded \(.*ENOTDIR.*\); only the process that holds the cluster port/,
    );
  });
});

describe('what a process that died in the middle of a claim left behind', () => {
  it('is removed by a later claim once it is a minute old; what is under way is not', async (t) => {
    const folder = temporaryFolder(t);
    const directory = join(folder, fileName(CHANNEL));
    mkdirSync(directory, { mode: 0o700 });
    const age = (name: string, seconds: number) => {
      const path = join(directory, name);
      writeFileSync(path, '');
      const then = Date.now() / 1000 - seconds;
      utimesSync(path, then, then);
    };
    age('leader.1.77.aa.tmp', 70);
    age('leader.2.77.bb.tmp', 50);
    age('leader.3.77.cc.tmp', 0);
    age('something else', 7000);
    const { record } = recordIn(folder);
    claimed(record, 1);
    assert.equal(readdirSync(directory).length, 5, 'a claim is in a hurry');
    await until(() => readdirSync(directory).length < 5);
    assert.deepEqual(readdirSync(directory).sort(), [
      'leader.1',
      'leader.2.77.bb.tmp',
      'leader.3.77.cc.tmp',
      'something else',
    ]);
  });
});
