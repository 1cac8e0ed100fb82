import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { close, cluster, status } from 'cluster-client';
import { isolated } from '../helpers/isolated.js';

const trap = () => {
  throw new Error('a trap');
};
const TRAPS: ProxyHandler<object> = {
  get: trap,
  has: trap,
  ownKeys: trap,
  getPrototypeOf: trap,
  getOwnPropertyDescriptor: trap,
  isExtensible: trap,
};
const trapped = (target: object = {}) => new Proxy(target, TRAPS);

function revoked(target: object = {}): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

function deep(levels: number): unknown {
  let value: unknown = 'bottom';
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

function circular(): Error {
  const code: Record<string, unknown> = {};
  code['self'] = code;
  return Object.assign(new Error('circular code'), { code });
}

function withGetter(name: string): Error {
  return Object.defineProperty(new Error('getter'), name, { enumerable: true, get: trap });
}

const NO_CODE = undefined;
const THROWN = 'ERR_CLUSTER_THROWN_VALUE';

/** What is thrown, and the code that its caller gets. */
const thrown: Record<string, [() => unknown, string | undefined]> = {
  'a string': [() => 'text', THROWN],
  null: [() => null, THROWN],
  undefined: [() => undefined, THROWN],
  'a symbol': [() => Symbol('thrown'), THROWN],
  'an object without prototype': [() => Object.create(null), THROWN],
  'an object that cannot be shown': [() => ({ toString: trap, toJSON: trap }), THROWN],
  'a revoked Proxy': [() => revoked(), THROWN],
  'a revoked Proxy of a function': [() => revoked(() => {}), THROWN],
  'a frozen error': [() => Object.freeze(new Error('frozen')), NO_CODE],
  'an error whose code is circular': [circular, NO_CODE],
  'an error whose message throws': [() => withGetter('message'), NO_CODE],
  'an error whose stack throws': [() => withGetter('stack'), NO_CODE],
  'an error whose data throws': [() => withGetter('data'), NO_CODE],
  'an error with a function': [() => Object.assign(new Error('data'), { run: () => {} }), NO_CODE],
  'an error behind a Proxy that throws': [() => trapped(new Error('hidden')), THROWN],
  'an error that is too long': [
    () => Object.assign(new Error('x'.repeat(3e6)), { code: 'E_LONG' }),
    'E_LONG',
  ],
};

/** Results, and arguments, that no codec carries. */
const uncarried: Record<string, () => unknown> = {
  'a symbol': () => Symbol('value'),
  'a function within': () => ({ run: () => {} }),
  'a getter that throws': () => Object.defineProperty({}, 'value', { enumerable: true, get: trap }),
  'a toJSON that throws': () =>
    new (class Bad {
      toJSON = trap;
    })(),
  'a Proxy that throws': () => trapped(),
  'a revoked Proxy': () => revoked(),
  '100,000 levels': () => deep(100_000),
};

class Real {
  failSync(name: string): unknown {
    throw thrown[name]?.[0]();
  }
  async fail(name: string): Promise<unknown> {
    throw thrown[name]?.[0]();
  }
  give(name: string): unknown {
    return uncarried[name]?.();
  }
  giveBack(name: string, callback: (error: Error | null, value?: unknown) => void): void {
    setImmediate(() => callback(null, uncarried[name]?.()));
  }
  async echo(value: unknown): Promise<unknown> {
    return value;
  }
}

async function following(t: TestContext) {
  // Longer than a test may take: what fails, fails by itself.
  const options = { ...isolated(t), responseTimeout: 600_000, maxMessageBytes: 1024 * 1024 };
  const make = async () => {
    const client = cluster(Real, options).delegate('failSync').delegate('give').delegate('giveBack').create();
    client.on('error', () => {});
    t.after(() => close(client));
    await client.ready();
    return client;
  };
  const [leader, follower] = [await make(), await make()];
  const { epoch } = status(leader);
  /** Nothing was lost by it: the leader is the same, and so is the link. */
  const assertWell = async () => {
    assert.equal(await follower.echo('well'), 'well');
    assert.deepEqual([status(follower).epoch, status(follower).pendingCalls], [epoch, 0]);
    assert.equal(status(leader).followers, 1);
  };
  return { leader, follower, assertWell };
}

describe('a method that throws what is no error, or a strange one', () => {
  for (const [name, [, code]] of Object.entries(thrown)) {
    it(`fails that call alone, at once, with an error that says so: ${name}`, async (t) => {
      const { leader, follower, assertWell } = await following(t);
      for (const client of [follower, leader]) {
        for (const call of [client.failSync(name), client.fail(name)]) {
          const error: unknown = await call.then(
            () => assert.fail('it went well'),
            (reason: unknown) => reason,
          );
          if (client === leader) continue;
          assert.ok(error instanceof Error);
          assert.equal(Reflect.get(error, 'code'), code);
        }
      }
      await assertWell();
    });
  }
});

describe('a value that cannot be carried', () => {
  for (const [name, make] of Object.entries(uncarried)) {
    it(`fails as a result, and as an argument, for that call alone, at once: ${name}`, async (t) => {
      const { follower, assertWell } = await following(t);
      const failed = { code: 'ERR_CLUSTER_ENCODE' };
      await assert.rejects(follower.give(name), failed);
      await assert.rejects(follower.giveBack(name), failed);
      await assert.rejects(follower.echo(make()), failed);
      await assertWell();
    });
  }
});
