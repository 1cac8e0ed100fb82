import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { close, cluster } from '../../lib/index.js';
import { ARGUMENTS, Config, single } from './config.js';
import { type Equal, expectType, typesOnly } from './expect-type.js';

const make = () =>
  cluster(Config, single())
    .delegate('isStale')
    .delegate('size')
    .delegate('find')
    .delegate('throws')
    .delegate('read')
    .delegate('later')
    .create(ARGUMENTS);

describe('the type of a method', () => {
  it('is a promise of what an async method promises', async () => {
    const client = make();
    const value = await client.get('a');
    expectType<Equal<typeof value, string>>();
    assert.equal(value, 'a');
    const date = await client.later('2020-01-01');
    expectType<Equal<typeof date, Date>>();
    typesOnly(() => {
      // @ts-expect-error the key is a string
      client.get(1);
      // @ts-expect-error the key is missing
      client.get();
      // @ts-expect-error one argument, then at most a callback
      client.get('a', 'b');
      // @ts-expect-error the result is not there yet
      client.get('a').toUpperCase();
    });
    await close(client);
  });

  it('is a promise of what a synchronous method returns', async () => {
    const client = make();
    const stale = await client.isStale('a', 5);
    expectType<Equal<typeof stale, boolean>>();
    assert.equal(stale, false);
    typesOnly(() => {
      const short = client.isStale('a');
      expectType<Equal<typeof short, Promise<boolean>>>();
      // @ts-expect-error the age is a number
      client.isStale('a', 'b');
    });
    await close(client);
  });

  it('is a promise of what a method calls back with, whether or not the callback can be left out', async () => {
    const client = make();
    const size = await client.size('abc');
    expectType<Equal<typeof size, number>>();
    assert.equal(size, 3);
    const found = await client.find('abc');
    expectType<Equal<typeof found, Buffer | undefined>>();
    assert.deepEqual(found, Buffer.from('abc'));
    typesOnly(() => {
      client.size('abc', (_error: Error | null, length: number) => length);
      client.find('abc', (_error, bytes) => bytes?.length);
      // @ts-expect-error what is called back is a number
      client.size('abc', (_error: Error | null, _length: string) => {});
    });
    await close(client);
  });

  it('takes a callback in the last place of every call', async () => {
    const client = make();
    const seen = await new Promise<unknown[]>((resolve) => {
      const nothing = client.get('a', (error, value) => {
        expectType<Equal<typeof error, Error | null>>();
        expectType<Equal<typeof value, string | undefined>>();
        resolve([error, value]);
      });
      expectType<Equal<typeof nothing, void>>();
    });
    assert.deepEqual(seen, [null, 'a']);
    const stale = await new Promise((resolve) => {
      client.isStale('a', 1, (_error, result) => {
        expectType<Equal<typeof result, boolean | undefined>>();
        resolve(result);
      });
    });
    assert.equal(stale, false);
    await close(client);
  });

  it('stays a generator where it is one', async () => {
    const client = make();
    const generator = client.walk('abc');
    expectType<Equal<typeof generator, Generator<unknown, number, unknown>>>();
    const step = generator.next();
    const length = await step.value;
    assert.deepEqual(generator.next(length), { value: 3, done: true });
    await close(client);
  });

  it('never comes back where the method never does', async () => {
    const client = make();
    typesOnly(async () => {
      const failed = client.fail();
      expectType<Equal<typeof failed, Promise<never>>>();
      const thrown = client.throws();
      expectType<Equal<typeof thrown, Promise<never>>>();
    });
    await assert.rejects(client.throws(), /always/);
    await close(client);
  });

  it('is that of the last overload where there are several', async () => {
    const client = make();
    const bytes = await client.read('abc', null);
    expectType<Equal<typeof bytes, Buffer>>();
    assert.deepEqual(bytes, Buffer.from('abc'));
    await close(client);
  });

  it('returns nothing with invokeOneway', async () => {
    const client = cluster(Config, single())
      .delegate('get', 'invokeOneway')
      .delegate('isStale', 'invokeOneway')
      .create(ARGUMENTS);
    const nothing = client.get('a');
    expectType<Equal<typeof nothing, void>>();
    assert.equal(nothing, undefined);
    expectType<Equal<typeof client.isStale, (key: string, age?: number) => void>>();
    typesOnly(() => {
      // @ts-expect-error the key is a string
      client.get(1);
    });
    await close(client);
  });
});

describe('the type of subscribe, unSubscribe, publish and close', () => {
  it('is that of the class: reg and value', async () => {
    const client = make();
    const value = await new Promise<number>((resolve) => {
      client.subscribe({ key: 'a' }, (first) => {
        expectType<Equal<typeof first, number>>();
        resolve(first);
      });
    });
    assert.equal(value, 1);
    client.subscribe({ key: 'a' }, () => {});
    client.unSubscribe({ key: 'a' });
    client.unSubscribe({ key: 'a' }, (_value) => {});
    const nothing = client.publish({ key: 'a', value: 1 });
    expectType<Equal<typeof nothing, void>>();
    const closing = client.close();
    expectType<Equal<typeof closing, Promise<void>>>();
    typesOnly(() => {
      // @ts-expect-error a value is a number
      client.subscribe({ key: 'a' }, (_value: string) => {});
      // @ts-expect-error a reg has a key
      client.subscribe({ kee: 'a' }, () => {});
      // @ts-expect-error there is a listener
      client.subscribe({ key: 'a' });
      // @ts-expect-error a listener is a function
      client.subscribe({ key: 'a' }, 'listener');
      // @ts-expect-error what is published has a value
      client.publish({ key: 'a' });
      // @ts-expect-error a value is a number
      client.unSubscribe({ key: 'a' }, (_value: string) => {});
    });
    await closing;
  });

  it('is found under the name that it was delegated by, and then not under its own', async () => {
    class Renamed {
      follow(_reg: 'x' | 'y', listener: (value: Date) => void): void {
        listener(new Date(0));
      }
      destroy(): void {}
      subscribe(_reg: number, _listener: (value: string) => void): void {}
    }
    const client = cluster(Renamed, single())
      .delegate('follow', 'subscribe')
      .delegate('destroy', 'close')
      .create();
    const value = await new Promise((resolve) => {
      client.follow('x', (date) => {
        expectType<Equal<typeof date, Date>>();
        resolve(date);
      });
    });
    assert.deepEqual(value, new Date(0));
    typesOnly(() => {
      // @ts-expect-error the target is taken
      client.subscribe(1, () => {});
    });
    const closing = client.destroy();
    expectType<Equal<typeof closing, Promise<void>>>();
    await closing;
  });
});
