import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { connectionPair, Inbox } from '../helpers/links.js';
import type { RegistryClient } from '../helpers/registry-client.js';
import { until } from '../helpers/until.js';
import { ADMITTED } from './handshakes.js';
import { leading, standstill } from './leaders.js';
import { invoke, subscribe, turn } from './peers.js';

/** A leader of its own client and of two followers, whose time is the test's. */
async function led(t: TestContext) {
  const pass = standstill(t);
  const all = leading({ isCheckHeartbeat: false });
  const { leader, heard, record } = all;
  leader.start();
  await until(() => heard.readies === 1);
  t.after(() => leader.close());
  const follow = async () => {
    const { near, far } = await connectionPair();
    leader.channel.accept(near, ADMITTED, leader.channel.outcome());
    return { far, inbox: new Inbox(far) };
  };
  const followers = [await follow(), await follow()] as const;
  const replace = () => {
    record.replaced = true;
    pass(101);
  };
  return { ...all, followers, follow, replace, real: all.built[0] as RegistryClient };
}

const codes = (errors: Error[]) => errors.map((error) => Reflect.get(error, 'code'));

describe('the followers of a leader that was replaced', () => {
  it('are all told so, and nothing of what one of them has asked for is begun', async (t) => {
    const { followers, replace, real, leader } = await led(t);
    const [{ far, inbox }, other] = followers;
    replace();
    far.send(invoke(1, { method: 'getAsync' }));
    far.send(subscribe('a'));
    await until(() => inbox.closes.length > 0 && other.inbox.closes.length > 0);
    for (const { closes } of [inbox, other.inbox])
      assert.deepEqual(codes(closes), ['ERR_CLUSTER_SUPERSEDED']);
    assert.match(inbox.closes[0]?.message ?? '', /led channel Config under epoch 7, did not answer/);
    assert.deepEqual([inbox.messages, real.calls, leader.channel.followers], [[], [], 0]);
  });

  it('get no answer to what was begun before', async (t) => {
    const { followers, replace, leader, real } = await led(t);
    const [{ far, inbox }] = followers;
    const answers: ((value: unknown) => void)[] = [];
    real.getAsync = () => new Promise((resolve) => answers.push(resolve));
    for (const id of [1, 2]) far.send(invoke(id, { method: 'getAsync' }));
    await until(() => answers.length === 2);
    answers[0]?.('in time');
    await until(() => inbox.of('result').length === 1);
    replace();
    leader.mayAct();
    answers[1]?.('too late');
    await until(() => inbox.closes.length > 0);
    assert.deepEqual(
      inbox.of('result').map(({ id }) => id),
      [1],
    );
  });

  it('that come while it closes are told that it is leaving, and then the same', async (t) => {
    const { replace, leader, follow, real } = await led(t);
    let closed = () => {};
    real.close = () =>
      new Promise((resolve) => {
        closed = resolve;
      });
    replace();
    leader.mayAct();
    await turn();
    assert.deepEqual(leader.channel.outcome(), { type: 'parked', state: 'leaving' });
    const { inbox } = await follow();
    closed();
    await until(() => inbox.closes.length > 0);
    assert.deepEqual(codes(inbox.closes), ['ERR_CLUSTER_SUPERSEDED']);
  });
});

describe('a leader that closes of its own accord', () => {
  it('says so, closes the real client, and leaves no timer', async (t) => {
    const { leader, role, followers, real } = await led(t);
    const [{ inbox }] = followers;
    await role.close();
    assert.equal(real.closed, 1);
    await until(() => inbox.closes.length > 0);
    assert.deepEqual(codes(inbox.closes), ['ERR_CLUSTER_LEADER_LEFT']);
    assert.equal(leader.closed, true);
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });
});
