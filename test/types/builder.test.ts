import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClusterOptions, close, cluster } from '../../lib/index.js';
import { ARGUMENTS, Config, single } from './config.js';
import { type Equal, expectType, typesOnly } from './expect-type.js';

describe('the type of the builder', () => {
  it('knows the arguments of the constructor', async () => {
    const client = cluster(Config, single()).create(ARGUMENTS, 3);
    await close(client);
    typesOnly(() => {
      // @ts-expect-error the constructor needs its options
      cluster(Config).create();
      // @ts-expect-error endpoint is a string
      cluster(Config).create({ endpoint: 1 });
      // @ts-expect-error retries is a number
      cluster(Config).create(ARGUMENTS, '3');
      // @ts-expect-error the constructor has two parameters
      cluster(Config).create(ARGUMENTS, 3, 4);
    });
  });

  it('takes classes of which instances can be made, and nothing else', () => {
    abstract class Abstract {}
    class Unborn {
      private constructor() {}
      static make() {
        return new Unborn();
      }
    }
    assert.ok(Unborn.make());
    typesOnly(() => {
      // @ts-expect-error an abstract class has no instances
      cluster(Abstract);
      // @ts-expect-error the constructor is private
      cluster(Unborn);
      // @ts-expect-error an instance is no class
      cluster(new Config(ARGUMENTS));
      // @ts-expect-error a function is no class
      cluster(() => {});
    });
  });

  it('delegates methods that the class has, to targets that exist', () => {
    assert.throws(() => cluster(Config).delegate('get', 'later' as 'invoke'), {
      code: 'ERR_CLUSTER_DELEGATE_TARGET',
    });
    typesOnly(() => {
      const builder = cluster(Config);
      builder.delegate('get').delegate('isStale', undefined).delegate('get', 'invoke', { idempotent: true });
      // @ts-expect-error the class has no such method
      builder.delegate('missing');
      // @ts-expect-error the method is private
      builder.delegate('hidden');
      // @ts-expect-error the method is protected
      builder.delegate('guarded');
      // @ts-expect-error a property is no method
      builder.delegate('endpoint');
      // @ts-expect-error there is no such target
      builder.delegate('get', 'invokeLater');
      // @ts-expect-error idempotent is a boolean
      builder.delegate('get', 'invoke', { idempotent: 'yes' });
      // @ts-expect-error there is no such option
      builder.delegate('get', 'invoke', { idempotant: true });
    });
  });

  it('gives what was delegated and what the class has of its own accord, and nothing that is not there', async () => {
    const client = cluster(Config, single()).create(ARGUMENTS);
    for (const name of ['subscribe', 'unSubscribe', 'publish', 'get', 'walk', 'close']) {
      assert.ok(Object.hasOwn(client, name), name);
    }
    for (const name of ['isStale', 'size', '_internal', 'endpoint'])
      assert.ok(!Object.hasOwn(client, name), name);
    typesOnly(() => {
      // @ts-expect-error a synchronous method is not there unless it is delegated
      client.isStale('a');
      // @ts-expect-error a method with a callback is not there unless it is delegated
      client.size('a');
      // @ts-expect-error what begins with an underscore is not delegated unasked
      client._internal();
      // @ts-expect-error what is private is not there
      client.hidden();
      // @ts-expect-error what is protected is not there
      client.guarded();
      // @ts-expect-error properties stay with the real client
      client.endpoint;
      // @ts-expect-error the class has no such method
      client.missing();
    });
    await close(client);
  });

  it('gives nothing unasked with autoGenerate: false', async () => {
    const client = cluster(Config, { ...single(), autoGenerate: false })
      .delegate('isStale')
      .create(ARGUMENTS);
    const stale = await client.isStale('a', 1);
    expectType<Equal<typeof stale, boolean>>();
    assert.equal(stale, false);
    typesOnly(() => {
      // @ts-expect-error not delegated
      client.get('a');
      // @ts-expect-error not delegated
      client.subscribe({ key: 'a' }, () => {});
      // @ts-expect-error not delegated
      client.publish({ key: 'a', value: 1 });
    });
    await close(client);
  });

  it('takes the last word on a name: delegate over delegate, override over delegate, delegate over override', async () => {
    const delegated = cluster(Config, single())
      .delegate('isStale', 'invokeOneway')
      .delegate('isStale')
      .create(ARGUMENTS);
    const stale = delegated.isStale('a', 1);
    expectType<Equal<typeof stale, Promise<boolean>>>();
    assert.equal(await stale, false);

    const overridden = cluster(Config, single())
      .delegate('isStale')
      .override('isStale', 42)
      .create(ARGUMENTS);
    expectType<Equal<typeof overridden.isStale, number>>();
    assert.equal(overridden.isStale, 42);

    const back = cluster(Config, single()).override('isStale', 42).delegate('isStale').create(ARGUMENTS);
    const again = back.isStale('a', 1);
    expectType<Equal<typeof again, Promise<boolean>>>();
    assert.equal(await again, false);
    await Promise.all([delegated, overridden, back].map(close));
  });

  it('gives overridden members with the type that they were given', async () => {
    const client = cluster(Config, single())
      .override('foo', 'once')
      .override('foo', { bar: 1 })
      .override('get', (key: number) => key + 1)
      .create(ARGUMENTS);
    expectType<Equal<typeof client.foo, { bar: number }>>();
    expectType<Equal<typeof client.get, (key: number) => number>>();
    assert.equal(client.get(client.foo.bar), 2);
    await close(client);
  });
});

describe('the type of the options', () => {
  it('takes an explicit undefined for each of them', () => {
    const undefinedAll = {} as Record<keyof ClusterOptions, undefined>;
    const options: ClusterOptions = undefinedAll;
    cluster(Config, { ...options, port: undefined, secret: undefined, logger: undefined });
    typesOnly(() => {
      // @ts-expect-error a port is a number
      cluster(Config, { port: '7777' });
      // @ts-expect-error there is no such option
      cluster(Config, { prot: 7777 });
      // @ts-expect-error a logger has warn and error too
      cluster(Config, { logger: { info() {} } });
      // @ts-expect-error a codec has a name
      cluster(Config, { codec: { encode: () => Buffer.alloc(0), decode: () => 1 } });
    });
  });
});
