import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

const EXAMPLE = 'examples/config-directory';

interface Fleet {
  url: string;
  directory: string;
  pids: number[];
}

/** The example's master as a child, and all that it and its own children print. */
class Run {
  readonly master;
  /** Settles when every process that can print has ended, not the master alone. */
  readonly ended: Promise<unknown>;
  stdout = '';
  stderr = '';

  constructor(...args: string[]) {
    this.master = spawn(process.execPath, [`${EXAMPLE}/dist/main.js`, ...args], {
      env: { ...process.env, PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.ended = once(this.master, 'close');
    this.master.stdout.setEncoding('utf8').on('data', (text) => {
      this.stdout += text;
    });
    this.master.stderr.setEncoding('utf8').on('data', (text) => {
      this.stderr += text;
    });
  }

  /** What the table of processes says, once all five are in it. */
  async fleet(): Promise<Fleet> {
    for (;;) {
      const url = /^(http:\S+)\/who/m.exec(this.stdout)?.[1];
      const directory = /^Edit a file in (.+)$/m.exec(this.stdout)?.[1];
      const rows = [...this.stdout.matchAll(/^(?:agent|worker \d) +(?:leader|follower) +(\d+) /gm)];
      if (url && directory && rows.length >= 5)
        return { url, directory, pids: rows.map((row) => Number(row[1])) };
      const [ended] = await Promise.race([once(this.master.stdout, 'data'), this.ended.then(() => [null])]);
      assert.notEqual(ended, null, `ended before it was up: ${this.stderr}`);
    }
  }
}

async function get(url: string) {
  const response = await fetch(url);
  return { status: response.status, body: JSON.parse(await response.text()) };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('examples/config-directory', { timeout: 120_000 }, () => {
  const runs: Run[] = [];

  function start(...args: string[]): Run {
    const run = new Run(...args);
    runs.push(run);
    return run;
  }

  before(() => {
    execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', EXAMPLE], { stdio: 'inherit' });
  });

  after(() => {
    for (const { master } of runs) master.kill('SIGKILL');
  });

  it('takes its tour: every worker sees both edits, with one real client before and after the agent is killed', async () => {
    const tour = start('--tour');
    await tour.ended;
    assert.equal(tour.master.exitCode, 0, `${tour.stdout}\n${tour.stderr}`);
    const totals = JSON.parse(tour.stdout.trimEnd().split('\n').at(-1) ?? '');
    assert.equal(totals.workers, 4);
    assert.equal(totals.updates, 8);
    assert.equal(totals.upstreamClients, 1);
    assert.ok(
      Number.isFinite(totals.failoverMs) && totals.failoverMs >= 0,
      `failoverMs: ${totals.failoverMs}`,
    );
  });

  it('answers over HTTP, bad names with a JSON error, and Ctrl-C leaves neither a process nor its directory', async () => {
    const run = start();
    const { url, directory, pids } = await run.fleet();
    assert.equal(new Set(pids).size, 5);

    const { body: who } = await get(`${url}/who`);
    assert.ok(pids.includes(who.pid) && who.pid !== who.leaderPid);
    assert.deepEqual({ role: who.role, leaderPid: who.leaderPid }, { role: 'follower', leaderPid: pids[0] });

    const { body: config } = await get(`${url}/config/db.yaml`);
    assert.deepEqual(config.value, { host: 'db.internal', port: 5432, pool: 10 });
    assert.equal(config.readBy, who.leaderPid);

    await writeFile(join(directory, 'broken.yaml'), 'pool: [');
    for (const [path, status, code] of [
      ['/config/..%2f..%2fetc/passwd', 400, 'ERR_CONFIG_NAME'],
      ['/config/', 400, 'ERR_CONFIG_NAME'],
      ['/config/absent.json', 404, 'ERR_CONFIG_NOT_FOUND'],
      ['/config/broken.yaml', 500, 'ERR_CONFIG_SYNTAX'],
    ] as const) {
      const response = await get(`${url}${path}`);
      assert.deepEqual([response.status, response.body.error.code], [status, code], path);
    }

    run.master.kill('SIGINT');
    await run.ended;
    assert.equal(run.master.exitCode, 0, run.stderr);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal(existsSync(directory), false);
  });

  it('leaves no process behind when the master itself is killed', async () => {
    const run = start();
    const { directory, pids } = await run.fleet();
    run.master.kill('SIGKILL');
    await run.ended; // their ends of the pipes are closed
    await rm(directory, { recursive: true });
    assert.equal(pids.length, 5);
  });
});
