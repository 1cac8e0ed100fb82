import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Flag, Kind, MAX_WHOLE_BYTES, SLICE_BYTES, Type } from '../../protocol/constants.js';
import { EMPTY, type Frame } from '../../protocol/frame.js';
import { Assembler, needsSlices, slice } from '../../protocol/slices.js';

function frame(id: number, length: number, more: Partial<Frame> = {}): Frame {
  const application = Buffer.alloc(length, id);
  if (length > 0) application.writeUInt8(255, length - 1);
  return {
    version: 2,
    kind: Kind.response,
    type: Type.result,
    flags: Flag.fault,
    id,
    timeout: 7,
    connection: Buffer.from('connection'),
    application,
    ...more,
  };
}

function assertSame(actual: Frame | undefined, expected: Frame): void {
  assert.ok(actual);
  // Compared apart: a difference in a megabyte would be printed.
  assert.ok(actual.application.equals(expected.application), 'the application parts differ');
  assert.deepEqual({ ...actual, application: EMPTY }, { ...expected, application: EMPTY });
}

describe('a message needs slices', () => {
  it('from one byte over 512 KiB on, both parts counted', () => {
    const connection = Buffer.alloc(10);
    assert.equal(needsSlices(frame(1, MAX_WHOLE_BYTES - 10, { connection })), false);
    assert.equal(needsSlices(frame(1, MAX_WHOLE_BYTES - 9, { connection })), true);
  });
});

describe('slices', () => {
  const sizes = [1, 2, 3, 4].flatMap((n) => [n * SLICE_BYTES - 1, n * SLICE_BYTES, n * SLICE_BYTES + 1]);

  it('come back as the message that they were cut from, sizes around the limits', () => {
    for (const size of [1, ...sizes, MAX_WHOLE_BYTES + 1]) {
      const message = frame(1, size);
      const assembler = new Assembler();
      const results = [...slice(message)].map((part) => assembler.add(part));
      assertSame(results.pop(), message);
      assert.ok(results.every((result) => result === undefined));
    }
  });

  it('hold 128 KiB but the last, in views of the message', () => {
    const message = frame(1, 2 * SLICE_BYTES + 1);
    const parts = [...slice(message)];
    assert.deepEqual(
      parts.map((part) => part.application.length),
      [SLICE_BYTES, SLICE_BYTES, 1],
    );
    for (const part of parts) assert.equal(part.application.buffer, message.application.buffer);
  });

  it('have the connection part and timeout in the first, the length of all in the others, the flag more in all but the last', () => {
    const message = frame(9, 2 * SLICE_BYTES + 1);
    const parts = [...slice(message)].map((part) => ({ ...part, application: EMPTY }));
    const { application: _, ...rest } = { ...message, connection: EMPTY };
    const more = Flag.fault | Flag.more;
    assert.deepEqual(parts, [
      { ...rest, flags: more, application: EMPTY, connection: message.connection },
      { ...rest, flags: more, application: EMPTY, timeout: message.application.length },
      { ...rest, flags: Flag.fault, application: EMPTY, timeout: message.application.length },
    ]);
  });

  it('are made one at a time', () => {
    const iterator = slice(frame(1, 3 * SLICE_BYTES));
    const first = iterator.next();
    assert.equal(first.done, false);
    assert.equal(iterator.return().done, true);
    assert.equal(iterator.next().done, true);
  });
});

describe('an assembler', () => {
  it('passes a whole frame through as it is, also between slices', () => {
    const assembler = new Assembler();
    const whole = frame(2, 10);
    assert.equal(assembler.add(whole), whole);
    const [first, last] = [...slice(frame(1, SLICE_BYTES + 1))] as [Frame, Frame];
    assert.equal(assembler.add(first), undefined);
    assert.equal(assembler.add(whole), whole);
    assertSame(assembler.add(last), frame(1, SLICE_BYTES + 1));
  });

  it('keeps messages apart that differ in id, type or kind and whose slices interleave', () => {
    const assembler = new Assembler();
    const messages = [
      frame(1, SLICE_BYTES + 1),
      frame(2, SLICE_BYTES + 2),
      frame(1, SLICE_BYTES + 3, { kind: Kind.request }),
      frame(1, SLICE_BYTES + 4, { type: Type.value }),
    ];
    const cut = messages.map((message) => [...slice(message)] as [Frame, Frame]);
    for (const [first] of cut) assert.equal(assembler.add(first), undefined);
    for (const [index, [, last]] of cut.entries()) assertSame(assembler.add(last), messages[index] as Frame);
  });

  it('takes the next message of the same id once the last one is complete', () => {
    const assembler = new Assembler();
    for (const size of [SLICE_BYTES + 5, SLICE_BYTES + 6]) {
      const [first, last] = [...slice(frame(1, size))] as [Frame, Frame];
      assert.equal(assembler.add(first), undefined);
      assertSame(assembler.add(last), frame(1, size));
    }
  });

  it('gives a message that its sender does not share memory with', () => {
    const message = frame(1, SLICE_BYTES + 1);
    const assembler = new Assembler();
    const [first, last] = [...slice(message)] as [Frame, Frame];
    assembler.add(first);
    const result = assembler.add(last);
    assert.notEqual(result?.application.buffer, message.application.buffer);
  });

  it('reads empty slices in every place', () => {
    const assembler = new Assembler();
    const part = (length: number, flags: number) =>
      frame(3, length, { flags, connection: EMPTY, timeout: 5 });
    assert.equal(assembler.add(part(0, Flag.more)), undefined);
    assert.equal(assembler.add(part(5, Flag.more)), undefined);
    assert.equal(assembler.add(part(0, Flag.more)), undefined);
    assertSame(assembler.add(part(0, 0)), part(5, 0));
  });

  it('puts a message together in one buffer of just its size', () => {
    const assembler = new Assembler();
    const parts = [...slice(frame(1, 3 * SLICE_BYTES + 1))];
    const [whole] = parts.map((part) => assembler.add(part)).slice(-1);
    assert.equal(whole?.application.buffer.byteLength, 3 * SLICE_BYTES + 1);
  });
});
