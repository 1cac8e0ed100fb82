import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, it, mock } from 'node:test';
import { type BaseOptions, ClientBase } from '../../lib/base.js';
import { isPending } from '../helpers/until.js';

class Client extends ClientBase {
  started = 0;

  async start(): Promise<void> {
    this.started += 1;
  }
  *startByGenerator(): Generator {
    yield Promise.resolve();
    this.started += 1;
  }
  async fail(): Promise<void> {
    throw new Error('cannot start');
  }
  startSync(): void {}
}

/** A client whose errors are kept, not printed. */
function client(options?: BaseOptions) {
  const one = new Client(options);
  const errors: Error[] = [];
  one.on('error', (error: Error) => errors.push(error));
  return { one, errors };
}

const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));

describe('ready of a client', () => {
  it('is a promise that waits, and callbacks that come on the next tick, in order', async () => {
    const one: ClientBase = client().one;
    const promise = one.ready();
    const called: string[] = [];
    one.ready((error) => called.push(`first ${error}`));
    one.ready((error) => called.push(`second ${error}`));
    assert.ok(await isPending(promise));
    assert.deepEqual([one.isReady, one.hasReadyCallbacks], [false, true]);
    one.ready(true);
    assert.ok(one.isReady);
    assert.equal(called.length, 0);
    await promise;
    assert.deepEqual(called, ['first undefined', 'second undefined']);
    assert.equal(one.hasReadyCallbacks, false);
    one.ready(() => called.push('late'));
    assert.equal(called.length, 2);
    await nextTick();
    assert.equal(called[2], 'late');
  });

  it('fails with the error that was said, and such a client is not ready', async () => {
    const { one, errors } = client();
    const cause = new Error('no route');
    const rejected = assert.rejects(one.ready(), cause);
    one.ready(cause);
    await rejected;
    assert.equal(one.isReady, false);
    assert.equal(one.readyError, cause);
    assert.equal(await new Promise((resolve) => one.ready(resolve)), cause);
    assert.deepEqual(errors, []);
  });

  it('tells the present: success clears a failure, false makes it wait again', async () => {
    const { one } = client();
    one.ready(new Error('at first'));
    one.ready(true);
    assert.equal(one.readyError, undefined);
    await one.ready();
    one.ready(false);
    assert.equal(one.isReady, false);
    const waiting = one.ready();
    assert.ok(await isPending(waiting));
    one.ready(true);
    await waiting;
  });

  it('that fails while nobody waits is an error event, once for the same failure', () => {
    const { one, errors } = client();
    for (const message of ['no route', 'no route', 'no disk']) one.ready(new Error(message));
    assert.deepEqual(
      errors.map(({ message }) => message),
      ['no route', 'no disk'],
    );
    one.ready(true);
    one.ready(new Error('no disk'));
    assert.equal(errors.length, 3);
  });
});

describe('initMethod', () => {
  it('makes a client ready when it is done, async or generator', async () => {
    for (const initMethod of ['start', 'startByGenerator']) {
      const { one } = client({ initMethod });
      assert.equal(one.started, 0);
      await one.ready();
      assert.equal(one.started, 1, initMethod);
      assert.deepEqual(one.options, { initMethod });
    }
  });

  it('that fails is the failure of ready, or an error event', async () => {
    const waited = client({ initMethod: 'fail' });
    await assert.rejects(waited.one.ready(), /cannot start/);
    assert.deepEqual(waited.errors, []);
    const unheard = client({ initMethod: 'fail' });
    const [error] = await once(unheard.one, 'error').catch((thrown) => [thrown]);
    assert.equal((error as Error).message, 'cannot start');
    assert.equal(unheard.errors.length, 1);
  });

  it('that is no method, or returns no promise, is a failure that names it', async () => {
    await assert.rejects(
      client({ initMethod: 'missing' }).one.ready(),
      /initMethod missing is not a function/,
    );
    await assert.rejects(
      client({ initMethod: 'startSync' }).one.ready(),
      /initMethod startSync must return a promise/,
    );
  });
});

describe('listeners of a client', () => {
  const methods = ['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const;

  it('can be generator functions, however they are added', async () => {
    for (const method of methods) {
      const { one } = client();
      const seen = new Promise((resolve) => {
        one[method]('weather', function* (...args: unknown[]): Generator<unknown, void, unknown> {
          resolve(yield Promise.resolve(args));
        } as never);
      });
      assert.equal(one.emit('weather', 'rain', 3), true);
      assert.deepEqual(await seen, ['rain', 3], method);
    }
  });

  it('that are generator functions can be removed, however they were added', () => {
    for (const method of methods) {
      for (const remove of ['removeListener', 'off'] as const) {
        const { one } = client();
        const listener = function* () {} as never;
        one[method]('weather', listener);
        one[remove]('weather', listener);
        assert.equal(one.listenerCount('weather'), 0, `${method}, ${remove}`);
      }
    }
  });

  it('that are added with once are called once', async () => {
    for (const method of ['once', 'prependOnceListener'] as const) {
      const { one } = client();
      const called: string[] = [];
      one[method]('weather', () => called.push('plain'));
      one[method]('weather', function* () {
        called.push('generator');
        yield Promise.resolve();
      } as never);
      one.emit('weather');
      assert.equal(one.emit('weather'), false);
      assert.deepEqual(called.sort(), ['generator', 'plain']);
    }
  });

  it('that are generator functions and fail are an error event, named EventListenerProcessError', async () => {
    const { one } = client();
    one.on('weather', function* () {
      yield Promise.resolve();
      throw new RangeError('in the generator');
    } as never);
    const reported = once(one, 'unused').catch((error: Error) => error);
    one.emit('weather');
    const error = (await reported) as Error;
    assert.deepEqual([error.name, error.message], ['EventListenerProcessError', 'in the generator']);
  });

  it('of error cannot be generator functions', () => {
    assert.throws(() => client().one.on('error', function* () {} as never), TypeError);
  });
});

describe('a client', () => {
  it('logs an error that nobody listens for, and does not throw', (t) => {
    const logged = mock.method(console, 'error', () => {});
    t.after(() => logged.mock.restore());
    new Client().emit('error', new Error('unheard'));
    assert.ok(logged.mock.callCount() > 0);
  });

  it('keeps its options where a subclass has an accessor of that name', () => {
    class Guarded extends ClientBase {}
    Object.defineProperty(Guarded.prototype, 'options', {
      get: () => assert.fail('read'),
      set: () => assert.fail('written'),
      configurable: true,
    });
    const options = { label: 'mine' };
    assert.equal(new Guarded(options).options, options);
  });

  it('is closed once through _close', async () => {
    class Closing extends ClientBase {
      closed = 0;
      async _close(): Promise<void> {
        this.closed += 1;
      }
    }
    const one = new Closing();
    await Promise.all([one.close(), one.close()]);
    assert.deepEqual([one.closed, one.isClosed], [1, true]);
  });
});
