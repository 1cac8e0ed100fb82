import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Flag, Kind, Type } from '../../protocol/constants.js';
import { EMPTY, type Frame } from '../../protocol/frame.js';
import { Assembler } from '../../protocol/slices.js';

const tooLarge = { name: 'ClusterError', code: 'ERR_CLUSTER_MESSAGE_TOO_LARGE' };

/** @param said how long the message is; the first slice does not say it. */
function part(id: number, length: number, more: boolean, said = 0): Frame {
  const flags = more ? Flag.more : 0;
  const application = Buffer.alloc(length, 1);
  return {
    version: 2,
    kind: Kind.request,
    type: Type.invoke,
    flags,
    id,
    timeout: said,
    connection: EMPTY,
    application,
  };
}

describe('the limit of a message', () => {
  it('lets one pass that is of exactly its size', () => {
    const assembler = new Assembler({ maxMessageBytes: 10 });
    assert.equal(assembler.add(part(1, 6, true)), undefined);
    assert.equal(assembler.add(part(1, 4, false, 10))?.application.length, 10);
  });

  it('refuses the first slice that goes over it, and the second that says that the message will', () => {
    const refusal = { ...tooLarge, limit: 10 };
    assert.throws(() => new Assembler({ maxMessageBytes: 10 }).add(part(1, 11, true)), refusal);
    for (const more of [true, false]) {
      const assembler = new Assembler({ maxMessageBytes: 10 });
      assembler.add(part(1, 6, true));
      assert.throws(() => assembler.add(part(1, 5, more, 11)), refusal);
    }
  });

  it('does not keep what goes over it', () => {
    const assembler = new Assembler({ maxMessageBytes: 10 });
    assembler.add(part(1, 6, true));
    assert.throws(() => assembler.add(part(1, 1, true, 2 ** 32 - 1)), tooLarge);
    assert.equal(assembler.add(part(1, 4, false, 10))?.application.length, 10);
  });

  it('is that of all incomplete messages together, as long as they say to be', () => {
    const assembler = new Assembler({ maxMessageBytes: 10 });
    assembler.add(part(1, 6, true));
    assert.throws(() => assembler.add(part(2, 5, true)), { ...tooLarge, limit: 10 });
    assembler.add(part(2, 1, true));
    assembler.add(part(2, 0, true, 4));
    assert.throws(() => assembler.add(part(3, 1, true)), { ...tooLarge, limit: 10 });
    assert.throws(() => assembler.add(part(1, 1, false, 7)), { ...tooLarge, limit: 10 });
    assert.equal(assembler.add(part(1, 0, false, 6))?.application.length, 6);
    // Of the first nothing is held any more.
    assembler.add(part(3, 6, true));
    assert.equal(assembler.add(part(2, 3, false, 4))?.application.length, 4);
  });

  it('is 128 MiB unless told otherwise', () => {
    const assembler = new Assembler();
    const application = Buffer.allocUnsafeSlow(64 * 1024 * 1024);
    assembler.add({ ...part(1, 0, true), application });
    assert.throws(() => assembler.add(part(1, 1, true, 134217729)), { ...tooLarge, limit: 134217728 });
    assembler.add({ ...part(1, 0, true, 134217728), application });
    assert.throws(() => assembler.add(part(2, 1, true)), { ...tooLarge, limit: 134217728 });
  });
});

describe('the length of a message in slices', () => {
  const wrong: [name: string, slices: Frame[]][] = [
    ['is less than has come by the second', [part(1, 6, true), part(1, 0, true, 5)]],
    ['is less than has come with the second', [part(1, 6, true), part(1, 1, true, 6)]],
    ['is less than comes later', [part(1, 6, true), part(1, 1, true, 8), part(1, 2, true, 8)]],
    ['is less than comes with the last', [part(1, 6, true), part(1, 1, true, 8), part(1, 2, false, 8)]],
    ['is more than has come with the last', [part(1, 6, true), part(1, 1, false, 8)]],
    ['is none', [part(1, 6, true), part(1, 1, true)]],
    ['is another in a later slice', [part(1, 6, true), part(1, 1, true, 8), part(1, 1, true, 9)]],
    ['is another in the last', [part(1, 6, true), part(1, 1, true, 8), part(1, 1, false, 9)]],
  ];
  for (const [name, slices] of wrong) {
    it(`is refused where it ${name}, which is not kept`, () => {
      const assembler = new Assembler({ maxMessageBytes: 10 });
      const last = slices.pop() as Frame;
      for (const slice of slices) assert.equal(assembler.add(slice), undefined);
      const message = /^slices of \d+ bytes( and more)?, of a message of \d$/;
      assert.throws(() => assembler.add(last), { code: 'ERR_CLUSTER_PROTOCOL', message });
      const left = slices.length === 1 ? 2 : 1;
      assert.equal(assembler.add(part(1, left, false, 8))?.application.length, 8);
    });
  }
});

describe('the number of slices', () => {
  it('may not be out of proportion to what is in them, as each one costs', () => {
    const assembler = new Assembler();
    for (let count = 1; count <= 64; count += 1) assembler.add(part(1, 1, true, 100));
    assert.throws(() => assembler.add(part(1, 0, true, 100)), {
      code: 'ERR_CLUSTER_PROTOCOL',
      message: 'a message of 100 bytes came in more than 64 slices',
    });
    const long = new Assembler();
    for (let count = 1; count <= 1000; count += 1) long.add(part(1, 4096, true, 4_096_001));
    assert.equal(long.add(part(1, 1, false, 4_096_001))?.application.length, 4_096_001);
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
    assert.equal(assembler.add(part(1, 1, true, 3)), undefined);
  });

  it('keeps nothing of the slice that would open one too many', () => {
    const assembler = new Assembler({ maxMessageBytes: 10, maxMessages: 1 });
    assembler.add(part(1, 6, true));
    assert.throws(() => assembler.add(part(2, 4, true)), tooLarge);
    assert.equal(assembler.add(part(1, 4, false, 10))?.application.length, 10);
  });

  it('has room again once a message is complete', () => {
    const assembler = new Assembler({ maxMessages: 1 });
    for (const id of [1, 2, 3]) {
      assert.equal(assembler.add(part(id, 1, true)), undefined);
      assert.equal(assembler.add(part(id, 1, false, 2))?.application.length, 2);
    }
  });

  it('is 64 unless told otherwise', () => {
    const assembler = new Assembler();
    for (let id = 1; id <= 64; id++) assembler.add(part(id, 1, true));
    assert.throws(() => assembler.add(part(65, 1, true)), tooLarge);
  });
});
