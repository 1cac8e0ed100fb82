import assert from 'node:assert/strict';
import { mkdirSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileRecord, isRecorded } from '../../lib/record.js';
import { fileName } from '../../lib/runtime.js';
import { temporaryFolder } from '../helpers/folder.js';
import { until } from '../helpers/until.js';
import { claimed, fileRecordIn, leader } from './records.js';

const CHANNEL = 'Config@1';

/** A record that is watched, and whatever else the system tells of its folder, after the record was told. */
function watched(t: TestContext) {
  const folder = temporaryFolder(t);
  const others = fileRecordIn(folder, CHANNEL);
  const seen: (number | undefined)[] = [];
  const stop = fileRecordIn(folder, CHANNEL).watch(() => seen.push(others.read()?.n));
  const directory = join(folder, fileName(CHANNEL));
  const names: (string | null)[] = [];
  const all = watch(directory, (_event, name) => names.push(name));
  t.after(() => {
    stop();
    all.close();
  });
  return { others, seen, stop, directory, told: (name: string) => until(() => names.includes(name)) };
}

describe('watching a record', () => {
  it('calls back after another has claimed it, also where there was no folder yet', async (t) => {
    const { others, seen, told } = watched(t);
    others.claim(undefined, leader(1), false);
    await told('leader.1');
    assert.ok(seen.includes(1));
    others.claim(others.read(), leader(2), false);
    await told('leader.2');
    assert.ok(seen.includes(2));
  });

  it('does not call back for what is not a record yet', async (t) => {
    const { seen, told, directory } = watched(t);
    for (const name of ['leader.1.77.aabb.tmp', 'something else']) writeFileSync(join(directory, name), '');
    await told('something else');
    assert.deepEqual(seen, []);
  });

  it('ends when it is told to', async (t) => {
    const { others, seen, stop, told } = watched(t);
    stop();
    others.claim(undefined, leader(1), false);
    await told('leader.1');
    assert.deepEqual(seen, []);
  });

  it('is no error where the system does not let us', (t) => {
    const restore = () => {
      throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    };
    const folder = temporaryFolder(t);
    const stop = fileRecord({ folder, channel: CHANNEL, restore, warn: assert.fail }).watch(assert.fail);
    stop();
  });
});

describe('an address', () => {
  it('is that of one of ours where any leader on record, of whatever channel, listened there', (t) => {
    const folder = temporaryFolder(t);
    claimed(fileRecordIn(folder, CHANNEL), 2);
    fileRecordIn(folder, 'another').claim(undefined, leader(7), false);
    const known = (port: number, host = 'memory') => isRecorded(folder, { host, port });
    assert.deepEqual(
      [1, 2, 3, 7].map((port) => known(port)),
      [true, true, false, true],
    );
    assert.equal(known(7, 'elsewhere'), false);
  });

  it('is nobody’s where the record that had it is damaged or gone, and files beside the folders do not matter', (t) => {
    const folder = temporaryFolder(t);
    claimed(fileRecordIn(folder, CHANNEL), 1);
    writeFileSync(join(folder, 'id'), 'not a folder');
    mkdirSync(join(folder, 'empty'));
    assert.equal(isRecorded(folder, leader(1).address), true);
    const file = join(folder, fileName(CHANNEL), 'leader.1');
    writeFileSync(file, '{"epoch":1,');
    assert.equal(isRecorded(folder, leader(1).address), false);
    rmSync(file);
    assert.equal(isRecorded(folder, leader(1).address), false);
  });
});
