import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { channelIdentity } from '../../lib/channel-identity.js';
import { Comparison } from '../../lib/comparison.js';

const KEY = Buffer.from('the key of this group');
const of = (settings: object, more: { isNamed?: boolean; identity?: 'strict' } = {}) =>
  channelIdentity({ name: 'Config', isNamed: false, identity: undefined, ...more }, [settings], KEY);

function comparing() {
  const warnings: string[] = [];
  return { warnings, comparison: new Comparison((message) => warnings.push(message)) };
}

describe('the channel of a client', () => {
  it('goes by the class and its settings where it has no name, and by the name alone where it has', () => {
    const [one, same, other] = [of({ endpoint: 'a' }), of({ endpoint: 'a' }), of({ endpoint: 'b' })];
    assert.equal(one.channel, same.channel);
    assert.notEqual(one.channel, other.channel);
    assert.match(one.channel, /^Config@[0-9a-f]{16}$/);
    const named = [of({ endpoint: 'a' }, { isNamed: true }), of({ endpoint: 'b' }, { isNamed: true })];
    assert.deepEqual(
      named.map(({ channel }) => channel),
      ['Config', 'Config'],
    );
  });

  it('tells nothing of the settings to who does not have the key', () => {
    const others = channelIdentity(
      { name: 'Config', isNamed: false, identity: undefined },
      [{ endpoint: 'a' }],
      Buffer.from('another key'),
    );
    assert.notEqual(others.channel, of({ endpoint: 'a' }).channel);
    assert.notDeepEqual(others.settings, of({ endpoint: 'a' }).settings);
  });
});

describe('clients with different settings', () => {
  const [a, b] = [
    { endpoint: 'a', token: 'x', same: 1 },
    { endpoint: 'b', token: 'y', same: 1 },
  ];

  it('of one class are warned about once, with the names of what differs and no values', () => {
    const { comparison, warnings } = comparing();
    const led = [of(a)];
    for (let count = 0; count < 3; count += 1) assert.equal(comparison.refusal(of(b), 4242, led), undefined);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /class Config .* process 4242 differs from process \d+ in endpoint, token\./,
    );
  });

  it('of one name are warned about once, or refused where either is strict', () => {
    const { comparison, warnings } = comparing();
    const [plain, strict] = [{ isNamed: true }, { isNamed: true, identity: 'strict' } as const];
    assert.equal(comparison.refusal(of(b, plain), 1, [of(a, plain)]), undefined);
    assert.equal(comparison.refusal(of(b, plain), 1, [of(a, plain)]), undefined);
    assert.match(warnings.join(), /channel Config .* differs in endpoint, token from its leader/);
    assert.equal(warnings.length, 1);
    for (const [one, other] of [
      [plain, strict],
      [strict, plain],
    ] as const) {
      const error = comparison.refusal(of(b, one), 4242, [of(a, other)]);
      assert.deepEqual(
        [error?.code, Reflect.get(error ?? {}, 'settings')],
        ['ERR_CLUSTER_IDENTITY', 'endpoint, token'],
      );
    }
  });

  it('are told apart by a setting without a name as well', () => {
    const { comparison } = comparing();
    const strict = { isNamed: true, identity: 'strict' } as const;
    const error = comparison.refusal(of({ '': 'a' }, strict), 4242, [of({ '': 'b' }, strict)]);
    assert.equal(error?.code, 'ERR_CLUSTER_IDENTITY');
  });

  it('are nobody else’s business: of other classes, or with the same settings', () => {
    const { comparison, warnings } = comparing();
    const other = channelIdentity({ name: 'Other', isNamed: false, identity: undefined }, [a], KEY);
    assert.equal(comparison.refusal(of(b), 1, [other]), undefined);
    assert.equal(comparison.refusal(of(a), 1, [of(a)]), undefined);
    assert.equal(comparison.stranded(of(b), 1, [other]), undefined);
    assert.deepEqual(warnings, []);
  });

  it('strand one that cannot lead', () => {
    const { comparison } = comparing();
    const error = comparison.stranded(of(b), 4242, [of(a)]);
    assert.equal(error?.code, 'ERR_CLUSTER_IDENTITY');
    assert.match(error?.message ?? '', /process 4242 .* differ in endpoint, token/);
  });
});
