import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { APIClientBase, type APIClientOptions, type ClusterFactory, close, cluster } from 'cluster-client';
import co from 'co';
import { isolated, quietLogger } from '../helpers/isolated.js';
import { RegistryClient, type RegistryOptions } from '../helpers/registry-client.js';
import { MODES, open } from './modes.js';

const CLOSE_OF_3X = Symbol.for('ClusterClient#close');

/** A shared client as another copy of the package makes it: with no session, and closed by a symbol. */
class Made extends EventEmitter {
  closed = 0;
  readonly args: unknown[][] = [];

  ready(callback: () => void): void {
    setImmediate(callback);
  }
  delegate(): this {
    return this;
  }
  create(): this {
    return this;
  }
}

class MadeBy3x extends Made {
  /** sdk-base's own: it does nothing here, and is not what closes the client. */
  async close(): Promise<void> {}
  async [CLOSE_OF_3X](...args: unknown[]): Promise<void> {
    this.closed += 1;
    this.args.push(args);
  }
}

class MadeOtherwise extends Made {
  async close(): Promise<void> {
    this.closed += 1;
  }
}

/** A class without a close of its own. */
class Clock {
  async now(): Promise<number> {
    return 7;
  }
}

describe('close of a client of 3.x', () => {
  it('is that of the copy that made it, also as clients.forEach(close)', async () => {
    const clients = [new MadeBy3x(), new MadeBy3x()];
    await Promise.all(clients.map(close as (client: object, index: number, all: object[]) => Promise<void>));
    for (const { closed, args } of clients) assert.deepEqual([closed, args], [1, [[]]]);
  });

  it('is none for what only looks like one', () => {
    for (const nothing of [{ [CLOSE_OF_3X]: true }, { close() {} }, () => {}])
      assert.throws(() => close(nothing), { name: 'AssertionError', code: 'ERR_CLUSTER_ARGUMENT' });
  });
});

describe('an API client above what options.cluster made otherwise', () => {
  class Api extends APIClientBase {
    override get DataClient() {
      return Clock;
    }
  }
  const above = (made: Made) => new Api({ cluster: (() => made) as unknown as ClusterFactory });

  it('closes a client of 3.x once, whether or not the class has a close', async () => {
    const made = [new MadeBy3x(), new MadeBy3x()];
    const [first, second] = made.map(above) as [Api, Api];
    await Promise.all([first.ready(), second.ready()]);
    await first.close();
    await close(second);
    assert.deepEqual(
      made.map(({ closed }) => closed),
      [1, 1],
    );
  });

  it('closes any other by its own close', async () => {
    const made = [new MadeOtherwise(), new MadeOtherwise()];
    const [first, second] = made.map(above) as [Api, Api];
    await first.close();
    await close(second);
    assert.deepEqual(
      made.map(({ closed }) => closed),
      [1, 1],
    );
  });

  it('may have a close of its own that uses the free function', async () => {
    class Own extends Api {
      override close(): Promise<void> {
        return close(this);
      }
    }
    const made = new MadeBy3x();
    await new Own({ cluster: (() => made) as unknown as ClusterFactory }).close();
    assert.equal(made.closed, 1);
  });

  it('refuses to close what cannot be closed', () => {
    assert.throws(() => above(new Made()).close(), { name: 'AssertionError', code: 'ERR_CLUSTER_ARGUMENT' });
  });
});

