import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileName, openRuntime } from '../../lib/runtime.js';
import { temporaryFolder } from '../helpers/folder.js';

const GROUP = 'group one';
const SECRET = Buffer.from('a secret that was given');

/** An open runtime folder. */
function opened(t: TestContext, secrets?: readonly Buffer[]) {
  const runtimeDir = join(temporaryFolder(t), 'run');
  const open = () => openRuntime({ runtimeDir, group: GROUP, secrets }, assert.fail);
  const runtime = open();
  return {
    runtime,
    runtimeDir,
    open,
    key: join(runtimeDir, fileName(GROUP), 'key'),
    id: join(runtime.folder ?? '', 'id'),
    wipe: () => rmSync(runtimeDir, { recursive: true }),
  };
}

/** Every path below a folder, and itself, with its mode and, for a file, its content. */
function tree(folder: string): string[] {
  const paths = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].sort();
  return paths.map((name) => {
    const path = join(folder, name);
    const stats = statSync(path);
    const content = stats.isFile() ? readFileSync(path).toString('hex') : 'folder';
    return `${name} ${(stats.mode & 0o777).toString(8)} ${content}`;
  });
}

describe('a runtime folder that is removed while it is used', () => {
  it('is restored as it was: with its key, its id, and open to its user alone', (t) => {
    const { runtime, runtimeDir, wipe, open } = opened(t);
    const before = tree(runtimeDir);
    assert.equal(before.length, 5);
    wipe();
    runtime.restore();
    assert.deepEqual(tree(runtimeDir), before);
    const { secrets, id } = open();
    assert.deepEqual([secrets, id], [runtime.secrets, runtime.id]);
  });

  it('is restored in part where part of it was removed, and what is there stays as it is', (t) => {
    const { runtime, runtimeDir, key, id } = opened(t);
    const before = tree(runtimeDir);
    const { ino } = statSync(key);
    rmSync(id);
    runtime.restore();
    runtime.restore();
    assert.deepEqual(tree(runtimeDir), before);
    assert.equal(statSync(key).ino, ino);
  });

  it('is restored without a key file where the secret was given', (t) => {
    const { runtime, runtimeDir, key, wipe } = opened(t, [SECRET]);
    const before = tree(runtimeDir);
    wipe();
    runtime.restore();
    assert.deepEqual(tree(runtimeDir), before);
    assert.equal(existsSync(key), false);
  });
});

describe('a runtime folder that others have made anew meanwhile', () => {
  it('is not ours any more where its key or its id is another, which says so and stays', (t) => {
    for (const name of ['key', 'id'] as const) {
      const { runtime, wipe, open, ...paths } = opened(t);
      const content = Buffer.alloc(name === 'key' ? 32 : 8, 1);
      rmSync(paths[name]);
      writeFileSync(paths[name], content, { mode: 0o600 });
      assert.throws(() => runtime.restore(), {
        message: `${paths[name]} was removed and made anew: restart the processes that were started before`,
      });
      assert.deepEqual(readFileSync(paths[name]), content);
    }
  });

  it('is ours all the same where only its key is another, and the secret was given', (t) => {
    const { runtime, key } = opened(t, [SECRET]);
    writeFileSync(key, Buffer.alloc(32, 1), { mode: 0o600 });
    runtime.restore();
  });

  it('is an error where it cannot be restored', (t) => {
    const { runtime, runtimeDir, wipe } = opened(t);
    wipe();
    writeFileSync(runtimeDir, 'a file where the folder was');
    assert.throws(() => runtime.restore(), /EEXIST|ENOTDIR|is not a folder/);
  });
});

describe('a runtime folder that could not be used from the start', () => {
  it('is not restored: nothing is recorded there', (t) => {
    const runtimeDir = join(temporaryFolder(t), 'file');
    writeFileSync(runtimeDir, '');
    const runtime = openRuntime({ runtimeDir, group: GROUP, secrets: [SECRET] }, () => {});
    rmSync(runtimeDir);
    runtime.restore();
    assert.equal(existsSync(runtimeDir), false);
  });
});
