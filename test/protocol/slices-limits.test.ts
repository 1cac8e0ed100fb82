import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Flag, Kind, Type } from '../../protocol/constants.js';
import { EMPTY, type Frame } from '../../protocol/frame.js';
import { Assembler } from '../../protocol/slices.js';

const tooLarge = { name: 'ClusterError', code: 'ERR_CLUSTER_MESSAGE_TOO_LARGE' };

function part(id: number, length: number, more: boolean): Frame {
  const flags = more ? Flag.more : 0;
  const application = Buffer.alloc(length, 1);
  return {
    version: 2,
    kind: Kind.request,
    type: Type.invoke,
    flags,
    id,
    timeout: 0,
    connection: EMPTY,
    application,
  };
}

describe('the limit of a message', () => {
  it('lets slices pass that add up to exactly its size', () => {
    const assembler = new Assembler({ maxMessageBytes: 10 });
    assert.equal(assembler.add(part(1, 6, true)), undefined);
    assert.equal(assembler.add(part(1, 4, false))?.application.length, 10);
  });

  it('refuses the slice that goes over it, be it the first, one between or the last', () => {
    assert.throws(() => new Assembler({ maxMessageBytes: 10 }).add(part(1, 11, true)), {
      ...tooLarge,
      limit: 10,
    });
    for (const more of [true, false]) {
      const assembler = new Assembler({ maxMessageBytes: 10 });
      assembler.add(part(1, 6, true));
      assert.throws(() => assembler.add(part(1, 5, more)), { ...tooLarge, limit: 10 });
    }
  });

  it('does not keep the slice that goes over it', () => {
    const assembler = new Assembler({ maxMessageBytes: 10 });
    assembler.add(part(1, 6, true));
    assert.throws(() => assembler.add(part(1, 5, true)), tooLarge);
    assert.equal(assembler.add(part(1, 4, false))?.application.length, 10);
  });

  it('is that of all incomplete messages together', () => {
    const assembler = new Assembler({ maxMessageBytes: 10 });
    assembler.add(part(1, 6, true));
    assert.throws(() => assembler.add(part(2, 5, true)), { ...tooLarge, limit: 10 });
    assembler.add(part(2, 2, true));
    assert.equal(assembler.add(part(1, 2, false))?.application.length, 8);
    // Of the first nothing is held any more.
    assert.equal(assembler.add(part(2, 8, false))?.application.length, 10);
  });

  it('is 128 MiB unless told otherwise', () => {
    const assembler = new Assembler();
    const slice = { ...part(1, 0, true), application: Buffer.allocUnsafeSlow(64 * 1024 * 1024) };
    assembler.add(slice);
    assembler.add(slice);
    assert.throws(() => assembler.add(part(1, 1, true)), { ...tooLarge, limit: 134217728 });
  });
});

describe('the number of slices', () => {
  it('may not be out of proportion to what is in them, as each one costs', () => {
    const assembler = new Assembler();
    for (let count = 1; count <= 64; count += 1) assembler.add(part(1, 1, true));
    assert.throws(() => assembler.add(part(1, 0, true)), {
      code: 'ERR_CLUSTER_PROTOCOL',
      message: /65 slices/,
    });
    const long = new Assembler();
    for (let count = 1; count <= 1000; count += 1) long.add(part(1, 4096, true));
    assert.equal(long.add(part(1, 1, false))?.application.length, 4_096_001);
  });
});

describe('the number of incomplete messages', () => {
  it('is limited; whole frames and slices of open messages still pass', () => {
    const assembler = new Assembler({ maxMessages: 2 });
    assembler.add(part(1, 1, true));
    assembler.add(part(2, 1, true));
    assert.throws(() => assembler.add(part(3, 1, true)), tooLarge);
    const whole = part(3, 1, false);
    assert.equal(assembler.add(whole), whole);
    assert.equal(assembler.add(part(1, 1, true)), undefined);
  });

  it('keeps nothing of the slice that would open one too many', () => {
    const assembler = new Assembler({ maxMessageBytes: 10, maxMessages: 1 });
    assembler.add(part(1, 6, true));
    assert.throws(() => assembler.add(part(2, 4, true)), tooLarge);
    assert.equal(assembler.add(part(1, 4, false))?.application.length, 10);
  });

  it('has room again once a message is complete', () => {
    const assembler = new Assembler({ maxMessages: 1 });
    for (const id of [1, 2, 3]) {
      assert.equal(assembler.add(part(id, 1, true)), undefined);
      assert.equal(assembler.add(part(id, 1, false))?.application.length, 2);
    }
  });

  it('is 64 unless told otherwise', () => {
    const assembler = new Assembler();
    for (let id = 1; id <= 64; id++) assembler.add(part(id, 1, true));
    assert.throws(() => assembler.add(part(65, 1, true)), tooLarge);
  });
});
