import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { createOnce, fileName, makePrivate, openRuntime, type Runtime } from '../../lib/runtime.js';
import { temporaryFolder } from '../helpers/folder.js';
import { raceOf } from './racers.js';

const GROUP = 'group one';
const SECRET = Buffer.from('a secret that was given');
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

/** Opens a runtime folder; `warnings` are those of all times. */
function opener(t: TestContext, runtimeDir = join(temporaryFolder(t), 'run')) {
  const warnings: string[] = [];
  const open = (secrets?: readonly Buffer[], group = GROUP) =>
    openRuntime({ runtimeDir, group, secrets }, (message) => warnings.push(message));
  return { runtimeDir, open, warnings, key: join(runtimeDir, fileName(GROUP), 'key') };
}

const seen = ({ secrets, id, folder }: Runtime) => ({ secrets, id, folder });
const unusable = { code: 'ERR_CLUSTER_RUNTIME_DIR' };
const mode = (path: string) => statSync(path).mode & 0o777;

describe('the runtime folder', () => {
  it('is made with a key and an id, open to its user alone', (t) => {
    const { open, runtimeDir, key, warnings } = opener(t);
    const { secrets, id, folder = '' } = open();
    assert.deepEqual([readFileSync(key)], secrets);
    assert.equal(secrets[0]?.length, 32);
    assert.match(id, /^[0-9a-f]{16}$/);
    for (const one of [runtimeDir, join(runtimeDir, fileName(GROUP)), folder])
      assert.equal(mode(one), 0o700, one);
    for (const one of [key, join(folder, 'id')]) assert.equal(mode(one), 0o600, one);
    assert.deepEqual(warnings, []);
  });

  it('is the same when it is opened again, and another for another group', (t) => {
    const { open } = opener(t);
    const first = open();
    assert.deepEqual(seen(open()), seen(first));
    const other = open(undefined, 'group two');
    assert.notDeepEqual(other.secrets, first.secrets);
    assert.notEqual(other.id, first.id);
    assert.notEqual(other.folder, first.folder);
  });

  it('needs no key file where a secret is given', (t) => {
    const { open, key } = opener(t);
    const { secrets, id } = open([SECRET]);
    assert.deepEqual(secrets, [SECRET]);
    assert.equal(id.length, 16);
    assert.throws(() => statSync(key), { code: 'ENOENT' });
  });

  it('holds nothing but what it says: no temporary file is left behind', (t) => {
    const { open, runtimeDir } = opener(t);
    open();
    open();
    const names = readdirSync(runtimeDir, { recursive: true }).map((name) => String(name).split('/').pop());
    assert.equal(names.length, 4);
    assert.ok(!names.some((name) => name?.endsWith('.tmp')));
  });

  it('is the same for all of several processes that make it at once', async (t) => {
    const groups = Array.from({ length: 20 }, (_, index) => `group ${index}`);
    const results = await raceOf(4, { type: 'runtime', folder: join(temporaryFolder(t), 'run'), groups });
    const [first, ...rest] = results.map(({ opened }) => opened);
    assert.equal(first?.length, groups.length);
    assert.equal(new Set(first?.map(({ secret }) => secret)).size, groups.length);
    for (const opened of rest) assert.deepEqual(opened, first);
  });
});

