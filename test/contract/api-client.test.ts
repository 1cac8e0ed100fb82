import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import {
  APIClientBase,
  type APIClientOptions,
  type ClusterOptions,
  close,
  cluster,
  status,
} from 'cluster-client';
import { isolated } from '../helpers/isolated.js';
import { RegistryClient, type RegistryOptions } from '../helpers/registry-client.js';

interface Options extends RegistryOptions, APIClientOptions {
  clusterOptions: ClusterOptions;
}

class RegistryAPI extends APIClientBase<Options> {
  declare _client: APIClientBase['_client'] &
    Pick<RegistryClient, 'getAsync'> & { getSync(value: unknown): Promise<unknown> };

  override get DataClient() {
    return RegistryClient;
  }

  override get clusterOptions(): ClusterOptions {
    return this.options.clusterOptions;
  }

  override get delegates() {
    return { getSync: 'invoke' } as const;
  }

  get(value: unknown): Promise<unknown> {
    return this._client.getSync(value);
  }
}

describe('APIClientBase', () => {
  it('shares its DataClient with the options and delegates of its getters', async (t) => {
    const built: RegistryClient[] = [];
    const options = { clusterOptions: isolated(t), onBuild: (real: RegistryClient) => void built.push(real) };
    const first = new RegistryAPI(options);
    await first.ready();
    const second = new RegistryAPI(options);
    t.after(() => Promise.all([first.close(), second.close()]));
    await second.ready();
    assert.deepEqual([first.isClusterClientLeader, second.isClusterClientLeader], [true, false]);
    assert.deepEqual(await second.get(1), { sync: 1 });
    assert.equal(built.length, 1);
    assert.equal(built[0]?.options, options);
    assert.equal(first.options, options);
    assert.equal(status(second).role, 'follower');
  });

  it('stays ready when the leader is lost', async (t) => {
    const options = { clusterOptions: isolated(t) };
    const first = new RegistryAPI(options);
    await first.ready();
    const second = new RegistryAPI(options);
    t.after(() => second.close());
    await second.ready();
    await first.close();
    while (!second.isClusterClientLeader) {
      assert.ok(second.isReady);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(await second.get(2), { sync: 2 });
  });

  it('emits the events of the real client, and reports its errors once', async (t) => {
    let real: RegistryClient | undefined;
    const client = new RegistryAPI({
      clusterOptions: isolated(t),
      onBuild: (one) => {
        real = one;
      },
    });
    t.after(() => client.close());
    await client.ready();
    const weather = once(client, 'weather');
    real?.emit('weather', 'sun');
    assert.deepEqual(await weather, ['sun']);
    const errors: unknown[] = [];
    client.on('error', (error) => errors.push(error));
    real?.emit('error', new Error('broken'));
    assert.equal(errors.length, 1);
  });

  it('closes the real client once, and through the free function too (3.x: twice, and that of siblings)', async (t) => {
    const built: RegistryClient[] = [];
    const onBuild = (real: RegistryClient) => void built.push(real);
    const client = new RegistryAPI({ clusterOptions: isolated(t), onBuild });
    await client.ready();
    await client.close();
    await close(client);
    assert.equal(built[0]?.closed, 1);
    const singles = [1, 2].map(
      () => new RegistryAPI({ clusterOptions: { singleMode: true, name: 'api in single mode' }, onBuild }),
    );
    await Promise.all(singles.map((one) => one.ready()));
    await singles[0]?.close();
    assert.deepEqual(await singles[1]?.get(3), { sync: 3 });
    await singles[1]?.close();
    assert.equal(built[1]?.closed, 1);
  });

  it('takes another factory from options.cluster', async (t) => {
    const seen: unknown[] = [];
    const client = new RegistryAPI({
      clusterOptions: isolated(t),
      cluster: (clientClass, options) => {
        seen.push(clientClass, options);
        return cluster(clientClass, { ...options, name: 'from the factory' });
      },
    });
    t.after(() => client.close());
    await client.ready();
    assert.deepEqual(seen, [RegistryClient, client.clusterOptions]);
    assert.equal(status(client).name, 'from the factory');
  });

  it('is ready when its initMethod is done, and fails with it', async (t) => {
    class Initialised extends RegistryAPI {
      started = false;
      async start(): Promise<void> {
        await this._client.ready();
        this.started = true;
      }
      *startByGenerator(): Generator {
        yield this._client.ready();
        this.started = true;
      }
      async failToStart(): Promise<void> {
        throw new Error('cannot start');
      }
    }
    for (const initMethod of ['start', 'startByGenerator']) {
      const client = new Initialised({ clusterOptions: isolated(t), initMethod });
      await client.ready();
      assert.ok(client.started);
      await client.close();
    }
    const failing = new Initialised({ clusterOptions: isolated(t), initMethod: 'failToStart' });
    await assert.rejects(failing.ready(), /cannot start/);
    assert.equal(failing.isReady, false);
    await failing.close();
  });

  it('needs a DataClient', () => {
    class Nothing extends APIClientBase {}
    assert.throws(() => new Nothing(), /DataClient is required/);
  });

  it('runs generator functions as listeners and reports what they throw', async (t) => {
    const client = new RegistryAPI({ clusterOptions: isolated(t) });
    t.after(() => client.close());
    await client.ready();
    const reported = once(client, 'error');
    const listener = function* () {
      yield Promise.resolve();
      throw new Error('in the generator');
    };
    client.on('weather', listener);
    client.emit('weather');
    const [error] = (await reported) as [Error];
    assert.equal(error.name, 'EventListenerProcessError');
    client.removeListener('weather', listener);
    assert.equal(client.listenerCount('weather'), 0);
  });
});
