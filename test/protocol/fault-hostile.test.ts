import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromFault } from '../../protocol/fault.js';

describe('a fault from a peer', () => {
  it('that is no fault at all gives an error that says so', () => {
    for (const value of [undefined, null, 5, 'text', [], {}, () => 1, Buffer.from('a')]) {
      const error = fromFault(value);
      assert.equal(error.message, 'the peer sent an error without a message');
      assert.equal(error.stack, `Error: ${error.message}`);
      assert.deepEqual(Object.keys(error), []);
    }
  });

  it('without a stack does not get that of the receiver', () => {
    assert.equal(fromFault({ name: 'Remote', message: 'failed' }).stack, 'Remote: failed');
  });

  it('has its mistyped fields passed over', () => {
    const error = fromFault({ name: 5, message: ['m'], stack: {}, code: true, cause: 'text', data: 'text' });
    assert.equal(error.name, 'Error');
    assert.equal(error.message, 'the peer sent an error without a message');
    assert.equal(typeof error.stack, 'string');
    assert.deepEqual(Object.keys(error), []);
    assert.equal('cause' in error, false);
  });

  it('cannot override name, message, stack, code or cause by its data', () => {
    const data = { name: 'D', message: 'D', stack: 'D', code: 'D', cause: 'D', other: 1 };
    const error = fromFault({ name: 'N', message: 'm', stack: 's', code: 'C', cause: { value: 'v' }, data });
    const { name, message, stack, cause } = error;
    assert.deepEqual({ name, message, stack, cause }, { name: 'N', message: 'm', stack: 's', cause: 'v' });
    assert.deepEqual({ ...error }, { code: 'C', other: 1 });
    const bare = fromFault({ message: 'm', data });
    assert.deepEqual({ ...bare }, { other: 1 });
    assert.equal('cause' in bare, false);
  });

  it('has data that are none passed over: of a Buffer each byte would be a property', () => {
    for (const data of [
      Buffer.alloc(10),
      new Uint8Array(10),
      [1, 2],
      new String('text'),
      new Map([[1, 2]]),
    ]) {
      assert.deepEqual(Object.keys(fromFault({ message: 'm', data })), []);
    }
    const bare = Object.assign(Object.create(null), { a: 1 });
    assert.deepEqual(Object.keys(fromFault({ message: 'm', data: bare })), ['a']);
  });

  it('cannot set a prototype by its data', () => {
    const error = fromFault({ message: 'm', data: JSON.parse('{"__proto__":{"polluted":1}}') });
    assert.equal(Object.getPrototypeOf(error), Error.prototype);
    assert.equal(Reflect.get({}, 'polluted'), undefined);
  });

  it('cannot run code: a setter or getter of the data is read once as a value', () => {
    let reads = 0;
    const data = Object.defineProperty({}, 'value', { get: () => ++reads, enumerable: true });
    const error = fromFault({ message: 'm', data });
    assert.equal(Reflect.get(error, 'value'), 1);
    assert.equal(Reflect.get(error, 'value'), 1);
  });

  it('whose causes go in a circle gives a chain that ends', () => {
    const fault: Record<string, unknown> = { name: 'N', message: 'circle' };
    fault['cause'] = fault;
    let length = 0;
    for (let error: unknown = fromFault(fault); error instanceof Error; error = error.cause) {
      assert.equal(error.message, 'circle');
      length++;
    }
    assert.equal(length, 9);
  });
});
