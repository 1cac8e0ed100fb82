// A revision of this repository, built, in a folder of its own.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** @returns `{ folder, remove() }` */
export function checkOut(revision) {
  const temporary = mkdtempSync(join(tmpdir(), 'cluster-client-base-'));
  const folder = join(temporary, 'base');
  const run = (program, args, cwd) =>
    execFileSync(program, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  let isThere = false;
  const remove = () => {
    process.off('exit', remove);
    if (isThere) run('git', ['worktree', 'remove', '--force', folder], ROOT);
    rmSync(temporary, { recursive: true, force: true });
  };
  process.on('exit', remove);
  process.stderr.write(`building ${revision}\n`);
  run('git', ['worktree', 'add', '--quiet', '--detach', folder, revision], ROOT);
  isThere = true;
  // Dependencies that are the same need not be installed again.
  if (lock(folder).equals(lock(ROOT))) {
    symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(folder, 'node_modules'), 'dir');
  } else run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
  run(process.execPath, ['scripts/build.js'], folder);
  return { folder, remove };
}

function lock(folder) {
  return readFileSync(join(folder, 'package-lock.json'));
}
