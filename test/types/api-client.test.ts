import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  APIClientBase,
  type APIClientOptions,
  type ClientMembers,
  type ClusterClient,
  type ClusterOptions,
  cluster,
  type DelegateTarget,
  status,
} from '../../lib/index.js';
import { ARGUMENTS, Config, single } from './config.js';
import { type Equal, expectType, typesOnly } from './expect-type.js';

interface Options extends APIClientOptions {
  endpoint: string;
  sharing: ClusterOptions;
}

class ConfigApi extends APIClientBase<Options> {
  declare readonly _client: ClusterClient<Config, { isStale: 'invoke' }> & ClientMembers;

  override get DataClient() {
    return Config;
  }

  override get clusterOptions(): ClusterOptions {
    return this.options.sharing;
  }

  override get delegates() {
    return { isStale: 'invoke' } as const;
  }

  async get(key: string): Promise<string> {
    const stale = await this._client.isStale(key, 1);
    expectType<Equal<typeof stale, boolean>>();
    return stale ? '' : this._client.get(key);
  }
}

describe('the type of APIClientBase', () => {
  it('gives a subclass its options, and the shared client that it declares', async () => {
    const client = new ConfigApi({ ...ARGUMENTS, sharing: single() });
    expectType<Equal<typeof client.options, Options>>();
    expectType<Equal<typeof client.isClusterClientLeader, boolean | undefined>>();
    await client.ready();
    const value = await client.get('a');
    expectType<Equal<typeof value, string>>();
    assert.equal(value, 'a');
    assert.equal(status(client).role, 'leader');
    await client.close();
    typesOnly(() => {
      // @ts-expect-error the options have an endpoint
      new ConfigApi({ sharing: {} });
      // @ts-expect-error not delegated
      client._client.size('a');
      // @ts-expect-error the base class makes no clients
      new APIClientBase();
    });
  });

  it('takes getters that fit, and no others', () => {
    typesOnly(() => {
      class NoClass extends APIClientBase {
        // @ts-expect-error what is shared is a class
        override get DataClient() {
          return 'Config';
        }
      }
      class NoTarget extends APIClientBase {
        // @ts-expect-error there is no such target
        override get delegates() {
          return { get: 'later' };
        }
      }
      class NoOption extends APIClientBase {
        // @ts-expect-error a port is a number
        override get clusterOptions() {
          return { port: 'any' };
        }
      }
      return [NoClass, NoTarget, NoOption];
    });
    const client = new (class extends APIClientBase {
      override get DataClient() {
        return Config;
      }
      override get clusterOptions() {
        return single();
      }
    })();
    expectType<Equal<typeof client.delegates, Record<string, DelegateTarget>>>();
    expectType<Equal<typeof client._client, ClientMembers>>();
    return client.close();
  });

  it("takes a factory in its options, the library's own among them", async () => {
    const client = new ConfigApi({ ...ARGUMENTS, sharing: single(), cluster });
    assert.equal(await client.get('a'), 'a');
    await client.close();
  });
});
