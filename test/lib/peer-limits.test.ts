import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { fromFault } from '../../protocol/fault.js';
import type { Message } from '../../protocol/message.js';
import { until } from '../helpers/until.js';
import { invoke, peered, subscribe } from './peers.js';

const codec = msgpack();
const error = ({ value }: { value: { bytes: Buffer } }) =>
  fromFault(codec.decode(value.bytes)) as Error & { code: string; limit?: string; most?: number };
const publish = (id: number, reg: string): Message => ({
  type: 'publish',
  id,
  epoch: 0,
  sequence: 0,
  key: 'k',
  reg: { bytes: Buffer.from(codec.encode(reg)), raw: false },
});

describe('a follower that asks for more than a limit allows', () => {
  it('has calls refused beyond those that run, and is served again when one is done', async () => {
    const { far, inbox, backend, owner } = await peered({ maxCallsPerLink: 2 });
    for (const id of [1, 2, 3]) far.send(invoke(id));
    await until(() => inbox.of('result').length === 1);
    const [refused] = inbox.of('result');
    assert.ok(refused?.id === 3 && refused.fault);
    const { code, limit, most } = error(refused);
    assert.deepEqual([code, limit, most], ['ERR_CLUSTER_LIMIT', 'maxCallsPerLink', 2]);
    assert.deepEqual(owner.refused, ['calls']);
    backend.asked[0]?.done?.(undefined, ['done']);
    far.send(invoke(4));
    await until(() => backend.asked.length === 3);
    assert.deepEqual(owner.refused, ['calls']);
  });

  it('may ask for more when it gives calls up, up to twice as many that run', async () => {
    const { far, inbox, backend, owner } = await peered({ maxCallsPerLink: 2 });
    for (const id of [1, 2]) {
      far.send(invoke(id));
      far.send({ type: 'cancel', id });
      far.send({ type: 'cancel', id });
    }
    for (const id of [3, 4, 5]) far.send(invoke(id));
    await until(() => inbox.of('result').length === 1);
    assert.equal(inbox.of('result')[0]?.id, 5);
    for (const { done } of backend.asked.slice(0, 2)) done?.(undefined, ['late']);
    backend.asked[2]?.done?.(undefined, ['in time']);
    for (const id of [6, 7]) far.send(invoke(id));
    await until(() => inbox.of('result').length === 3);
    assert.deepEqual(
      inbox.of('result').map(({ id, fault }) => [id, fault]),
      [
        [5, true],
        [3, false],
        [7, true],
      ],
    );
    assert.deepEqual(owner.refused, ['calls', 'calls']);
  });

  it('has keys refused beyond those that it has, but not those that it has already, nor after it gave one up', async () => {
    const { far, inbox, backend, owner } = await peered({ maxKeysPerLink: 2 });
    for (const key of ['a', 'b', 'a', 'c']) far.send(subscribe(key));
    await until(() => inbox.of('value').some(({ fault }) => fault));
    const refused = inbox.of('value').filter(({ fault }) => fault);
    assert.deepEqual(
      refused.map((message) => [message.key, error(message).code, error(message).limit]),
      [['c', 'ERR_CLUSTER_LIMIT', 'maxKeysPerLink']],
    );
    assert.equal(backend.topics.size, 2);
    far.send({ type: 'unsubscribe', key: 'a' });
    far.send(subscribe('c'));
    await until(() => backend.topics.newest('c') !== undefined || backend.topics.size >= 2);
    far.send(invoke(1));
    await until(() => backend.asked.length === 1);
    assert.deepEqual(owner.refused, ['keys']);
  });

  it('is told of a subscription whose reg cannot be read, and keeps its link', async () => {
    const { far, inbox, near } = await peered();
    far.send({ type: 'subscribe', key: 'k', reg: { bytes: Buffer.of(0xdc, 0xff), raw: false } });
    await until(() => inbox.of('value').length === 1);
    const [told] = inbox.of('value');
    assert.ok(told?.fault && told.key === 'k');
    assert.equal(error(told).code, 'ERR_CLUSTER_DECODE');
    assert.equal(near.closed, undefined);
  });

  it('that makes a call again while it runs has its link closed, which is counted', async () => {
    const { far, inbox, owner } = await peered();
    far.send(invoke(1));
    far.send(invoke(1));
    await until(() => inbox.closes.length === 1);
    assert.equal(Reflect.get(inbox.closes[0] ?? {}, 'code'), 'ERR_CLUSTER_PROTOCOL');
    assert.deepEqual(owner.refused, ['violations']);
  });

  it('that sends one heartbeat after the other and reads no reply is not given more and more of them', async () => {
    const { far, near } = await peered();
    far.link.pause();
    for (let count = 0; count < 100_000; count += 1) {
      far.send({ type: 'heartbeat', id: 0, reply: false });
      if (count % 1000 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    far.flush();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(near.queuedBytes <= 2 * 1024 * 1024, `${near.queuedBytes} bytes`);
  });

  it('has publications refused with a fault', async () => {
    const { far, inbox, owner, backend } = await peered();
    backend.publish = () =>
      Promise.reject(Object.assign(new Error('too many'), { code: 'ERR_CLUSTER_LIMIT' }));
    far.send(publish(1, 'one'));
    await until(() => inbox.of('published').length === 1);
    assert.equal(inbox.of('published')[0]?.fault, true);
    assert.deepEqual(owner.refused, ['keys']);
  });
});
