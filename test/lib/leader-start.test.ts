import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { isPending, until } from '../helpers/until.js';
import { leading, standstill } from './leaders.js';

/** A promise that the test resolves. */
function gate() {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

describe('a leader that has to wait for the one before', () => {
  it('builds the real client when that is over, and not before', async (t) => {
    const { opened, open } = gate();
    const { leader, built, heard } = leading();
    t.after(() => leader.close());
    leader.start(opened);
    assert.ok(await isPending(opened));
    assert.equal(built.length, 0);
    open();
    await until(() => heard.readies === 1);
    assert.equal(built.length, 1);
  });

  it('builds it in the same tick where there is nobody to wait for', (t) => {
    const { leader, built } = leading();
    t.after(() => leader.close());
    leader.start();
    assert.equal(built.length, 1);
  });

  it('builds none where it was replaced meanwhile, and tells its clients', async (t) => {
    const pass = standstill(t);
    const { opened, open } = gate();
    const { leader, built, heard, record } = leading();
    leader.start(opened);
    record.replaced = true;
    pass(101);
    open();
    await until(() => heard.losses.length === 1);
    await leader.close();
    assert.deepEqual([built.length, heard.readies], [0, 0]);
  });

  it('builds none where it was closed meanwhile', async () => {
    const { opened, open } = gate();
    const { leader, built, heard, record } = leading();
    leader.start(opened);
    const closed = leader.close();
    open();
    await closed;
    assert.deepEqual([built.length, heard.losses, record.asked], [0, [], 0]);
  });
});

describe('a leader that is replaced, or closed, while the real client starts', () => {
  const LEAVING = { type: 'parked', state: 'leaving' };

  it('closes it once that is over, asks nothing of it, and is not ready any more', async (t) => {
    for (const replaced of [true, false]) {
      const pass = standstill(t);
      const { opened, open } = gate();
      const { leader, role, built, heard, record } = leading({ real: { readyAfter: opened } });
      role.subscribe('a', { key: 'a' });
      leader.start();
      record.replaced = replaced;
      pass(101);
      assert.equal(leader.mayAct(), !replaced);
      const closed = leader.close();
      assert.ok(await isPending(closed));
      assert.equal(built[0]?.closed, 0);
      open();
      await closed;
      assert.deepEqual([built.length, built[0]?.closed, built[0]?.calls], [1, 1, []]);
      assert.deepEqual([heard.readies, heard.losses.length], [0, replaced ? 1 : 0]);
      assert.deepEqual(leader.channel.outcome(), LEAVING);
      assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
      t.mock.restoreAll();
    }
  });

  it('does not report that it could not start, nor tries again', async (t) => {
    const pass = standstill(t);
    const { opened, open } = gate();
    const readyAfter = opened.then(() => Promise.reject(new Error('no route')));
    const { leader, heard, record } = leading({ real: { readyAfter } });
    leader.start();
    record.replaced = true;
    pass(101);
    leader.mayAct();
    open();
    await leader.close();
    assert.deepEqual([heard.failures, heard.errors, heard.losses.length], [[], [], 1]);
    assert.deepEqual(leader.channel.outcome(), LEAVING);
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });
});

describe('a leader whose real client could not start', () => {
  it('builds another after a while, unless it was replaced by then', async (t) => {
    for (const replaced of [false, true]) {
      const pass = standstill(t);
      t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
      const { leader, built, heard, record } = leading({ real: { failWith: new Error('no route') } });
      leader.start();
      await until(() => heard.failures.length === 1);
      record.replaced = replaced;
      pass(2000);
      // The first pause is of 1 s, give or take a quarter.
      t.mock.timers.tick(749);
      assert.equal(built.length, 1);
      t.mock.timers.tick(501);
      assert.equal(built.length, replaced ? 1 : 2);
      await until(() => (replaced ? heard.losses : heard.failures).length === (replaced ? 1 : 2));
      assert.equal(built[0]?.closed, 1);
      await leader.close();
      t.mock.timers.tick(60_000);
      assert.equal(built.length, replaced ? 1 : 2);
      t.mock.timers.reset();
      t.mock.restoreAll();
    }
  });

  it('closes what is left of it, and tries no more, once it was replaced', async (t) => {
    const pass = standstill(t);
    const { leader, built, heard, record } = leading({ real: { failWith: new Error('no route') } });
    leader.start();
    await until(() => heard.failures.length === 1);
    assert.ok(process.getActiveResourcesInfo().includes('Timeout'));
    record.replaced = true;
    pass(101);
    assert.equal(leader.mayAct(), false);
    await leader.close();
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
    assert.deepEqual([built.length, built[0]?.closed, heard.losses.length], [1, 1, 1]);
  });
});
