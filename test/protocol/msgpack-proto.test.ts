import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { maskKeys } from '../../protocol/msgpack-restore.js';

const codec = msgpack();

function roundTrip(value: unknown): unknown {
  return codec.decode(Buffer.from(codec.encode(value)));
}

/** An object literal cannot have one. */
function parse(text: string): Record<string, unknown> {
  return JSON.parse(text) as Record<string, unknown>;
}

const objectKeys = Reflect.ownKeys(Object.prototype);

/** It is `__proto__` as an own property that is like any other, and the prototype is what it was. */
function assertOwn(object: unknown, expected: unknown): void {
  assert.ok(typeof object === 'object' && object !== null);
  assert.deepEqual(Object.getOwnPropertyDescriptor(object, '__proto__'), {
    value: expected,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  assert.equal(Object.getPrototypeOf(object), Object.prototype);
  assert.deepEqual(Reflect.ownKeys(Object.prototype), objectKeys);
}

describe('a key __proto__', () => {
  it('arrives as an own property, with whatever value, at its place among the others', () => {
    for (const text of [
      '{"__proto__":{"polluted":1}}',
      '{"a":1,"__proto__":null,"b":{"c":2}}',
      '{"5":0,"a":{"__proto__":{"__proto__":{"__proto__":[]}}},"__proto__":"text","b":1}',
    ]) {
      const copy = roundTrip(parse(text));
      assert.equal(JSON.stringify(copy), text);
      assertOwn(copy, Reflect.get(parse(text), '__proto__'));
    }
  });

  it('is kept in arrays, Maps (keys too), Sets and objects without a prototype', () => {
    const make = () => parse('{"__proto__":{"polluted":1},"x":2}');
    const bare = Object.assign(Object.create(null), { a: make() });
    const value = [make(), new Map([[make(), make()]]), new Set([make()]), bare];
    const copy = roundTrip(value) as typeof value;
    const [key, item] = [...(copy[1] as Map<object, object>)][0] ?? [];
    const [member] = copy[2] as Set<object>;
    const nested = (copy[3] as { a: object }).a;
    for (const object of [copy[0], key, item, member, nested]) {
      assertOwn(object, { polluted: 1 });
      assert.deepEqual(object, make());
    }
  });

  it('is kept in the data of an error, as one of its data, and in its cause', () => {
    const error = new TypeError('e', { cause: parse('{"__proto__":{"polluted":1}}') });
    Object.assign(error, { inner: parse('{"__proto__":2}') });
    Object.defineProperty(error, '__proto__', { value: 3, enumerable: true, configurable: true });
    const copy = roundTrip([error]) as [TypeError & { inner: object }];
    assert.ok(copy[0] instanceof TypeError);
    assertOwn(copy[0].cause, { polluted: 1 });
    assertOwn(copy[0].inner, 2);
    assert.equal(Object.getOwnPropertyDescriptor(copy[0], '__proto__')?.value, 3);
    assert.equal(Object.getPrototypeOf(copy[0]), TypeError.prototype);
  });

  it('is kept in many objects of the same shape, for which msgpackr compiles a function', () => {
    const value = Array.from({ length: 10 }, (_, n) => parse(`{"a":${n},"__proto__":{"n":${n}}}`));
    const copy = roundTrip(value) as object[];
    assert.equal(JSON.stringify(copy), JSON.stringify(value));
    for (const [n, object] of copy.entries()) assertOwn(object, { n });
  });

  it('is kept where more shapes of objects occur than msgpackr has ids for', () => {
    const value = Array.from({ length: 200 }, (_, n) => parse(`{"k${n % 90}":${n},"__proto__":${n}}`));
    assert.equal(JSON.stringify(roundTrip(value)), JSON.stringify(value));
  });

  it('is kept in objects that occur again, also within themselves', () => {
    const value = parse('{"a":{},"__proto__":{"b":1}}');
    value['self'] = value;
    const copy = roundTrip([value, value]) as [Record<string, unknown>, unknown];
    assert.equal(copy[1], copy[0]);
    assert.equal(copy[0]['self'], copy[0]);
    assertOwn(copy[0], { b: 1 });
    assert.deepEqual(Object.keys(copy[0]), ['a', '__proto__', 'self']);
  });

  it('is kept beside keys that only resemble it, and such keys as they are', () => {
    const text = '{"__proto_":1,"__proto__":2,"_proto__":3,"__proto___":4,"__PROTO__":5,"__proto__2":6}';
    assert.equal(JSON.stringify(roundTrip(parse(text))), text);
    for (const alone of ['{"__proto_":1}', '{"__proto_":{"__proto_":2}}']) {
      assert.equal(JSON.stringify(roundTrip(parse(alone))), alone);
    }
  });

  it('that is a value, or the key of a Map, is one', () => {
    const value = ['__proto__', new Map([['__proto__', '__proto__']]), parse('{"__proto__":"__proto__"}')];
    assert.deepEqual(roundTrip(value), value);
  });

  it('does not change the bytes that are decoded', () => {
    const bytes = Buffer.from(codec.encode(parse('{"__proto__":1}')));
    const before = Buffer.from(bytes);
    assertOwn(codec.decode(bytes), 1);
    assert.ok(bytes.equals(before));
    assertOwn(codec.decode(bytes), 1);
  });

  it('has a stand-in meanwhile, as long, which is another each time', () => {
    const bytes = Buffer.from('x__proto__y__proto__');
    const { masked, mask } = maskKeys(bytes, [1, 11]);
    assert.equal(masked.toString(), `x${mask}y${mask}`);
    assert.equal(masked.length, bytes.length);
    assert.notEqual(maskKeys(bytes, [1, 11]).mask, mask);
  });
});

describe('keys that objects inherit', () => {
  const names = [
    'constructor',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__defineGetter__',
    'then',
    'toJSON',
  ];

  it('are own properties, at any depth', () => {
    const make = () => Object.fromEntries(names.map((name) => [name, { [name]: name }]));
    const value = [make(), new Map([['m', make()]]), make(), make(), make(), make()];
    const copy = roundTrip(value) as typeof value;
    assert.deepEqual(copy, value);
    for (const object of [copy[0], copy[5]]) assert.deepEqual(Object.keys(object ?? {}), names);
    assert.deepEqual(Reflect.ownKeys(Object.prototype), objectKeys);
  });

  it('do not make a promise of a value', async () => {
    const copy = roundTrip(parse('{"then":{"then":1}}'));
    assert.equal(await Promise.resolve(copy), copy);
  });
});

describe('a key __keys__, under which msgpackr keeps an array of its own', () => {
  const before = [Array.prototype, Function.prototype, Object.prototype].map((object) =>
    Reflect.ownKeys(object),
  );

  it('does not lead to a prototype, whatever other keys there are', () => {
    // Each after an object of the keys before `__keys__`, for which there is an array then.
    const texts = [
      '[{}, {"__keys__":1,"__proto__":1,"toArray":1}]',
      '[{"a":1}, {"a":1,"__keys__":1,"__proto__":1,"toArray":1}]',
      '[{"a":1}, {"a":1,"__keys__":1,"constructor":1,"__proto__":1,"toFunction":1}]',
      '[{"a":1}, {"a":1,"__keys__":1,"toString":1,"constructor":1,"prototype":1,"__proto__":1,"toObject":1}]',
    ];
    for (const text of texts)
      assert.equal(JSON.stringify(roundTrip(JSON.parse(text))), text.replaceAll(', ', ','));
    const after = [Array.prototype, Function.prototype, Object.prototype].map((object) =>
      Reflect.ownKeys(object),
    );
    assert.deepEqual(after, before);
  });

  it('is refused in an object that is no plain one and goes as one', () => {
    assert.throws(() => codec.encode({ __keys__: new Map(), [Symbol.toStringTag]: 'Odd' }), {
      message: 'a key __keys__ cannot be carried in an object of this kind',
    });
    assert.deepEqual(roundTrip({ a: 1 }), { a: 1 });
  });
});
