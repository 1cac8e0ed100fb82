import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { command, missing } from '../../helpers/services.js';
import { clusterClientOf, npmPackage } from '../packages.js';
import { Application } from './application.js';
import { Upstream } from './upstream.js';

/** With `ps` Egg's master finds the processes that it has to end. */
const skip = missing(npmPackage('egg'), command('ps', 'procps'));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('an Egg 3 application in cluster mode', { skip, timeout: 110_000 }, () => {
  const upstream = new Upstream({ motd: 'hello' });
  let application: Application;
  let workers: number[];

  before(async () => {
    application = new Application('cluster', await upstream.listen());
    await application.ready();
    workers = (await application.askEach(2, '/subscribed/motd')).map(({ pid }) => pid);
  });

  after(async () => {
    await application?.kill();
    await upstream.close();
  });

  it('is given this cluster-client', () => {
    const { file, version } = clusterClientOf('egg');
    assert.equal(file, resolve('dist/cjs/lib/index.cjs'));
    assert.match(version, /^4\./);
  });

  it('has one real client, in its agent', async () => {
    const agent = await application.agent(1);
    assert.ok(!workers.includes(agent));
    assert.deepEqual(
      upstream.sessions.map(({ pid }) => pid),
      [agent],
    );
  });

  it('brings the subscribed value to both workers', async () => {
    const [agent] = application.agents;
    for (const answer of await application.askEach(2, '/subscribed/motd')) {
      assert.deepEqual(answer, { pid: answer.pid, value: 'hello', seenBy: agent });
    }
  });

  it('answers calls of both workers, by promise and by callback', async () => {
    const [agent] = application.agents;
    for (const style of ['promise', 'callback']) {
      for (const answer of await application.askEach(2, `/${style}/motd`)) {
        assert.deepEqual(answer, { pid: answer.pid, value: 'hello', seenBy: agent });
      }
    }
  });

  it('brings what one worker sets to the server, and from there to both', async () => {
    const { pid } = await application.ask('PUT', '/values/motd', { value: 'set by a worker' });
    assert.ok(workers.includes(pid));
    await application.askEach(2, '/subscribed/motd', ({ value }) => value === 'set by a worker');
  });

  it('publishes for the agent and for both workers, over the one connection', async () => {
    await application.askEach(2, '/subscribed/members', ({ value }) => (value as number[]).length === 3);
    assert.deepEqual(
      upstream.sessions.map(({ published }) => published),
      [new Set([...application.agents, ...workers])],
    );
  });

  it("hands the workers a method's own error", async () => {
    for (const { name, message, code } of await application.askEach(2, '/refused')) {
      assert.deepEqual([name, message, code], ['RangeError', 'a key is expected', 'E_REGISTRY_KEY']);
    }
  });

  it('goes on with the next agent when this one is killed: calls wait for it, values and publications come again', async () => {
    const [killed] = application.agents;
    assert.ok(killed);
    process.kill(killed, 'SIGKILL');
    await upstream.until(() => upstream.open.length === 0);
    upstream.set('motd', 'while there was no agent');
    const waiting = application.ask('GET', '/promise/motd');

    const agent = await application.agent(2);
    assert.notEqual(agent, killed);
    const { pid, ...answer } = await waiting;
    assert.ok(workers.includes(pid));
    assert.deepEqual(answer, { value: 'while there was no agent', seenBy: agent });
    await application.askEach(
      2,
      '/subscribed/motd',
      ({ value, seenBy }) => value === 'while there was no agent' && seenBy === agent,
    );

    upstream.set('motd', 'from the next agent');
    const after = await application.askEach(
      2,
      '/subscribed/motd',
      ({ value }) => value === 'from the next agent',
    );
    assert.deepEqual(after.map((one) => one.pid).sort(), [...workers].sort());
    await upstream.until(() => upstream.open[0]?.published.size === 3);
    assert.deepEqual(upstream.open[0]?.published, new Set([agent, ...workers]));
    assert.deepEqual(
      upstream.sessions.map((session) => session.pid),
      [killed, agent],
    );
  });

  it('closes the real client when it is told to end, and leaves no process', async () => {
    const pids = [...application.agents, ...workers];
    const [session] = upstream.open;
    assert.equal(await application.stop(), 0, application.output);
    assert.deepEqual(pids.filter(isAlive), []);
    await upstream.until(() => session?.isOpen === false);
    assert.equal(session?.saidBye, true);
  });
});

describe('an Egg 3 application in single mode', { skip, timeout: 60_000 }, () => {
  const upstream = new Upstream({ motd: 'hello' });
  let application: Application;

  before(async () => {
    application = new Application('single', await upstream.listen());
    await application.ready();
  });

  after(async () => {
    await application?.kill();
    await upstream.close();
  });

  it('has one real client for agent and application', async () => {
    const { pid } = application.child;
    assert.deepEqual(
      upstream.sessions.map((session) => session.pid),
      [pid],
    );
  });

  it('brings the subscribed value, answers calls by promise and by callback, and sets', async () => {
    const { pid } = application.child;
    for (const path of ['/subscribed/motd', '/promise/motd', '/callback/motd']) {
      assert.deepEqual(await application.ask('GET', path), { pid, value: 'hello', seenBy: pid }, path);
    }
    await application.ask('PUT', '/values/motd', { value: 'set' });
    await application.askEach(1, '/subscribed/motd', ({ value }) => value === 'set');
  });

  it("hands on a method's own error", async () => {
    const { name, message, code } = await application.ask('GET', '/refused');
    assert.deepEqual([name, message, code], ['RangeError', 'a key is expected', 'E_REGISTRY_KEY']);
  });

  it('closes the real client once when it is closed', async () => {
    const [session] = upstream.open;
    assert.equal(await application.stop(), 0, application.output);
    await upstream.until(() => session?.isOpen === false);
    assert.equal(session?.saidBye, true);
  });
});
