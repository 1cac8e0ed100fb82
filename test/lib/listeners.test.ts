import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Listener } from '../../lib/subscriptions.js';
import { until } from '../helpers/until.js';
import { delivery, listener, nextTick, subscriptions } from './deliveries.js';

describe('a listener', () => {
  it('that throws, rejects or fails as a generator is reported, and the others are called', async () => {
    const { subject, errors } = subscriptions();
    const last = listener();
    subject.add(
      'a',
      1,
      () => {
        throw new Error('thrown');
      },
      true,
    );
    subject.add('a', 1, (async () => Promise.reject(new Error('rejected'))) as Listener, true);
    subject.add(
      'a',
      1,
      function* () {
        yield Promise.resolve();
        throw new Error('in a generator');
      } as unknown as Listener,
      true,
    );
    subject.add('a', 1, last, true);
    subject.deliver(delivery('a', 'x', 1), 1);
    assert.deepEqual(last.values, ['x']);
    await until(() => errors.length === 3);
    assert.deepEqual(errors.map(String).sort(), [
      'Error: in a generator',
      'Error: rejected',
      'Error: thrown',
    ]);
  });

  it('that is removed by one before it is still called, that is added meanwhile is not called twice', async () => {
    const { subject } = subscriptions();
    const [second, added] = [listener(), listener()];
    subject.add(
      'a',
      1,
      () => {
        subject.remove('a', second);
        subject.add('a', 1, added, true);
      },
      true,
    );
    subject.add('a', 1, second, true);
    subject.deliver(delivery('a', 'x', 1), 1);
    await nextTick();
    assert.deepEqual([second.values, added.values], [['x'], ['x']]);
  });

  it('is told nothing of a value that cannot be decoded, which is reported', () => {
    const { subject, errors } = subscriptions();
    const heard = listener();
    subject.add('a', 1, heard, true);
    const truncated = { bytes: Buffer.from([0xdb, 0, 0, 0, 9]), raw: false };
    subject.deliver({ ...delivery('a', 'x', 1), value: truncated }, 1);
    assert.deepEqual(heard.values, []);
    assert.equal(Reflect.get(errors[0] as Error, 'code'), 'ERR_CLUSTER_DECODE');
  });
});

describe('a first value that is expected', () => {
  it('and does not come is reported', async () => {
    const { subject, errors } = subscriptions();
    subject.add('a', 1, listener(), true);
    subject.expectFirst('a', 1);
    subject.expectFirst('never subscribed', 1);
    await until(() => errors.length > 0);
    const expected = { code: 'ERR_CLUSTER_SUBSCRIBE_TIMEOUT', key: 'a', timeout: 1 };
    assert.throws(() => {
      throw errors[0];
    }, expected);
    assert.ok(!process.getActiveResourcesInfo().includes('Timeout'));
  });

  it('is not waited for any more once it has come, was there before, or is not wanted', () => {
    const { subject } = subscriptions();
    const waits = () => process.getActiveResourcesInfo().includes('Timeout');
    const wait = (key: string) => {
      subject.add(key, 1, listener(), true);
      subject.expectFirst(key, 60_000);
      assert.ok(waits());
    };
    wait('a');
    subject.deliver(delivery('a', 'x', 1), 1);
    assert.ok(!waits());
    subject.expectFirst('a', 60_000);
    assert.ok(!waits());
    wait('b');
    subject.remove('b');
    assert.ok(!waits());
    wait('c');
    subject.clear();
    assert.ok(!waits());
    assert.equal(subject.size, 0);
  });
});
