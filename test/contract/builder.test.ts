import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import * as api from 'cluster-client';
import { type ClusterOptions, close, cluster } from 'cluster-client';
import { isolated, quietLogger } from '../helpers/isolated.js';
import { RegistryClient } from '../helpers/registry-client.js';
import { MODES, open } from './modes.js';

class Remote {
  subscribe(_reg: string, _listener: (value: number) => void): void {}
  publish(_reg: string): void {}
  async own(): Promise<string> {
    return 'own';
  }
  *generated(): Generator<unknown, string, unknown> {
    return (yield Promise.resolve('generated')) as string;
  }
  plain(): string {
    return 'plain';
  }
  async _hidden(): Promise<void> {}
  close(): void {}
}

class Derived extends Remote {
  async added(): Promise<string> {
    return 'added';
  }
}

describe('the module', () => {
  it('is a function with the other exports as properties when it is required', () => {
    const required = createRequire(import.meta.url)('cluster-client') as typeof cluster & typeof api;
    assert.equal(typeof required, 'function');
    assert.equal(required.cluster, required);
    assert.equal(required.default, required);
    for (const name of Object.keys(api))
      assert.equal(typeof Reflect.get(required, name), typeof Reflect.get(api, name));
  });

  it('has the function as default and by name when it is imported', () => {
    assert.equal(api.default, cluster);
    assert.equal(typeof api.close, 'function');
    assert.equal(typeof api.APIClientBase, 'function');
  });
});

describe('the builder', () => {
  const single = () => ({ singleMode: true, name: crypto.randomUUID() });

  it('generates the standard methods, and the async and generator ones, own and inherited', async () => {
    const client = cluster(Derived, single()).create();
    for (const name of ['subscribe', 'publish', 'close', 'own', 'generated', 'added']) {
      assert.ok(Object.hasOwn(client, name), name);
    }
    for (const name of ['unSubscribe', 'plain', '_hidden', 'constructor'])
      assert.ok(!Object.hasOwn(client, name), name);
    assert.equal(await client.added(), 'added');
    assert.equal(await client.own(), 'own');
    await close(client);
  });

  it('generates nothing with autoGenerate: false', async () => {
    const client = cluster(Remote, { ...single(), autoGenerate: false })
      .delegate('plain')
      .create();
    assert.ok(!Object.hasOwn(client, 'subscribe'));
    assert.ok(!Object.hasOwn(client, 'own'));
    assert.equal(await client.plain(), 'plain');
    await close(client);
  });

  it('generates no standard method whose name or target is taken', async () => {
    class Renamed extends Remote {
      follow(_reg: string, listener: (value: number) => void): void {
        listener(7);
      }
    }
    const client = cluster(Renamed, single())
      .delegate('follow', 'subscribe')
      .override('publish', 'mine')
      .create();
    assert.ok(!Object.hasOwn(client, 'subscribe'));
    assert.equal(client.publish, 'mine');
    const value = await new Promise((resolve) => client.follow('a', resolve));
    assert.equal(value, 7);
    await close(client);
  });

  it('takes the last word on a name', async () => {
    const client = cluster(Remote, single()).delegate('plain', 'invokeOneway').delegate('plain').create();
    assert.equal(await client.plain(), 'plain');
    const overridden = cluster(Remote, single()).delegate('plain').override('plain', 42).create();
    assert.equal(overridden.plain, 42);
    await Promise.all([close(client), close(overridden)]);
  });

  it('makes members that can be written and configured, as mocks need them', async () => {
    const client = cluster(Remote, single()).create();
    const descriptor = Object.getOwnPropertyDescriptor(client, 'own');
    assert.ok(descriptor?.writable && descriptor.configurable && descriptor.enumerable);
    client.own = (async () => 'mocked') as typeof client.own;
    assert.equal(await client.own(), 'mocked');
    await close(client);
  });

  it('makes any number of clients, each with its own members', async () => {
    const builder = cluster(Remote, single());
    const first = builder.create();
    const second = builder.create();
    assert.notEqual(first.own, second.own);
    await Promise.all([close(first), close(second)]);
  });

  it('refuses a target that it does not know, at the call', () => {
    assert.throws(() => cluster(Remote).delegate('plain', 'invokeLater' as 'invoke'), {
      code: 'ERR_CLUSTER_DELEGATE_TARGET',
      message: /"invokeLater".*subscribe, unSubscribe, publish, invoke, invokeOneway, close/,
    });
  });

  it('refuses to delegate a method that the class does not have, when the client is made', () => {
    const builder = cluster(Remote).delegate('missing' as 'plain');
    assert.throws(() => builder.create(), {
      code: 'ERR_CLUSTER_METHOD_NOT_IMPLEMENTED',
      message: /api: missing not implement/,
    });
  });

  it('refuses what is no class', () => {
    assert.throws(() => cluster({} as never), { code: 'ERR_CLUSTER_ARGUMENT' });
    assert.throws(() => cluster((() => {}) as never), { code: 'ERR_CLUSTER_ARGUMENT' });
  });
});

