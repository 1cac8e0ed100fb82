// The master: prepares the directory, has the fleet started, prints what it reports, has it ended.
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { listConfigFiles } from './config-file.js';
import { Fleet } from './fleet.js';
import { table } from './table.js';
import { takeTour } from './tour.js';

const SAMPLES = fileURLToPath(new URL('../configs', import.meta.url));
const WORKERS = 4;

// Heard until the end: under `npm start`, Ctrl-C arrives twice.
const interrupted = new Promise<void>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve());
});

const options = readOptions();
const directory = options.dir ?? (await copySamples());
// Children inherit the environment, and cluster-client reads its group from there: one group a run.
Object.assign(process.env, {
  CLUSTER_CLIENT_GROUP: `config-directory-${process.pid}`,
  CONFIG_DIRECTORY: directory,
  PORT: options.port,
});

const fleet = new Fleet();
try {
  const tour = await Promise.race([run(), interrupted]);
  await stop();
  if (tour) {
    console.log(`${table(tour.rows)}\n`);
    console.log(JSON.stringify(tour.totals));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
  await stop();
}

async function run() {
  const [file] = await listConfigFiles(directory);
  const url = `http://localhost:${await fleet.start(WORKERS)}`;
  console.log(`${url}/who   ${url}/config/${file}\nEdit a file in ${directory}`);
  printProcesses();
  fleet.on('settled', printProcesses);
  fleet.on('gone', ({ name, pid }, how) => console.log(`${name} (pid ${pid}) is gone: ${how}`));
  fleet.on('changed', ({ name }, { file, version, value }, ms) => {
    console.log(`${file} ${version} reached ${name} after ${ms} ms: ${JSON.stringify(value)}`);
  });
  return options.tour ? await takeTour(fleet, url, directory) : await interrupted;
}

function printProcesses(): void {
  const rows = fleet.members.map(({ name, role, pid, epoch }) => ({ process: name, role, pid, epoch }));
  console.log(`\n${table(rows)}\n`);
}

async function stop(): Promise<void> {
  for (const complaint of await fleet.stop()) {
    console.error(complaint);
    process.exitCode = 1;
  }
  if (!options.dir) await rm(directory, { recursive: true, force: true });
}

async function copySamples(): Promise<string> {
  const copy = await mkdtemp(join(tmpdir(), 'config-directory-'));
  await cp(SAMPLES, copy, { recursive: true });
  return copy;
}

function readOptions() {
  const { PORT = '0' } = process.env;
  try {
    const { values } = parseArgs({
      options: {
        tour: { type: 'boolean', default: false },
        dir: { type: 'string' },
        port: { type: 'string', default: PORT },
      },
    });
    if (values.tour && values.dir)
      throw new Error('--tour edits files: it takes its own directory, not --dir');
    return values;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
