import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { temporaryFolder } from '../../helpers/folder.js';
import { freePort } from '../../helpers/free-port.js';
import { command, missing } from '../../helpers/services.js';
import { clusterClientOf, npmPackage } from '../packages.js';
import { Program } from './program.js';
import { Server, zookeeper } from './server.js';

const java = command('java', '--no-install-recommends default-jre-headless');
const setpriv = command('setpriv', 'util-linux');
const skip = missing(npmPackage('zookeeper-cluster-client'), java, setpriv, zookeeper);

describe('zookeeper-cluster-client 3 at a ZooKeeper server', { skip, timeout: 110_000 }, () => {
  const programs: Program[] = [];
  let server: Server;

  function start(group: { port?: number; folder: string }): Program {
    const program = new Program({ connectionString: server.connectionString, ...group });
    programs.push(program);
    return program;
  }

  async function newGroup() {
    return { port: await freePort(), folder: temporaryFolder() };
  }

  /** Of several that are ready. @returns the one that leads, then the others. */
  async function leaderFirst(...all: Program[]): Promise<Program[]> {
    const leads = await Promise.all(all.map((program) => program.ask('isLeader')));
    assert.equal(leads.filter((one) => one === true).length, 1, `${leads}`);
    return [...all.filter((_, index) => leads[index]), ...all.filter((_, index) => !leads[index])];
  }

  async function sessionsAre(count: number): Promise<void> {
    while ((await server.sessions()) !== count);
  }

  before(async () => {
    server = await Server.start();
  });

  afterEach(async () => {
    await Promise.all(programs.splice(0).map((program) => program.kill()));
    await sessionsAre(0);
  });

  after(() => server?.stop());

  it('is given this cluster-client', () => {
    const { file, version } = clusterClientOf('zookeeper-cluster-client');
    assert.equal(file, resolve('dist/cjs/lib/index.cjs'));
    assert.match(version, /^4\./);
  });

  it('as it comes, has all clients of one process share one connection', async () => {
    const program = start({ folder: temporaryFolder() });
    await program.ready();
    assert.equal(await program.ask('create', '/alone', 'a value'), '/alone');
    assert.equal(await program.ask('get', '/alone'), 'a value');
    assert.equal(await program.ask('getByAnother', '/alone'), 'a value');
    assert.equal(await server.sessions(), 1);
    await program.ask('watch', '/alone');
    await program.sees('/alone');
    await program.ask('create', '/alone/child', '');
    await program.sees('/alone', 'child');
  });

  it('shares one connection among processes: nodes, data and children are the same from each', async () => {
    const group = await newGroup();
    const both = [start(group), start(group)];
    await Promise.all(both.map((program) => program.ready()));
    const [leader, follower] = (await leaderFirst(...both)) as [Program, Program];
    assert.equal(await server.sessions(), 1);

    assert.equal(await leader.ask('create', '/shared', 'by the leader'), '/shared');
    assert.equal(await follower.ask('get', '/shared'), 'by the leader');
    await follower.ask('set', '/shared', 'by the follower');
    assert.equal(await leader.ask('get', '/shared'), 'by the follower');
    assert.equal(await follower.ask('create', '/shared/b', ''), '/shared/b');
    assert.equal(await leader.ask('create', '/shared/a', ''), '/shared/a');
    for (const program of both) {
      assert.deepEqual(await program.ask('children', '/shared'), ['a', 'b']);
      assert.equal(await program.ask('exists', '/shared/a'), true);
      assert.equal(await program.ask('exists', '/shared/c'), false);
    }
    assert.equal(await server.sessions(), 1);
  });

  it("hands every process ZooKeeper's own error: name, message and code", async () => {
    const group = await newGroup();
    const both = [start(group), start(group)];
    await Promise.all(both.map((program) => program.ready()));
    for (const program of both) {
      await assert.rejects(program.ask('get', '/nowhere'), {
        name: 'NO_NODE',
        message: 'Exception: NO_NODE[-101]',
        code: -101,
      });
    }
  });

  it('fires the watches of every process, whichever of them makes the change', async () => {
    const group = await newGroup();
    const both = [start(group), start(group)];
    await Promise.all(both.map((program) => program.ready()));
    const [leader, follower] = (await leaderFirst(...both)) as [Program, Program];
    await leader.ask('create', '/watched', '');
    for (const program of both) await program.ask('watch', '/watched');
    await Promise.all(both.map((program) => program.sees('/watched')));
    await leader.ask('create', '/watched/a', '');
    await Promise.all(both.map((program) => program.sees('/watched', 'a')));
    await follower.ask('create', '/watched/b', '');
    await Promise.all(both.map((program) => program.sees('/watched', 'a', 'b')));
    assert.equal(await server.sessions(), 1);
  });

  it('loses none of many watches that fire at once', async () => {
    const group = await newGroup();
    const both = [start(group), start(group)];
    await Promise.all(both.map((program) => program.ready()));
    const [leader] = (await leaderFirst(...both)) as [Program, Program];
    const paths = Array.from({ length: 50 }, (_, index) => `/many-${index}`);
    await Promise.all(paths.map((path) => leader.ask('create', path, '')));
    const seen = async (...children: string[]) => {
      for (const program of both) await Promise.all(paths.map((path) => program.sees(path, ...children)));
    };
    await Promise.all(both.flatMap((program) => paths.map((path) => program.ask('watch', path))));
    await seen();
    await Promise.all(paths.map((path) => leader.ask('create', `${path}/child`, '')));
    await seen('child');
  });

  it('goes on when the leader is killed: the other takes over, both it and a newcomer watch, over one connection', async () => {
    const group = await newGroup();
    const both = [start(group), start(group)];
    await Promise.all(both.map((program) => program.ready()));
    const [leader, follower] = (await leaderFirst(...both)) as [Program, Program];
    await leader.ask('create', '/survives', '');
    for (const program of both) await program.ask('watch', '/survives');
    await Promise.all(both.map((program) => program.sees('/survives')));

    await leader.kill();
    while ((await follower.ask('isLeader')) !== true);
    assert.equal(await follower.ask('create', '/survives/a', ''), '/survives/a');
    await follower.sees('/survives', 'a');
    await sessionsAre(1);

    const newcomer = start(group);
    await newcomer.ready();
    assert.deepEqual(await leaderFirst(newcomer, follower), [follower, newcomer]);
    await newcomer.ask('watch', '/survives');
    await newcomer.sees('/survives', 'a');
    await newcomer.ask('create', '/survives/b', '');
    for (const program of [follower, newcomer]) await program.sees('/survives', 'a', 'b');
    assert.equal(await server.sessions(), 1);
  });
});
