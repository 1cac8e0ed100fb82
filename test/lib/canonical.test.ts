import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { CanonicalForms } from '../../lib/canonical.js';

const form = (value: unknown) => new CanonicalForms().of(value);

function assertSame(...values: unknown[]): void {
  const [first, ...others] = values.map(form);
  assert.notEqual(first, undefined);
  for (const [index, other] of others.entries()) assert.equal(other, first, `value ${index + 1}`);
}

function assertDifferent(...values: unknown[]): void {
  const forms = values.map(form);
  assert.ok(!forms.includes(undefined));
  assert.equal(new Set(forms).size, values.length, forms.join('\n'));
}

describe('a canonical form', () => {
  it('is what the comment of its file says', () => {
    assert.equal(form([null, true, false, 1.5, -255n, new Date(0)]), '[ztfn1.5;i-ff;d0;]');
    assert.equal(form([{ b: /x/g, a: 'hello' }]), '[{s1:as5:hellos1:brs1:xs1:g}]');
    assert.equal(form(['a', undefined, () => {}, 1, undefined]), '[s1:a@3;n1;@5;]');
    assert.equal(form(new Set([new Map([['k', new URL('file:/')]])])), 'SMs1:kus8:file:///))');
    assert.match(form(Buffer.from('abc')) ?? '', /^b10:Uint8Array3:[\w+/]{43}=$/);
    assert.match(form(['x'.repeat(300)]) ?? '', /^\[#[\w+/]{43}=\]$/);
  });

  it('tells types apart', () => {
    const bytes = new Uint8Array([49]);
    assertDifferent(1, '1', 1n, true, 't', null, 'null', 'z', NaN, 'NaN', [], {}, '', new Map(), new Set());
    assertDifferent([1], { 0: 1 }, new Set([1]), new Map([[0, 1]]), '[n1;]', [[1]]);
    assertDifferent('1', bytes, bytes.buffer, new Int8Array(bytes), new DataView(bytes.buffer), [49]);
    assertDifferent(new Date(0), 0, new Date(0).toISOString(), new Date(NaN), NaN);
    assertDifferent(/x/, '/x/', /x/g, 'x', new URL('http://x/'), 'http://x/');
    assertDifferent(new Map([[1, 2]]), new Map([[2, 1]]), new Set([1, 2]), [1, 2], [[1, 2]]);
  });

  it('has no value that looks like another by what stands beside it', () => {
    assertDifferent(['a', 'b'], ['ab'], ['a,b'], ['as1:b'], ['', 'ab'], [['a'], 'b'], ['a', ['b']]);
    assertDifferent({ a: 'b' }, { as1: 'b' }, { 'a:b': '' }, { a: 'bs1:' }, { ab: '' });
    assertDifferent([12, 3], [1, 23], [123], ['n12;n3;']);
    const long = 'x'.repeat(300);
    assertDifferent(long, form(long), [long], form([long]));
  });

  it('has exact strings, also with half pairs, which UTF-8 does not have', () => {
    assertDifferent('\ud800', '\udc00', '\ufffd', '?', 'é', 'e\u0301');
    const pad = 'x'.repeat(300);
    assertDifferent(`${pad}\ud800`, `${pad}\udc00`, `${pad}\ufffd`);
  });

  it('is the same for 0 and -0, and for NaN', () => {
    assertSame(0, -0);
    assertSame([NaN], [Number('x')]);
  });

  it('does not depend on the order of keys, or of what is in a Map or Set', () => {
    assertSame({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 });
    assertSame(
      new Map<unknown, unknown>([
        ['a', 1],
        [{ x: 1 }, 2],
      ]),
      new Map<unknown, unknown>([
        [{ x: 1 }, 2],
        ['a', 1],
      ]),
    );
    assertSame(new Set(['b', 1, { a: 1 }]), new Set([{ a: 1 }, 'b', 1]));
    assertDifferent([1, 2], [2, 1]);
  });

  it('depends on the bytes of a view alone, not on the buffer around it', () => {
    const whole = Buffer.from('..abc..');
    assertSame(Buffer.from('abc'), whole.subarray(2, 5), new Uint8Array([97, 98, 99]));
    assertDifferent(whole.subarray(2, 5), whole.subarray(2, 6), whole);
  });

  it('is the same for data of another realm, or without a prototype', () => {
    const foreign: unknown = runInNewContext(
      '({ a: [1, new Date(5), /x/g], m: new Map([[1, new Set([2])]]), b: new Uint8Array([1]) })',
    );
    const own = { a: [1, new Date(5), /x/g], m: new Map([[1, new Set([2])]]), b: new Uint8Array([1]) };
    assertSame(own, foreign, Object.assign(Object.create(null), own));
  });

  it('agrees with equality for whatever JSON has', () => {
    const char = fc.constantFrom(...'s1:a[]{}@;n\ud800');
    const text = fc.string({ unit: char, maxLength: 4 });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.constantFrom(null, true, 0, 1, 12, 'a', '1'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(text, tie('value'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(value, value, (one, other) => {
        assert.equal(form(one) === form(other), isDeepStrictEqual(one, other));
        assert.equal(form(structuredClone(one)), form(one));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('without a canonical form', () => {
  class Client {
    endpoint = 'http://x';
  }
  const revoked = () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    return proxy;
  };
  const detached = () => {
    const buffer = new ArrayBuffer(8);
    const view = new DataView(buffer);
    structuredClone(buffer, { transfer: [buffer] });
    return view;
  };

  it('are functions, symbols, instances of classes, and what throws when it is read', () => {
    const values = [
      undefined,
      () => {},
      Client,
      Symbol('s'),
      new Client(),
      new EventEmitter(),
      Promise.resolve(),
    ];
    const weak = [new WeakMap(), new WeakSet(), new WeakRef({}), new Error('e'), new String('boxed')];
    const broken = [
      revoked(),
      new Proxy({}, { ownKeys: fails }),
      new Proxy({}, { getPrototypeOf: fails }),
      detached(),
    ];
    for (const value of [...values, ...weak, ...broken, Object.create(URL.prototype)])
      assert.equal(form(value), undefined);
  });

  it('are these as values of keys, which are then not there', () => {
    // Object.keys asks for it first.
    let asked = 0;
    // It is not even asked: it may do something.
    const getter = Object.defineProperty({ a: 1 }, 'b', { get: () => 2, enumerable: true });
    const proxy = new Proxy(
      { a: 1, b: 2 },
      {
        getOwnPropertyDescriptor: (target, key) =>
          key === 'b' && ++asked > 1 ? fails() : Reflect.getOwnPropertyDescriptor(target, key),
      },
    );
    assertSame(
      { a: 1 },
      { a: 1, b: undefined },
      { a: 1, b: new Client() },
      { a: 1, b: revoked() },
      getter,
      proxy,
    );
    assertSame(
      new Map([['a', 1]]),
      new Map<unknown, unknown>([
        ['a', 1],
        ['b', fails],
        [fails, 1],
      ]),
    );
    assertSame(new Set([1]), new Set([1, fails, undefined]));
  });

  it('are these in an array, where they keep their place', () => {
    const hole: unknown[] = [1, 'gone', 2];
    delete hole[1];
    assertSame([1, undefined, 2], [1, fails, 2], [1, new Client(), 2], hole);
    assertDifferent([1, undefined, 2], [1, 2], [undefined, 1, 2], [1, 2, undefined], [1, null, 2]);
    const list = Object.defineProperty([1, 2], 0, { get: fails });
    assertSame(list, [undefined, 2]);
  });

  it('is not who extends plain types, and counts as these', () => {
    class Registry extends Map<unknown, unknown> {}
    class Servers extends Array<unknown> {}
    assertSame(new Registry([[1, 2]]), new Map([[1, 2]]));
    assertSame(Servers.of(1, 2), [1, 2]);
  });
});

describe('the form of what is big', () => {
  it('takes no time for paths: 2^30 of them here', () => {
    let [shared, copied]: [unknown, unknown] = [['leaf'], ['leaf']];
    for (let level = 0; level < 30; level += 1) {
      shared = level % 2 ? [shared, shared] : { a: shared, b: shared };
      copied = level % 2 ? [copied, copied] : { b: copied, a: copied };
    }
    assertSame(shared, copied);
    assertDifferent([shared], [[shared, 1]]);
  });

  it('is the same whether its parts are shared or copies', () => {
    const part = { text: 'x'.repeat(300), list: [1, 2] };
    assertSame([part, part, { deeper: part }], structuredClone([part, { ...part }, { deeper: { ...part } }]));
  });

  it('does not hold a text as often as it is used', () => {
    const text = 'x'.repeat(1 << 20);
    assertSame(
      Array.from({ length: 10_000 }, () => text),
      Array.from({ length: 10_000 }, () => text),
    );
    assertDifferent([text, text], [text, `${text}x`], [text]);
  });

  it('comes to an end in circles, and tells them apart', () => {
    const circle = (more: object) => {
      const root: Record<string, unknown> = { ...more, list: [] };
      (root['list'] as unknown[]).push(root, { root });
      return root;
    };
    assertSame(circle({ a: 1 }), circle({ a: 1 }));
    assertDifferent(circle({ a: 1 }), circle({ a: 2 }), { a: 1, list: [] }, { a: 1, list: [null, {}] });
    const [one, other]: [unknown[], unknown[]] = [[], []];
    one.push(other, 1);
    other.push(one, 2);
    assertDifferent(one, other);
  });

  it('is cut below 32 levels', () => {
    const deep = (levels: number, end: unknown) => {
      let value = end;
      for (let level = 0; level < levels; level += 1) value = [value];
      return value;
    };
    assertDifferent(deep(32, 1), deep(32, 2), deep(31, 1), deep(32, []));
    assertSame(deep(32, [1]), deep(32, [2]), deep(32, {}), deep(100_000, 1));
    assertDifferent(deep(32, []), deep(32, fails), deep(32, '^'));
  });

  it('takes no time for holes, or for the length that a proxy claims', () => {
    const sparse = new Array<unknown>(4_000_000_000);
    sparse[5] = 'five';
    assert.equal(form(sparse), '[@5;s4:five@4000000000;]');
    const lies = new Proxy([1], {
      get: (target, key) => (key === 'length' ? 2 ** 50 : Reflect.get(target, key)),
    });
    assert.equal(form(lies), `[n1;@${2 ** 50};]`);
  });

  it('is short for the longest bigint', () => {
    assertDifferent(1n << 1_000_000n, (1n << 1_000_000n) + 1n);
    assert.equal(form(1n << 1_000_000n)?.length, 45);
  });
});

function fails(): never {
  throw new Error('must not come out');
}