for (const mode of MODES) {
  describe(`a builder whose create is replaced, ${mode}`, () => {
    interface Options extends RegistryOptions, APIClientOptions {}
    class Api extends APIClientBase<Options> {
      declare _client: APIClientBase['_client'] & { getSync(value: unknown): Promise<unknown> };
      override get DataClient() {
        return RegistryClient;
      }
      override get delegates() {
        return { getSync: 'invoke' } as const;
      }
    }

    it('makes clients for an application that keeps and closes them, as Egg does', async (t) => {
      const { options } = await open(t, mode);
      const kept: object[] = [];
      const app = {
        cluster: ((clientClass, given) => {
          const builder = cluster(clientClass, { ...given, ...options });
          const create: (...args: never[]) => object = builder.create;
          builder.create = ((...args: never[]) => {
            const client = create.apply(builder, args);
            kept.push(client);
            return client;
          }) as typeof builder.create;
          return builder;
        }) as ClusterFactory,
      };
      const api = new Api({ cluster: app.cluster });
      await api.ready();
      assert.deepEqual(kept, [api._client]);
      assert.deepEqual(await api._client.getSync(1), { sync: 1 });
      assert.equal(api.isClusterClientLeader, mode === 'single mode');
      await Promise.all(kept.map(close as (client: object, index: number, all: object[]) => Promise<void>));
      assert.ok(api._client.isClosed);
    });
  });

  describe(`a member of a client, ${mode}`, () => {
    it('named close needs no this, whether or not the class has one', async (t) => {
      const { client } = await open(t, mode);
      const other = cluster(Clock, { ...client.options, name: 'clock', codec: undefined }).create();
      await other.ready();
      const closes = [client, other].map(({ close }) => close as (...more: unknown[]) => Promise<void>);
      assert.ok(!client.isClosed && !other.isClosed);
      await Promise.all(closes.map((closing, index) => closing(index, closes)));
      assert.ok(client.isClosed && other.isClosed);
    });

    it('that is a generator function is one for every kind of yield in co', async (t) => {
      const { client } = await open(t, mode);
      const results = await co(function* (): Generator<unknown, unknown, never> {
        return [
          yield client.getGenerator(1),
          yield* client.getGenerator(2),
          yield [client.getGenerator(3), client.getAsync(4)],
          yield { generated: client.getGenerator(5), called: client.getSync(6) },
          yield co.wrap(client.getGenerator)(7),
        ];
      });
      const result = (generator: number) => ({ generator });
      assert.deepEqual(results, [
        ...[result(1), result(2), [result(3), 4]],
        ...[{ generated: result(5), called: { sync: 6 } }, result(7)],
      ]);
    });

    it('that is a generator function throws into it what the method fails with', async (t) => {
      const { client, real, all } = await open(t, mode);
      for (const one of all) one.on('error', () => {});
      Object.assign(real, {
        *getGenerator(): Generator<unknown> {
          yield Promise.reject(new RangeError('in the generator'));
        },
      });
      const message = await co(function* (): Generator<unknown, unknown, unknown> {
        try {
          return yield client.getGenerator(1);
        } catch (error) {
          return (error as Error).message;
        }
      });
      assert.equal(message, 'in the generator');
    });

    it('can be mocked and restored by its descriptor, as mm does', async (t) => {
      const { client } = await open(t, mode);
      for (const [name, original] of [
        ['getAsync', 1],
        ['getSync', { sync: 1 }],
      ] as const) {
        const before = Object.getOwnPropertyDescriptor(client, name) as PropertyDescriptor;
        Object.defineProperty(client, name, { ...before, value: async () => 'mocked' });
        assert.equal(await client[name](1), 'mocked');
        Object.defineProperty(client, name, before);
        assert.deepEqual(await client[name](1), original);
      }
    });

    it('named options has what was given and the defaults for the rest', async (t) => {
      const formatKey = (reg: unknown) => String(reg);
      const transcode = { encode: (value: unknown) => Buffer.from(JSON.stringify(value)), decode: String };
      const { client, options } = await open(t, mode, {
        name: 'named',
        formatKey,
        responseTimeout: 1234,
        transcode,
      });
      const { name, responseTimeout, logger, singleMode, heartbeatInterval } = client.options;
      assert.deepEqual([name, responseTimeout, heartbeatInterval], ['named', 1234, 20_000]);
      assert.equal(singleMode, mode === 'single mode');
      assert.equal(logger, options.logger);
      assert.equal(client.options.formatKey, formatKey);
      assert.equal(client.options.transcode, transcode);
    });
  });
}

describe('option port', () => {
  it('is readable on the client where it was given', async () => {
    const given = { port: 1, singleMode: true, name: 'with a port', logger: quietLogger() };
    const client = cluster(Clock, given).create();
    assert.equal(client.options.port, 1);
    await close(client);
  });

  it('is left open where the group has a derived one', async (t) => {
    const client = cluster(Clock, isolated(t)).create();
    await client.ready();
    assert.equal(client.options.port, undefined);
    await close(client);
  });
});
