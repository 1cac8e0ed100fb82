import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { memoryRecord } from '../../lib/record.js';
import { fileName } from '../../lib/runtime.js';
import { temporaryFolder } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { raceOf } from './racers.js';
import { claimed, fileRecordIn, leader } from './records.js';

const CHANNEL = 'Config@1';

describe('a record in files', () => {
  it('is empty at first, also without a folder', (t) => {
    const record = fileRecordIn(join(temporaryFolder(t), 'nothing'), CHANNEL);
    assert.equal(record.shared, true);
    assert.equal(record.read(), undefined);
  });

  it('gives back what was claimed last, also to others', (t) => {
    const folder = temporaryFolder(t);
    const record = fileRecordIn(folder, CHANNEL);
    assert.deepEqual(record.claim(undefined, leader(1), false), { n: 1, ...leader(1) });
    assert.deepEqual(record.read(), { n: 1, ...leader(1) });
    assert.deepEqual(record.claim(record.read(), leader(2), false), { n: 2, ...leader(2) });
    assert.deepEqual(fileRecordIn(folder, CHANNEL).read(), { n: 2, ...leader(2) });
    assert.equal(fileRecordIn(folder, 'another').read(), undefined);
  });

  it('can be claimed once after each leader', (t) => {
    const folder = temporaryFolder(t);
    const [first, second] = [fileRecordIn(folder, CHANNEL), fileRecordIn(folder, CHANNEL)];
    assert.ok(first.claim(undefined, leader(1), false));
    assert.equal(second.claim(undefined, leader(2), false), undefined);
    assert.deepEqual(second.read(), { n: 1, ...leader(1) });
    assert.ok(second.claim(second.read(), leader(2), false));
  });

  it('keeps the eight newest', async (t) => {
    const folder = temporaryFolder(t);
    const newest = claimed(fileRecordIn(folder, CHANNEL), 12);
    assert.equal(newest.n, 12);
    const names = () => readdirSync(join(folder, fileName(CHANNEL)));
    await until(() => names().length <= 8);
    assert.deepEqual(names().sort(), Array.from({ length: 8 }, (_, index) => `leader.${index + 5}`).sort());
  });

  it('knows ten from nine, which text does not', (t) => {
    assert.equal(claimed(fileRecordIn(temporaryFolder(t), CHANNEL), 11).n, 11);
  });

  it('is readable by its user alone', (t) => {
    const folder = temporaryFolder(t);
    fileRecordIn(folder, CHANNEL).claim(undefined, leader(1), false);
    const directory = join(folder, fileName(CHANNEL));
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    assert.equal(statSync(join(directory, 'leader.1')).mode & 0o777, 0o600);
  });

  it('whose newest file is damaged names nobody, but keeps the number', (t) => {
    for (const damage of [
      '',
      '{"epoch":12',
      'null',
      '[]',
      '{"epoch":"1","pid":1,"address":{"host":"h","port":1}}',
    ]) {
      const folder = temporaryFolder(t);
      const record = fileRecordIn(folder, CHANNEL);
      claimed(record, 2);
      writeFileSync(join(folder, fileName(CHANNEL), 'leader.2'), damage);
      assert.deepEqual(record.read(), { n: 2, epoch: 0, pid: 0, address: undefined }, damage);
      assert.equal(record.claim(record.read(), leader(3), false)?.n, 3);
    }
  });

  it('passes over what else lies in its folder', (t) => {
    const folder = temporaryFolder(t);
    const record = fileRecordIn(folder, CHANNEL);
    claimed(record, 1);
    for (const name of ['leader.9.1234.tmp', 'leader.x', 'leader.', 'xleader.7']) {
      writeFileSync(join(folder, fileName(CHANNEL), name), '{}');
    }
    assert.equal(record.read()?.n, 1);
  });

  it('can be claimed when all folders were wiped since it was read', (t) => {
    const folder = join(temporaryFolder(t), 'group');
    const record = fileRecordIn(folder, CHANNEL);
    const before = claimed(record, 3);
    rmSync(folder, { recursive: true });
    assert.equal(record.read(), undefined);
    assert.equal(record.claim(before, leader(4), false)?.n, 4);
    assert.deepEqual(record.read(), { n: 4, ...leader(4) });
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it('is not claimed where a file lies in the place of its folder', (t) => {
    const folder = temporaryFolder(t);
    const record = fileRecordIn(folder, CHANNEL);
    claimed(record, 1);
    rmSync(join(folder, fileName(CHANNEL)), { recursive: true });
    writeFileSync(join(folder, fileName(CHANNEL)), 'a file where the folder was');
    assert.throws(() => record.claim(undefined, leader(2), false));
    assert.equal(readFileSync(join(folder, fileName(CHANNEL)), 'utf8'), 'a file where the folder was');
  });

  it('is not won with a number that is free only because it was tidied away', (t) => {
    const record = fileRecordIn(temporaryFolder(t), CHANNEL);
    const sleeper = claimed(record, 1);
    claimed(record, 12);
    assert.equal(record.claim(sleeper, leader(99), false), undefined);
    assert.equal(record.read()?.address?.port, 12);
  });

  it('gives each number to exactly one of many processes', async (t) => {
    const rounds = 60;
    const results = await raceOf(4, { type: 'claim', folder: temporaryFolder(t), rounds });
    const won = results.flatMap((result) => result.won ?? []);
    assert.deepEqual(
      won.sort((a, b) => a - b),
      Array.from({ length: rounds }, (_, index) => index + 1),
    );
  });
});

describe('a record in memory', () => {
  it('names nobody, as nobody else can see it, and grows with each claim', () => {
    const record = memoryRecord();
    assert.equal(record.shared, false);
    assert.equal(record.read(), undefined);
    assert.deepEqual(record.claim(undefined, leader(1), false), { n: 1, ...leader(1) });
    assert.deepEqual(record.claim(undefined, leader(2), false), { n: 2, ...leader(2) });
    assert.equal(record.read(), undefined);
  });
});
