import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, type TestContext } from 'node:test';
import type { ClusterError } from '../../lib/errors.js';
import { Publication } from '../../lib/publications.js';
import type { RegistryClient } from '../helpers/registry-client.js';
import { until } from '../helpers/until.js';
import { EPOCH, type LeaderSettings, leading, standstill } from './leaders.js';

const GATE = 100;
const SUPERSEDED = 'ERR_CLUSTER_SUPERSEDED';

/** One whose real client is ready, and whose time is the test's. */
async function ready(t: TestContext, settings: LeaderSettings = {}) {
  const pass = standstill(t);
  const all = leading(settings);
  all.leader.start();
  await until(() => all.heard.readies === 1);
  t.after(() => all.leader.close());
  /** Another process takes over, and this one has not looked for so long that it looks again. */
  const replace = () => {
    all.record.replaced = true;
    pass(GATE + 1);
  };
  return { ...all, real: all.built[0] as RegistryClient, pass, replace };
}

describe('a leader', () => {
  it('looks whether it still is one before it acts, but not again within 100 ms', async (t) => {
    const { call, record, pass, real, settled } = await ready(t);
    assert.equal(record.asked, 1, 'before it has built the real client');
    pass(GATE);
    for (let times = 0; times < 5; times += 1) call('getAsync');
    assert.equal(record.asked, 1);
    pass(1);
    for (let times = 0; times < 5; times += 1) call('getAsync');
    assert.equal(record.asked, 2);
    await until(() => settled.length === 10);
    assert.equal(real.callsOf('getAsync').length, 10);
  });

  it('need not look within 100 ms of the claim that made it one', (t) => {
    const pass = standstill(t);
    const { leader, record } = leading({ heldAt: 0 });
    t.after(() => leader.close());
    pass(GATE);
    assert.equal(leader.mayAct(), true);
    assert.equal(record.asked, 0);
    pass(1);
    assert.equal(leader.mayAct(), true);
    assert.equal(record.asked, 1);
  });

  it('looks before each kind of act', async (t) => {
    const { call, role, record, pass, real, leader } = await ready(t);
    const acts: (() => unknown)[] = [
      () => call('getAsync'),
      () => call('oneway', true),
      () => role.subscribe('a', { key: 'a' }),
      () => real.push('a', 1),
      () => role.publish(new Publication('p', { key: 'p' })),
      () => leader.mayAct(),
    ];
    for (const [index, act] of acts.entries()) {
      pass(GATE + 1);
      act();
      assert.equal(record.asked, index + 2, `${act}`);
    }
    pass(GATE + 1);
    role.unsubscribe('a');
    await until(() => leader.topics.size === 0);
    assert.equal(record.asked, acts.length + 2);
  });

  it('looks once a second where it has nothing to do', (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const pass = standstill(t);
    const { record, heard } = leading();
    for (let seconds = 1; seconds <= 3; seconds += 1) {
      pass(1000);
      t.mock.timers.tick(1000);
      assert.equal(record.asked, seconds);
    }
    assert.deepEqual(heard.losses, []);
  });

  it('that nobody can replace does not look, and needs no timer for that', async (t) => {
    const { leader, call, settled, record } = await ready(t, { replaceable: false });
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
    assert.equal(leader.mayAct(), true);
    call('getAsync');
    await until(() => settled.length === 1);
    assert.equal(record.asked, 0);
  });
});

describe('a leader that was replaced', () => {
  it('leaves the calls of its own process to the next one, and begins nothing', async (t) => {
    const { call, replace, pending, settled, heard, real } = await ready(t);
    replace();
    const left = [call('getAsync'), call('oneway', true)];
    assert.deepEqual(heard.losses, [], 'not in the middle of what was just asked for');
    await until(() => heard.losses.length > 0);
    left.push(call('getAsync'));
    assert.deepEqual(
      left.map(({ sent }) => sent),
      [false, false, false],
    );
    assert.deepEqual([pending.waiting, settled], [3, []]);
    assert.deepEqual([real.callsOf('getAsync'), real.callsOf('oneway')], [[], []]);
  });

  it('tells each of its clients why, once', async (t) => {
    const { leader, call, replace, heard, pending } = await ready(t);
    leader.attach(heard, pending, true);
    replace();
    for (let times = 0; times < 3; times += 1) call('getAsync');
    await leader.close();
    assert.equal(heard.losses.length, 2);
    const { code, message, ...data } = heard.losses[0] as ClusterError;
    assert.equal(code, SUPERSEDED);
    assert.match(message, /process \d+ led channel Config under epoch 7, did not answer, and was replaced/);
    assert.deepEqual([Reflect.get(data, 'channel'), Reflect.get(data, 'epoch')], ['Config', EPOCH]);
    assert.deepEqual([heard.errors, heard.failures], [[], []]);
  });

  it('closes the real client, once', async (t) => {
    const { leader, call, replace, real } = await ready(t);
    replace();
    const closed = once(real, 'real-closed');
    call('getAsync');
    await closed;
    call('getAsync');
    leader.mayAct();
    await leader.close();
    assert.deepEqual([real.closed, leader.closed], [1, true]);
  });

  it('asks the record no more, and has no timer left', async (t) => {
    const { leader, replace, record, pass } = await ready(t);
    assert.ok(process.getActiveResourcesInfo().includes('Timeout'));
    replace();
    assert.equal(leader.mayAct(), false);
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
    const { asked } = record;
    record.replaced = false;
    pass(60_000);
    assert.equal(leader.mayAct(), false, 'what it has seen it has seen');
    assert.equal(record.asked, asked);
  });

  it('tells the real client of no subscription or publication, and its own client of no value', async (t) => {
    const { role, replace, real, heard, leader } = await ready(t);
    role.subscribe('a', { key: 'a' });
    replace();
    real.push('a', 'stale');
    role.subscribe('b', { key: 'b' });
    role.unsubscribe('a');
    const publication = new Publication('p', { key: 'p' });
    role.publish(publication);
    await until(() => !publication.isPending);
    await leader.close();
    assert.deepEqual(
      real.calls.map(({ method }) => method),
      ['subscribe'],
    );
    assert.deepEqual([heard.deliveries, heard.errors, publication.rank.epoch], [[], [], 0]);
  });

  it('lets the methods that are still running know that nobody waits for them', async (t) => {
    const { call, replace, real, leader } = await ready(t);
    const waiting = once(real, 'waiting');
    call('never');
    await waiting;
    const aborted = once(real, 'aborted');
    replace();
    leader.mayAct();
    const [reason] = await aborted;
    assert.equal(Reflect.get(reason as Error, 'code'), SUPERSEDED);
  });

  it('finds out by itself where nothing is asked of it', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { record, heard, pass } = await ready(t);
    record.replaced = true;
    pass(1000);
    t.mock.timers.tick(1000);
    await until(() => heard.losses.length > 0);
    assert.equal(Reflect.get(heard.losses[0] as Error, 'code'), SUPERSEDED);
  });
});