describe('options', () => {
  const env = (t: { after(undo: () => void): void }, name: string, value: string) => {
    const before = process.env[name];
    process.env[name] = value;
    t.after(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  };

  it('have the defaults of 3.x, also where undefined is given, and are readable on the client', async (t) => {
    const client = cluster(Remote, {
      ...isolated(t),
      responseTimeout: undefined,
      maxListeners: undefined,
    }).create();
    const { options } = client;
    const { name, connectTimeout, maxWaitTime, responseTimeout, heartbeatInterval, maxListeners } = options;
    assert.deepEqual(
      { name, connectTimeout, maxWaitTime, responseTimeout, heartbeatInterval, maxListeners },
      {
        name: 'Remote',
        connectTimeout: 10_000,
        maxWaitTime: 30_000,
        responseTimeout: 3_000,
        heartbeatInterval: 20_000,
        maxListeners: 20,
      },
    );
    assert.ok(options.isCheckHeartbeat && options.autoGenerate && options.isBroadcast && !options.singleMode);
    assert.equal(options.isLeader, undefined);
    assert.equal(options.subscribeTimeout, undefined);
    assert.equal(client.getMaxListeners(), 20);
    await close(client);
  });

  it('come from the environment where they are not given', (t) => {
    env(t, 'NODE_CLUSTER_CLIENT_PORT', '27001');
    env(t, 'NODE_CLUSTER_CLIENT_SINGLE_MODE', '1');
    env(t, 'NODE_CLUSTER_CLIENT_CONNECT_TIMEOUT', '1234');
    const client = cluster(Remote).create();
    assert.equal(client.options.port, 27001);
    assert.equal(client.options.group, 'port 27001');
    assert.equal(client.options.singleMode, true);
    assert.equal(client.options.connectTimeout, 1234);
    return close(client);
  });

  it('name the environment variable that has a wrong value', (t) => {
    env(t, 'NODE_CLUSTER_CLIENT_PORT', 'seven');
    assert.throws(() => cluster(Remote), {
      code: 'ERR_CLUSTER_OPTION',
      message: /NODE_CLUSTER_CLIENT_PORT.*"seven"/,
    });
  });

  it('with wrong values are refused at the call, by name and value', () => {
    const wrong: [string, unknown, RegExp][] = [
      ['port', '7777', /option port must be a whole number from 1 to 65535, got "7777"/],
      ['port', 0, /port/],
      ['port', 70_000, /70000/],
      ['name', '', /name/],
      ['name', 5, /name/],
      ['responseTimeout', -1, /responseTimeout.*-1/],
      ['responseTimeout', Number.NaN, /responseTimeout/],
      ['connectTimeout', Number.POSITIVE_INFINITY, /connectTimeout/],
      ['heartbeatInterval', '1s', /heartbeatInterval.*"1s"/],
      ['isLeader', 'yes', /isLeader.*"yes"/],
      ['singleMode', 1, /singleMode/],
      ['isBroadcast', 0, /isBroadcast/],
      ['logger', {}, /logger/],
      ['codec', { encode() {}, decode() {} }, /codec/],
      ['transcode', { encode() {} }, /transcode/],
      ['formatKey', 'key', /formatKey/],
      ['election', 'port', /election/],
      ['transport', {}, /transport/],
      ['maxListeners', -1, /maxListeners/],
      ['unsubscribeLinger', -5, /unsubscribeLinger/],
      ['runtimeDir', 5, /runtimeDir/],
      ['group', '', /group/],
    ];
    for (const [option, value, message] of wrong) {
      assert.throws(
        () => cluster(Remote, { [option]: value }),
        { code: 'ERR_CLUSTER_OPTION', message },
        option,
      );
    }
  });

  it('refuse a secret that is short, and do not show it', () => {
    assert.throws(
      () => cluster(Remote, { secret: 'hunter2' }),
      (error: Error) =>
        /option secret.*16 bytes/.test(error.message) && !JSON.stringify(error).includes('hunter2'),
    );
  });
});

for (const mode of MODES) {
  describe(`create, ${mode}`, () => {
    it('returns at once a client that is not ready yet', async (t) => {
      const { client, options } = await open(t, mode);
      assert.ok(client.isReady);
      const other = cluster(RegistryClient, options).create({});
      assert.equal(other.isReady, false);
      assert.equal(other.isClusterClientLeader, undefined);
      await other.ready();
      assert.equal(other.isClusterClientLeader, mode === 'single mode');
      await close(other);
    });

    it('builds one real client of a name, whatever the number of clients, and the first arguments win', async (t) => {
      const built: (string | undefined)[] = [];
      const onBuild = (real: RegistryClient) => void built.push(real.options.label);
      const warnings: string[] = [];
      const logger = { ...quietLogger(), warn: (message: string) => warnings.push(message) };
      const given = { name: isolated(t).group, logger };
      const { options } = await open(t, mode, given, { onBuild, label: 'first', closeTakes: 0 });
      const others = ['second', 'third'].map((label) =>
        cluster(RegistryClient, options).create({ label, closeTakes: 0, onBuild }),
      );
      await Promise.all(others.map((other) => other.ready()));
      assert.deepEqual(built, ['first']);
      const differing = warnings.filter((warning) => warning.includes('different settings'));
      assert.equal(differing.length, 1, 'one warning, whatever the number of clients');
      assert.match(differing[0] ?? '', /differs in label from its leader/);
      assert.doesNotMatch(
        differing[0] ?? '',
        /first|second|third|closeTakes/,
        'names of what differs, and no values',
      );
      await Promise.all(others.map((other) => close(other)));
    });

    it('builds a real client for each set of settings where there is no name', async (t) => {
      const built: (string | undefined)[] = [];
      const onBuild = (real: RegistryClient) => void built.push(real.options.label);
      const { options, client } = await open(t, mode, { name: undefined }, { onBuild, label: 'first' });
      const others = ['first', 'second'].map((label) =>
        cluster(RegistryClient, options).create({ label, onBuild }),
      );
      await Promise.all(others.map((other) => other.ready()));
      assert.deepEqual(built, ['first', 'second']);
      assert.equal(others[1]?.isClusterClientLeader, true);
      assert.equal(others[0]?.isClusterClientLeader, mode === 'single mode');
      assert.notEqual(client.isClusterClientLeader, undefined);
      await Promise.all(others.map((other) => close(other)));
    });

    it('follows the only leader of its class, whose settings count, where it is told not to lead', async (t) => {
      const built: (string | undefined)[] = [];
      const onBuild = (real: RegistryClient) => void built.push(real.options.label);
      const { options } = await open(t, mode, { name: undefined }, { onBuild, label: 'first' });
      const told = { ...options, isLeader: false };
      const other = cluster(RegistryClient, told).create({ label: 'second', onBuild });
      await other.ready();
      assert.deepEqual(await other.getAsync('value'), 'value');
      assert.deepEqual(built, ['first']);
      await close(other);
    });

    it('refuses to share a real client that has other settings where identity is strict', async (t) => {
      const given = { name: isolated(t).group, identity: 'strict' } as const;
      const { options } = await open(t, mode, given, { label: 'first' });
      const other = cluster(RegistryClient, options).create({ label: 'second' });
      other.on('error', () => {});
      await assert.rejects(other.ready(), { code: 'ERR_CLUSTER_IDENTITY', message: /differ in label/ });
      const same = cluster(RegistryClient, options).create({ label: 'first' });
      await same.ready();
      await Promise.all([close(other), close(same)]);
    });

    it('compares what option identity makes of the arguments', async (t) => {
      const identity = ([{ label = '' } = {}]: readonly { label?: string }[]) => label.length;
      const built: (string | undefined)[] = [];
      const onBuild = (real: RegistryClient) => void built.push(real.options.label);
      const given = { name: undefined, identity } as ClusterOptions;
      const { options } = await open(t, mode, given, { onBuild, label: 'one' });
      const others = ['two', 'three'].map((label) =>
        cluster(RegistryClient, options).create({ label, onBuild }),
      );
      await Promise.all(others.map((other) => other.ready()));
      assert.deepEqual(built, ['one', 'three']);
      await Promise.all(others.map((other) => close(other)));
    });

    it('tells whether the real client lives here', async (t) => {
      const { client } = await open(t, mode);
      assert.equal(client.isClusterClientLeader, mode !== 'follower');
    });
  });
}

describe('create', () => {
  it('in single mode builds the real client before it returns', async () => {
    let built = 0;
    const onBuild = () => {
      built += 1;
    };
    const client = cluster(RegistryClient, { singleMode: true, name: 'sync build' }).create({ onBuild });
    assert.equal(built, 1);
    await close(client);
  });

  it('otherwise builds it only when the election is won', async (t) => {
    let built = 0;
    const onBuild = () => {
      built += 1;
    };
    const client = cluster(RegistryClient, isolated(t)).create({ onBuild });
    assert.equal(built, 0);
    await client.ready();
    assert.equal(built, 1);
    await close(client);
  });

  it('takes a real client that has no ready and is no EventEmitter', async (t) => {
    const client = cluster(Remote, isolated(t)).create();
    await client.ready();
    assert.equal(await client.own(), 'own');
    await close(client);
  });
});
