import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close, cluster, invoke } from '../../lib/index.js';
import { single } from './config.js';
import { type Equal, expectType, typesOnly } from './expect-type.js';

/** Methods whose results are unions, or of which the types say little. */
class Loose {
  either(wanted: string): string | number {
    return wanted;
  }
  maybe(wanted?: string): string | undefined {
    return wanted;
  }
  maybeLater(wanted: string): string | Promise<string> {
    return Promise.resolve(wanted);
  }
  nothing(): void {}
  unknown(): unknown {
    return 1;
  }
  // biome-ignore lint/suspicious/noExplicitAny: what a class without types looks like
  untyped(_options: any): any {
    return 1;
  }
  // biome-ignore lint/suspicious/noExplicitAny: the same
  counted(_options: any): number {
    return 1;
  }
  each(visit: (value: string) => void): number {
    visit('');
    return 1;
  }
  optional?(): string;
  list(...keys: string[]): string[] {
    return keys;
  }
}

const make = () =>
  cluster(Loose, single())
    .delegate('either')
    .delegate('maybe')
    .delegate('maybeLater')
    .delegate('nothing')
    .delegate('unknown')
    .delegate('untyped')
    .delegate('counted')
    .delegate('each')
    .delegate('list')
    .create();

describe('the type of a result', () => {
  it('that is a union is one promise of that union, with one callback', async () => {
    const client = make();
    const either = client.either('a');
    expectType<Equal<typeof either, Promise<string | number>>>();
    const maybe = client.maybe('a');
    expectType<Equal<typeof maybe, Promise<string | undefined>>>();
    assert.deepEqual(await Promise.all([either, maybe]), ['a', 'a']);
    typesOnly(() => {
      client.either('a', (_error, value) => expectType<Equal<typeof value, string | number | undefined>>());
      // @ts-expect-error it may be a number too
      client.either('a', (_error, _value?: string) => {});
    });
    await close(client);
  });

  it('that may be a promise or not is a promise of the same', async () => {
    const client = make();
    const value = client.maybeLater('a');
    expectType<Equal<typeof value, Promise<string>>>();
    assert.equal(await value, 'a');
    const invoked = await invoke(client, 'maybeLater', ['b']);
    expectType<Equal<typeof invoked, string>>();
    assert.equal(invoked, 'b');
    await close(client);
  });

  it('that is nothing, unknown or anything is a promise of that, and no generator', async () => {
    const client = make();
    const nothing = client.nothing();
    expectType<Equal<typeof nothing, Promise<void>>>();
    const unknown = client.unknown();
    expectType<Equal<typeof unknown, Promise<unknown>>>();
    const untyped = client.untyped({});
    // biome-ignore lint/suspicious/noExplicitAny: what a class without types looks like
    expectType<Equal<typeof untyped, Promise<any>>>();
    assert.deepEqual(await Promise.all([nothing, unknown, untyped]), [undefined, 1, 1]);
    await close(client);
  });

  it('is not looked for in a last parameter that may be anything', async () => {
    const client = make();
    const counted = client.counted({});
    expectType<Equal<typeof counted, Promise<number>>>();
    assert.equal(await counted, 1);
    await close(client);
  });

  it('is not looked for in a function that is no callback of Node', () => {
    typesOnly(() => {
      const client = make();
      const count = client.each((_value: string) => {});
      expectType<Equal<typeof count, Promise<number>>>();
    });
  });

  it('comes with any number of arguments where the method takes them', () => {
    typesOnly(() => {
      const client = make();
      const list = client.list('a', 'b');
      expectType<Equal<typeof list, Promise<string[]>>>();
      // @ts-expect-error keys are strings
      client.list('a', 1);
    });
  });
});

describe('a method of which the types cannot tell whether it is async', () => {
  it('is not there unless it is delegated', async () => {
    const client = cluster(Loose, single()).create();
    for (const name of ['untyped', 'maybeLater', 'either']) assert.ok(!Object.hasOwn(client, name), name);
    typesOnly(() => {
      // @ts-expect-error it may return anything
      client.untyped({});
      // @ts-expect-error it may return a promise or not
      client.maybeLater('a');
      // An optional method can be delegated: that it is there is seen when the client is made.
      cluster(Loose).delegate('optional');
    });
    assert.throws(() => cluster(Loose, single()).delegate('optional').create(), {
      code: 'ERR_CLUSTER_METHOD_NOT_IMPLEMENTED',
    });
    await close(client);
  });
});
