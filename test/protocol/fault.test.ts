import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { bareFault, fromFault, toFault } from '../../protocol/fault.js';

describe('a fault', () => {
  it('is the error as plain data', () => {
    const error = Object.assign(new TypeError('wrong'), { code: 'E_WRONG', status: 400, list: [1] });
    assert.deepEqual(toFault(error), {
      name: 'TypeError',
      message: 'wrong',
      stack: error.stack,
      code: 'E_WRONG',
      data: { status: 400, list: [1] },
    });
  });

  it('leaves out what the error does not have', () => {
    const error = new Error();
    Reflect.deleteProperty(error, 'stack');
    assert.deepEqual(toFault(error), { name: 'Error', message: '' });
  });

  it('has codes that are text or numbers, none of another type', () => {
    assert.equal(toFault(Object.assign(new Error('e'), { code: 0 })).code, 0);
    assert.equal('code' in toFault(Object.assign(new Error('e'), { code: { a: 1 } })), false);
  });

  it('takes defaults for a name, message or stack that is not text', () => {
    const error = Object.assign(new Error('e'), { name: 5, message: { a: 1 }, stack: null });
    assert.deepEqual(toFault(error), { name: 'Error', message: '' });
  });

  it('leaves out properties whose getters throw, all of them if need be', () => {
    const get = () => {
      throw new Error('from the getter');
    };
    const error = new Error('e');
    // V8 makes the text of a stack late, from the name and message then.
    assert.ok(error.stack);
    for (const key of ['name', 'message', 'stack', 'code', 'cause', 'data', 'other']) {
      Object.defineProperty(error, key, { get, enumerable: true });
    }
    assert.deepEqual(toFault(error), { name: 'Error', message: '' });
    Object.defineProperty(error, 'fine', { get: () => 1, enumerable: true });
    assert.deepEqual(toFault(error), { name: 'Error', message: '', data: { fine: 1 } });
  });

  it('has no data of keys that are symbols or not enumerable', () => {
    const error = Object.defineProperty(new Error('e'), 'hidden', { value: 1 });
    Object.assign(error, { [Symbol('s')]: 1 });
    assert.equal('data' in toFault(error), false);
  });

  it('has the errors of an AggregateError among its data', () => {
    const inner = [new Error('a')];
    assert.deepEqual(toFault(new AggregateError(inner, 'all')).data, { errors: inner });
  });

  it('holds a cause that is no error as a value, falsy ones included', () => {
    for (const value of [null, 0, '', false, 'text', { name: 'no error', message: 'at all' }]) {
      assert.deepEqual(toFault(new Error('e', { cause: value })).cause, { value });
    }
    assert.deepEqual(toFault(new Error('e', { cause: undefined })).cause, { value: undefined });
    assert.equal('cause' in toFault(new Error('e')), false);
  });

  it('holds a cause that is an error of another realm as a fault', () => {
    const cause: unknown = runInNewContext(`new RangeError('elsewhere')`);
    assert.equal(cause instanceof Error, false);
    const fault = toFault(new Error('e', { cause })).cause;
    assert.ok(fault && 'name' in fault);
    assert.equal(`${fault.name}: ${fault.message}`, 'RangeError: elsewhere');
  });

  it('cuts a chain of causes that goes in a circle or on and on', () => {
    const circle = new Error('circle');
    circle.cause = circle;
    let chain = new Error('0');
    for (let n = 1; n < 30; n++) chain = new Error(String(n), { cause: chain });
    for (const error of [circle, chain]) {
      let length = 1;
      let fault = toFault(error);
      while (fault.cause && 'name' in fault.cause) {
        fault = fault.cause;
        length++;
      }
      assert.equal(length, 9);
    }
  });

  it('reduced to the bare one has name, message, stack and code', () => {
    const fault = { name: 'N', message: 'm', stack: 's', code: 1, cause: { value: 1 }, data: { a: 1 } };
    assert.deepEqual(bareFault(fault), { name: 'N', message: 'm', stack: 's', code: 1 });
    assert.deepEqual(bareFault({ name: 'N', message: 'm' }), { name: 'N', message: 'm' });
  });
});

describe('an error that went over the wire', () => {
  it('has name, message, stack, code, cause and own data as before', () => {
    const cause = Object.assign(new RangeError('inner', { cause: { a: 1 } }), { code: 7 });
    const error = Object.assign(new TypeError('outer', { cause }), { code: 'E', status: 400 });
    const copy = fromFault(toFault(error));
    assert.equal(copy.name, 'TypeError');
    assert.equal(copy.message, 'outer');
    assert.equal(copy.stack, error.stack);
    assert.deepEqual({ ...copy }, { code: 'E', status: 400 });
    const inner = copy.cause;
    assert.ok(inner instanceof Error);
    assert.equal(inner.name, 'RangeError');
    assert.equal(inner.stack, cause.stack);
    assert.deepEqual({ ...inner }, { code: 7 });
    assert.deepEqual(inner.cause, { a: 1 });
  });

  it('is a plain Error that can be changed like any other', () => {
    const copy = fromFault(toFault(new TypeError('e')));
    assert.equal(Object.getPrototypeOf(copy), Error.prototype);
    assert.deepEqual(Object.keys(copy), []);
    Object.assign(copy, { name: 'Other', message: 'changed', stack: 'gone' });
    assert.equal(String(copy), 'Other: changed');
  });

  it('has a falsy cause as before, and none where it had none', () => {
    for (const cause of [null, 0, '', false]) {
      assert.equal(fromFault(toFault(new Error('e', { cause }))).cause, cause);
    }
    assert.equal('cause' in fromFault(toFault(new Error('e'))), false);
  });
});
