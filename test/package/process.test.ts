import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Installed, install, type Outcome } from './installed.js';

describe('the installed package', { timeout: 110_000 }, () => {
  let installed: Installed;

  before(async () => {
    installed = await install();
  });

  after(() => installed.remove());

  it('shares one hub and one real client between require and import, and leaves nothing that keeps the process', async () => {
    const runtimeDir = join(installed.folder, 'runtime');
    await mkdir(runtimeDir, { mode: 0o700 });
    const { code, stdout, stderr } = await installed.node(['process/both-kinds.cjs'], runtimeDir);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      path: join(installed.library, 'dist/cjs/lib/index.cjs'),
      isOneCopy: false,
      isSameHub: true,
      built: 1,
      roles: ['leader', 'follower'],
      called: 'called',
      invoked: ['to the leader', 'to the follower'],
      inner: { isOneSymbol: true, isLeader: [true, false], realClients: [true, null] },
      hubs: [1, 1, 1, 0],
    });
    assert.equal(stderr, '');
  });

  it('is required by a Jest test', async () => {
    assertOnePassed(await jest([], 'commonjs.test.cjs'));
  });

  it('is imported by a Jest test', async () => {
    assertOnePassed(await jest(['--experimental-vm-modules'], 'module.test.mjs'));
  });

  it('is imported by a Vitest test', async () => {
    const root = join(installed.folder, 'vitest');
    const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--root', root];
    assertOnePassed(await installed.node(vitest, '--reporter=json'));
  });

  it('loses nothing that it adds to its clients when a bundler leaves out what is not used', async () => {
    const { code, stdout, stderr } = await installed.node(['bundle/build.mjs']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trim(), 'hello bundle true');
  });

  function jest(nodeOptions: string[], file: string): Promise<Outcome> {
    const folders = ['--rootDir', 'jest', '--cacheDirectory', '.jest-cache'];
    return installed.node(
      [...nodeOptions, 'node_modules/jest/bin/jest.js', ...folders],
      ...['--no-watchman', '--runInBand', '--json', file],
    );
  }

  /** Both runners have the same report. */
  function assertOnePassed({ code, stdout, stderr }: Outcome) {
    assert.equal(code, 0, stdout + stderr);
    const { numPassedTests, numTotalTests } = JSON.parse(stdout);
    assert.deepEqual({ numPassedTests, numTotalTests }, { numPassedTests: 1, numTotalTests: 1 });
  }
});
