import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Topics } from '../../lib/topics.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { until } from '../helpers/until.js';
import { connected, Follower, Upstream } from './upstream.js';

describe('topics', () => {
  it('ask upstream once per key, whoever subscribes, and give each value to all', () => {
    const { topics, upstream, push } = connected();
    const [one, other] = [new Follower(), new Follower()];
    topics.subscribe('a', 'reg a', one);
    topics.subscribe('a', 'reg a', other);
    topics.subscribe('b', 'reg b', one);
    push('reg a', 1);
    push('reg b', 2);
    assert.deepEqual(upstream.asked, ['+reg a', '+reg b']);
    assert.deepEqual(one.values, [
      ['a', 1, undefined],
      ['b', 2, undefined],
    ]);
    assert.deepEqual(other.values, [['a', 1, undefined]]);
    assert.deepEqual(one.revisions, [1, 2]);
    assert.equal(topics.size, 2);
  });

  it('encode a value once, whatever the number of subscribers', () => {
    const { topics, push } = connected();
    const payloads = new Set<unknown>();
    for (let n = 0; n < 3; n += 1) {
      topics.subscribe('a', 'a', {
        isReady: true,
        shares: () => 1,
        deliver: ({ value }) => payloads.add(value),
      });
    }
    push('a', { large: 'value' });
    assert.equal(payloads.size, 1);
  });

  it('give who comes late the newest value, and know it', () => {
    const { topics, push } = connected();
    topics.subscribe('a', 'a', new Follower());
    assert.equal(topics.newest('a'), undefined);
    push('a', 'old');
    push('a', 'new');
    const late = new Follower();
    topics.subscribe('a', 'a', late);
    assert.deepEqual(late.values, [['a', 'new', undefined]]);
    assert.deepEqual(late.revisions, [2]);
    assert.equal(topics.newest('a')?.revision, 2);
    assert.equal(topics.newest('b'), undefined);
  });

  it('keep a copy of a Buffer, which the real client may use again', () => {
    const { topics, push } = connected();
    topics.subscribe('a', 'a', new Follower());
    const bytes = Buffer.from('abc');
    push('a', bytes);
    bytes.fill(0);
    const late = new Follower();
    topics.subscribe('a', 'a', late);
    assert.deepEqual(late.values, [['a', Buffer.from('abc'), undefined]]);
  });

  it('that were subscribed to before there is a real client are asked for when there is, and by the next one again', () => {
    const topics = new Topics({
      codec: msgpack(),
      maxMessageBytes: 1024,
      isBroadcast: true,
      mayAct: () => true,
      linger: 0,
      onError: assert.fail,
    });
    topics.subscribe('a', 'a', new Follower());
    const [first, second] = [new Upstream(), new Upstream()];
    topics.connect(first);
    topics.connect(second);
    assert.deepEqual([first.asked, second.asked], [['+a'], ['+a']]);
  });
});

describe('what goes wrong upstream', () => {
  it('is reported where it throws, and the others are asked all the same', async () => {
    const { topics, upstream, errors } = connected();
    upstream.subscribe = (reg) => {
      upstream.asked.push(`+${reg}`);
      throw new Error(`cannot subscribe to ${reg}`);
    };
    upstream.unsubscribe = () => {
      throw new Error('cannot unsubscribe');
    };
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    topics.subscribe('b', 'b', follower);
    topics.connect(upstream);
    topics.unsubscribe('a', follower);
    await until(() => topics.size === 1);
    assert.deepEqual(upstream.asked, ['+a', '+b', '+a', '+b']);
    assert.deepEqual(errors.map(String), [
      'Error: cannot subscribe to a',
      'Error: cannot subscribe to b',
      'Error: cannot subscribe to a',
      'Error: cannot subscribe to b',
      'Error: cannot unsubscribe',
    ]);
  });

  it('is reported where a value is longer than is allowed', () => {
    const { topics, push, errors } = connected();
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    push('a', 'x'.repeat(1024));
    assert.deepEqual(follower.values, []);
    assert.equal(Reflect.get(errors[0] as Error, 'code'), 'ERR_CLUSTER_MESSAGE_TOO_LARGE');
  });

  it('is reported where a value cannot be encoded, and the last one stays', () => {
    const { topics, push, errors } = connected();
    const follower = new Follower();
    topics.subscribe('a', 'a', follower);
    push('a', 1);
    push('a', () => {});
    assert.deepEqual(follower.values, [['a', 1, undefined]]);
    assert.equal(Reflect.get(errors[0] as Error, 'code'), 'ERR_CLUSTER_ENCODE');
    assert.equal(topics.newest('a')?.revision, 1);
  });
});
