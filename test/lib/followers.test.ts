import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type ClusterOptions, close, cluster, status } from '../../lib/index.js';
import { openRuntime } from '../../lib/runtime.js';
import { memory } from '../../lib/transports/memory.js';
import { encodePayload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { isolated } from '../helpers/isolated.js';
import { Inbox } from '../helpers/links.js';
import { rawFollower } from '../helpers/raw-follower.js';
import { until } from '../helpers/until.js';

/** Pushes what the test says, and answers when the test says. */
class Config {
  listener: (value: unknown) => void = () => {};
  answer: (value: string) => void = () => {};

  constructor(onBuild: (real: Config) => void) {
    onBuild(this);
  }

  subscribe(_reg: string, listener: (value: unknown) => void): void {
    this.listener = listener;
  }

  slow(): Promise<string> {
    return new Promise((resolve) => {
      this.answer = resolve;
    });
  }
}

/** A leader on a network of its own, and the way for others to join it. */
async function led(t: TestContext, given: ClusterOptions = {}) {
  const transport = memory();
  const group = isolated(t);
  const options = { ...group, name: 'Config', transport, port: 7, ...given };
  const built: Config[] = [];
  const make = async () => {
    const one = cluster(Config, options)
      .delegate('slow')
      .create((real) => built.push(real));
    t.after(() => close(one));
    const errors: Error[] = [];
    one.on('error', (error: Error) => errors.push(error));
    await one.ready();
    return { client: one, errors };
  };
  const leader = await make();
  const runtime = openRuntime({ ...group, secrets: undefined }, assert.fail);
  const follow = () => rawFollower(transport, { host: 'memory', port: 7 }, runtime);
  return { ...leader, real: built[0] as Config, make, follow };
}

describe('a follower that gives no sign of life', () => {
  it('is dropped after three intervals, which the leader reports as ClusterClientNoResponseError', async (t) => {
    const { client, follow, errors } = await led(t, { heartbeatInterval: 10 });
    const { connection, outcome } = await follow();
    assert.equal(outcome.type, 'welcome');
    await until(() => status(client).followers === 1);
    const start = performance.now();
    await until(() => status(client).followers === 0);
    assert.ok(performance.now() - start > 30);
    await until(() => errors.length > 0);
    assert.throws(
      () => {
        throw errors[0];
      },
      {
        name: 'ClusterClientNoResponseError',
        code: 'ERR_CLUSTER_FOLLOWER_SILENT',
        pid: 4242,
        channel: 'Config',
        message: /follower 4242 of channel Config at memory:\d+ gave no sign of life for \d+ ms/,
      },
    );
    await until(() => connection.closed !== undefined);
  });

  it('is kept with isCheckHeartbeat: false', async (t) => {
    const [checking, lenient] = await Promise.all([
      led(t, { heartbeatInterval: 10 }),
      led(t, { heartbeatInterval: 10, isCheckHeartbeat: false }),
    ]);
    const kept = await lenient.follow();
    const dropped = await checking.follow();
    await until(() => dropped.connection.closed !== undefined);
    assert.deepEqual([status(lenient.client).followers, lenient.errors], [1, []]);
    assert.equal(kept.connection.closed, undefined);
    kept.connection.destroy(new Error('done'));
  });
});

describe('a follower that waits for one long call', () => {
  it('is kept over many heartbeat intervals, and gets its answer', async (t) => {
    const { client, make, follow, real } = await led(t, { heartbeatInterval: 10, responseTimeout: 60_000 });
    const follower = await make();
    assert.equal(follower.client.isClusterClientLeader, false);
    const call = follower.client.slow();
    // Each of these is silent for more than three intervals.
    for (let silent = 0; silent < 3; silent += 1) {
      const { connection } = await follow();
      await until(() => connection.closed !== undefined);
    }
    assert.equal(status(client).followers, 1);
    real.answer('at last');
    assert.equal(await call, 'at last');
    assert.deepEqual(follower.errors, []);
  });

  it('is kept also where only the follower sends signs of life', async (t) => {
    const { make, follow, real } = await led(t, { heartbeatInterval: 10, isCheckHeartbeat: false });
    const checking = await led(t, { heartbeatInterval: 10 });
    const follower = await make();
    const call = follower.client.slow();
    for (let silent = 0; silent < 3; silent += 1) {
      const { connection } = await checking.follow();
      await until(() => connection.closed !== undefined);
    }
    real.answer('at last');
    assert.equal(await call, 'at last');
    (await follow()).connection.destroy(new Error('done'));
  });
});

describe('a follower whose link is backed up', () => {
  it('gets the newest value once it drains, and how many it missed', async (t) => {
    const { follow, real } = await led(t);
    const { connection } = await follow();
    const inbox = new Inbox(connection);
    const reg = encodePayload(msgpack(), 'db', 'a reg');
    for (const key of ['a', 'b']) connection.send({ type: 'subscribe', key, reg });
    const listeners: Config['listener'][] = [];
    Object.defineProperty(real, 'listener', { set: (listener) => listeners.push(listener) });
    await until(() => listeners.length === 2);
    connection.link.pause();
    const count = 60;
    for (let n = 1; n <= count; n += 1) {
      listeners[0]?.(`${n} ${'x'.repeat(10 * 1024)}`);
      // Within one tick all would be one write.
      await new Promise((resolve) => setImmediate(resolve));
    }
    listeners[1]?.('the only one');
    const textOf = (payload: { bytes: Buffer }) => String(msgpack().decode(payload.bytes));
    connection.link.resume();
    await until(() => inbox.of('value').some(({ value }) => textOf(value) === 'the only one'));
    await until(() => inbox.of('value').some(({ value }) => textOf(value).startsWith(`${count} `)));
    const values = inbox.of('value').filter(({ key }) => key === 'a');
    const numbers = values.map(({ value }) => Number.parseInt(textOf(value), 10));
    assert.ok(values.length < count / 2, `${values.length} values were written`);
    assert.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
    assert.equal(numbers.at(-1), count);
    const missed = values.reduce((sum, value) => sum + value.missed, 0);
    assert.equal(values.length + missed, count);
    assert.equal(inbox.of('value').find(({ key }) => key === 'b')?.missed, 0);
    // From now on every value is written again.
    listeners[0]?.('next');
    await until(() => textOf(inbox.of('value').at(-1)?.value ?? { bytes: Buffer.of(0) }) === 'next');
    assert.equal(inbox.of('value').at(-1)?.missed, 0);
    connection.destroy(new Error('done'));
  });

  it('gets nothing more of a key that it has unsubscribed meanwhile', async (t) => {
    const { follow, real, client } = await led(t);
    const { connection } = await follow();
    const inbox = new Inbox(connection);
    const reg = encodePayload(msgpack(), 'db', 'a reg');
    const subscribed = new Promise<Config['listener']>((resolve) => {
      Object.defineProperty(real, 'listener', { set: resolve });
    });
    connection.send({ type: 'subscribe', key: 'a', reg });
    const listener = await subscribed;
    connection.link.pause();
    listener('x'.repeat(100 * 1024));
    await new Promise((resolve) => setImmediate(resolve));
    listener('skipped');
    connection.send({ type: 'unsubscribe', key: 'a' });
    // An answer to what was sent after it tells that the leader has read it.
    const args = encodePayload(msgpack(), [], 'arguments');
    connection.send({ type: 'invoke', id: 1, timeout: 0, sentAt: 0, method: 'slow', oneway: false, args });
    await until(() => real.answer.name !== 'answer');
    connection.link.resume();
    real.answer('done');
    await until(() => inbox.of('result').length > 0);
    assert.equal(inbox.of('value').length, 1);
    connection.destroy(new Error('done'));
    await until(() => status(client).followers === 0);
  });
});