describe('the runtime folder is refused', () => {
  it('where others may look into it', (t) => {
    for (const open of [0o701, 0o710, 0o750, 0o707]) {
      const runtime = opener(t);
      mkdirSync(runtime.runtimeDir);
      chmodSync(runtime.runtimeDir, open);
      assert.throws(() => runtime.open(), { ...unusable, message: /open to others \(mode 07/ });
    }
  });

  it('where the folder of its group is open to others', (t) => {
    const { open, key } = opener(t);
    open();
    chmodSync(join(key, '..'), 0o755);
    assert.throws(() => open(), unusable);
  });

  it('where it is a link or a file', (t) => {
    const linked = opener(t);
    const elsewhere = temporaryFolder(t);
    symlinkSync(elsewhere, linked.runtimeDir);
    assert.throws(() => linked.open(), { ...unusable, message: /is not a folder/ });
    assert.deepEqual(readdirSync(elsewhere), []);
    const file = opener(t);
    writeFileSync(file.runtimeDir, '');
    assert.throws(() => file.open(), unusable);
  });

  it('where others could put another in its place', (t) => {
    const parent = temporaryFolder(t);
    chmodSync(parent, 0o777);
    assert.throws(() => makePrivate(join(parent, 'run')), /others could rename it/);
    // The sticky bit, as /tmp has it, keeps others from renaming what is ours.
    chmodSync(parent, 0o1777);
    makePrivate(join(parent, 'run'));
  });

  it('where it belongs to somebody else', {
    skip: isRoot ? false : 'only root can give a folder away',
  }, (t) => {
    const { open, runtimeDir } = opener(t);
    mkdirSync(runtimeDir, { mode: 0o700 });
    chownSync(runtimeDir, NOBODY, NOBODY);
    assert.throws(() => open(), { ...unusable, message: /belongs to uid 65534/ });
  });
});

describe('a key file is refused', () => {
  it('where it is a link, and what it points to is not read', (t) => {
    const { open, key } = opener(t);
    open();
    const target = join(temporaryFolder(t), 'key');
    writeFileSync(target, Buffer.alloc(32, 1), { mode: 0o600 });
    rmSync(key);
    symlinkSync(target, key);
    assert.throws(() => open(), unusable);
  });

  it('where others may read it', (t) => {
    const { open, key } = opener(t);
    open();
    chmodSync(key, 0o640);
    assert.throws(() => open(), { ...unusable, message: /not ours alone .*0640.*0600 is needed/ });
  });

  it('where it belongs to somebody else', {
    skip: isRoot ? false : 'only root can give a file away',
  }, (t) => {
    const { open, key } = opener(t);
    open();
    chownSync(key, NOBODY, NOBODY);
    assert.throws(() => open(), { ...unusable, message: /not ours alone \(uid 65534/ });
  });

  it('where it is a folder', (t) => {
    const { open, key } = opener(t);
    open();
    rmSync(key);
    mkdirSync(key, { mode: 0o700 });
    assert.throws(() => open(), unusable);
  });

  it('where it does not have the length of a key, as after a full disk', (t) => {
    for (const length of [0, 31, 33]) {
      const { open, key } = opener(t);
      open();
      writeFileSync(key, Buffer.alloc(length));
      assert.throws(() => open(), { ...unusable, message: new RegExp(`has ${length} bytes instead of 32`) });
    }
  });
});

describe('an unusable folder', () => {
  it('is left out where there is a secret, with one warning', (t) => {
    const { open, runtimeDir, warnings } = opener(t);
    writeFileSync(runtimeDir, '');
    assert.deepEqual(seen(open([SECRET])), { secrets: [SECRET], id: '', folder: undefined });
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? '', /cannot be used.*hung leader is not replaced/);
  });

  it('is an error without one, which names the folder and the way out', (t) => {
    const { open, runtimeDir, warnings } = opener(t);
    writeFileSync(runtimeDir, '');
    assert.throws(() => open(), {
      ...unusable,
      runtimeDir,
      message: /set option runtimeDir .*or option secret/,
    });
    assert.deepEqual(warnings, []);
  });
});

describe('createOnce', () => {
  it('makes a file once and leaves the first alone', (t) => {
    const path = join(temporaryFolder(t), 'file');
    assert.equal(createOnce(path, 'first'), true);
    assert.equal(createOnce(path, 'second'), false);
    assert.equal(readFileSync(path, 'utf8'), 'first');
    assert.deepEqual(readdirSync(join(path, '..')), ['file']);
  });
});
