// Runs the built tests, listed by name: on Node 20 `node --test` finds nothing by a glob, and a run of no test
// succeeds. Arguments: folders or files below test/ (`contract`, `lib/pending`); none: all. --coverage: with c8.
// --long: the tests that take minutes, and only these.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

const root = join('dist', 'test');
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const isLong = process.argv.includes('--long');
const files = readdirSync(root, { recursive: true })
  .filter((name) => name.endsWith(isLong ? '.long.js' : '.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((prefix) => name.startsWith(prefix)))
  .map((name) => join(root, name))
  .sort();

if (files.length === 0) {
  console.error(
    `no test file below ${root}${wanted.length > 0 ? ` starts with ${wanted.join(' or ')}` : ''}`,
  );
  process.exit(1);
}

const c8 = createRequire(import.meta.url).resolve('c8/bin/c8.js');
const coverage = process.argv.includes('--coverage') ? [c8] : [];
// Holds for each file as a whole as well; of a long one each test has a limit of its own.
const timeout = isLong ? [] : ['--test-timeout=120000'];
// Much of a test is waiting for other processes. The long ones keep the processors busy by themselves.
const atOnce = isLong ? [] : [`--test-concurrency=${availableParallelism() + 1}`];
const { status } = spawnSync(
  process.execPath,
  [...coverage, ...(coverage.length ? [process.execPath] : []), '--test', ...timeout, ...atOnce, ...files],
  {
    stdio: 'inherit',
  },
);
process.exit(status ?? 1);
