import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { plainEnvironment } from '../helpers/environment.js';

/** What a tool left behind. `code` is null for one that was killed, as after the time limit. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A project in a temporary folder that has the packed library in its node_modules. */
export interface Installed {
  folder: string;
  tarball: string;
  /** node_modules/cluster-client */
  library: string;
  /** Runs a file with Node in the project. `file` may have options of Node before it. */
  node(file: readonly string[], ...args: string[]): Promise<Outcome>;
  remove(): Promise<void>;
}

/** Sources of the project, beside which the library is installed. */
const CONSUMERS = 'test/fixtures/consumers';
/** Tools and types that the project takes from here: only what the library brings along is under test. */
const BORROWED = ['@arethetypeswrong/cli', '@types/node', 'jest', 'publint', 'typescript', 'vitest'];
/** ms for one tool */
const LIMIT = 100_000;

/** Packs dist/ as it was built for these tests, and installs that. The caller removes the project. */
export async function install(): Promise<Installed> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'cluster-client-installed-')));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    await cp(CONSUMERS, folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "private": true }\n');
    await succeed('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], '.');
    const tarball = join(folder, await onlyTarball(folder));
    const flags = ['--no-save', '--no-package-lock', '--prefer-offline', '--ignore-scripts', '--no-audit'];
    await succeed('npm', ['install', '--prefix', folder, ...flags, tarball], folder);
    for (const name of BORROWED) {
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(resolve('node_modules', name), link);
    }
    return {
      folder,
      tarball,
      library: join(folder, 'node_modules', 'cluster-client'),
      node: (file, ...args) => run(process.execPath, [...file, ...args], folder),
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function onlyTarball(folder: string): Promise<string> {
  const [tarball, ...others] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'));
  if (tarball === undefined || others.length > 0) throw new Error(`not one tarball in ${folder}`);
  return tarball;
}

async function succeed(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, cwd);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
}

function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((done, fail) => {
    execFile(command, args, { cwd, env: plainEnvironment(), timeout: LIMIT }, (error, stdout, stderr) => {
      if (typeof error?.code === 'string')
        fail(error); // it could not be started
      else done({ code: error ? (error.code ?? null) : 0, stdout, stderr });
    });
  });
}
