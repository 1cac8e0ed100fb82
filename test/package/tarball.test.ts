import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Installed, install } from './installed.js';

describe('the tarball', { timeout: 110_000 }, () => {
  let installed: Installed;
  let files: string[];

  before(async () => {
    installed = await install();
    const entries = await readdir(installed.library, { recursive: true, withFileTypes: true });
    files = entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(installed.library, join(entry.parentPath, entry.name)).replaceAll(sep, '/'));
  });

  after(() => installed.remove());

  it('holds both builds, their sources and the papers, and nothing else', () => {
    const folders = new Set(files.map((file) => file.match(/^(dist\/)?[^/]+\//)?.[0] ?? file));
    assert.deepEqual([...folders].sort(), [
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'dist/cjs/',
      'dist/lib/',
      'dist/protocol/',
      'docs/',
      'lib/',
      'package.json',
      'protocol/',
    ]);
    assert.deepEqual(
      files.filter((file) => /\btest\b|\.test\./.test(file)),
      [],
    );
  });

  it('has a map beside every built file, and in it the sources it was built from', async () => {
    const built = files.filter((file) => file.startsWith('dist/') && /\.c?[jt]s$/.test(file));
    assert.ok(built.length > 0);
    for (const file of built) {
      assert.ok(files.includes(`${file}.map`), `${file} has no map`);
      const map = JSON.parse(await readFile(join(installed.library, `${file}.map`), 'utf8'));
      const sources = map.sources.map((source: string) => join(dirname(file), map.sourceRoot ?? '', source));
      assert.ok(sources.length > 0, `${file}.map names no source`);
      for (const source of sources) assert.ok(files.includes(source), `${file}: ${source} is missing`);
    }
  });

  it('is without reproach for publint', async () => {
    const { code, stdout, stderr } = await installed.node(
      ['node_modules/publint/src/cli.js', 'run', '--strict'],
      installed.tarball,
    );
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /All good!/);
  });

  it('gives attw no reason to doubt the types of its named entries, in every resolution', async () => {
    assert.match(await attw(), /No problems found/);
  });

  it('gives attw no reason to doubt the types of any subpath that stands behind a pattern', async () => {
    const subpaths = files
      .map((file) => file.match(/^dist\/(?:lib|protocol)\/((?:codecs|transports|elections)\/\w+)\.js$/)?.[1])
      .filter((subpath) => subpath !== undefined);
    for (const known of ['codecs/json', 'transports/tcp', 'elections/port'])
      assert.ok(subpaths.includes(known));
    // Without node10, TypeScript's resolution of before `exports`: it knows no patterns, so finds none of these.
    const report = await attw('--profile', 'node16', '--entrypoints', ...subpaths);
    for (const subpath of subpaths) assert.ok(report.includes(`"cluster-client/${subpath}"`), report);
  });

  async function attw(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await installed.node(
      ['node_modules/@arethetypeswrong/cli/dist/index.js', installed.tarball],
      ...['--no-definitely-typed', '--format', 'ascii', ...args],
    );
    assert.equal(code, 0, stdout + stderr);
    return stdout;
  }
});
