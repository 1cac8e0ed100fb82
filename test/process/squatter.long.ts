import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type ClusterOptions, close, cluster } from 'cluster-client';
import { fileRecord } from '../../lib/record.js';
import { openRuntime } from '../../lib/runtime.js';
import { freePort } from '../helpers/free-port.js';
import { isolated } from '../helpers/isolated.js';
import { RegistryClient } from '../helpers/registry-client.js';
import { until } from '../helpers/until.js';
import { clusterPorts } from './members.js';
import { type Manner, Squatter } from './squatter.js';

const canSwitchUser = process.platform === 'linux' && process.getuid?.() === 0;
const skip = !canSwitchUser && 'only root can run a process as another user';
/** Half a second is given to the silent; what is found out by waiting for a time-out takes longer than this. ms */
const PROMPT = 3_000;
const CANARY = 'only for the leader';

/** With the code that the victim gets. */
const manners: [Manner, string][] = [
  ['says nothing', 'ERR_CLUSTER_PORT_SILENT'],
  ['is stopped', 'ERR_CLUSTER_PORT_SILENT'],
  ['drips', 'ERR_CLUSTER_PORT_SILENT'],
  ['closes', 'ERR_CLUSTER_PORT_TAKEN'],
  ['resets', 'ERR_CLUSTER_PORT_TAKEN'],
  ['speaks HTTP', 'ERR_CLUSTER_PORT_HTTP'],
  ['answers as a leader of 3.x', 'ERR_CLUSTER_PORT_TAKEN'],
  ['forges a challenge', 'ERR_CLUSTER_AUTH'],
  ['forges a goodbye', 'ERR_CLUSTER_PORT_TAKEN'],
  ['echoes', 'ERR_CLUSTER_PORT_TAKEN'],
];

async function squatting(t: TestContext, manner: Manner, port?: number): Promise<[Squatter, number]> {
  const squatter = new Squatter(t, manner, port);
  const held = await squatter.port();
  if (manner === 'is stopped') squatter.stop();
  return [squatter, held];
}

/** A client that asks for something in every way, and what came of it. */
function victim(t: TestContext, options: ClusterOptions) {
  const built: RegistryClient[] = [];
  const onBuild = (real: RegistryClient) => void built.push(real);
  const client = cluster(RegistryClient, options).create({ label: CANARY, onBuild });
  client.on('error', () => {});
  t.after(() => close(client));
  const values: unknown[] = [];
  client.subscribe({ key: 'database.url' }, (value) => values.push(value));
  client.publish({ key: 'database.url', value: CANARY });
  const call = client.getAsync(CANARY).then(
    () => 'answered',
    ({ code }: { code: string }) => code,
  );
  return { client, values, call, built };
}

/** Nothing of what is asked, of whom, or of how we are set up. */
function assertLearnedNothing(squatter: Squatter): void {
  const heard = squatter.heard.toString('latin1');
  for (const text of [CANARY, 'database.url', 'getAsync', 'Registry', 'msgpack', 'subscribe"'])
    assert.ok(!heard.includes(text), `it heard ${text}`);
  assert.doesNotMatch(heard.replaceAll('register_channel', ''), /channel"?:"?\w/);
}

describe('a port that was given, and that a process of another user holds', { skip }, () => {
  for (const [manner, code] of manners) {
    it(`fails ready promptly, and tells who it is and nothing to it: one that ${manner}`, async (t) => {
      const [squatter, port] = await squatting(t, manner);
      for (const isLeader of [undefined, false, true]) {
        const begun = performance.now();
        const { client, values, call } = victim(t, {
          ...isolated(t),
          port,
          isLeader,
          connectTimeout: 60_000,
        });
        await assert.rejects(client.ready(), (error: Error & { code: string }) => {
          assert.equal(error.code, code, error.message);
          assert.match(error.message, new RegExp(`port ${port} on 127.0.0.1 .* of uid 65534`));
          return true;
        });
        const took = performance.now() - begun;
        assert.ok(took < PROMPT, `${took} ms`);
        t.diagnostic(`isLeader ${isLeader}: ${Math.round(took)} ms`);
        assert.equal(await call, code);
        await close(client);
        assert.deepEqual(values, []);
      }
      assertLearnedNothing(squatter);
    });
  }

  it('is given up for no relay to the leader, which listens elsewhere', async (t) => {
    const options = { ...isolated(t), secret: 'a secret of sixteen bytes' };
    const target = await freePort();
    const leader = cluster(RegistryClient, { ...options, port: target }).create({});
    await leader.ready();
    const squatter = new Squatter(t, 'relays', 0, target);
    const port = await squatter.port();
    // Another group, so that no record tells the victim where its leader is.
    const { client, values } = victim(t, { ...options, ...isolated(t), port, isLeader: false });
    await assert.rejects(client.ready(), { code: 'ERR_CLUSTER_AUTH' });
    assert.deepEqual(values, []);
    assertLearnedNothing(squatter);
    await close(client);
    await close(leader);
  });
});

describe('a derived port that a process of another user holds', { skip }, () => {
  for (const [manner] of manners) {
    it(`is passed over by all processes alike: one that ${manner}`, async (t) => {
      const options = isolated(t);
      const first = cluster(RegistryClient, options).create({ label: CANARY });
      await first.ready();
      await close(first);
      const [squatter] = await squatting(t, manner, clusterPorts(options)[0]);
      const leader = victim(t, options);
      await leader.client.ready();
      assert.equal(leader.client.isClusterClientLeader, true);
      const follower = victim(t, options);
      await follower.client.ready();
      assert.deepEqual(await Promise.all([leader.call, follower.call]), ['answered', 'answered']);
      assert.equal(follower.built.length, 0);
      leader.built[0]?.push('database.url', 'genuine');
      await until(() => follower.values.length > 0 && leader.values.length > 0);
      assert.deepEqual([leader.values, follower.values], [['genuine'], ['genuine']]);
      assertLearnedNothing(squatter);
      await close(follower.client);
      await close(leader.client);
    });
  }
});

describe('the port of a leader that died, taken by a process of another user', { skip }, () => {
  it('is no leader that hangs: nobody waits three beats for it', async (t) => {
    const options = { ...isolated(t), name: 'Config' };
    const [, port] = await squatting(t, 'says nothing');
    const { folder = '' } = openRuntime({ ...options, secrets: undefined }, assert.fail);
    const record = fileRecord({ folder, channel: 'Config', restore: () => {}, warn: assert.fail });
    assert.ok(record.claim(undefined, { epoch: 1, address: { host: '127.0.0.1', port }, pid: 1 }, false));
    const begun = performance.now();
    const { client } = victim(t, options);
    await client.ready();
    assert.ok(performance.now() - begun < PROMPT, 'a beat is 20 s');
    assert.equal(client.isClusterClientLeader, true);
    await close(client);
  });
});
