import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { Flag } from '../../protocol/constants.js';
import type { Frame } from '../../protocol/frame.js';
import { Assembler } from '../../protocol/slices.js';
import { record } from './arbitraries.js';
import { fuzz, PATIENCE } from './runs.js';

interface Open {
  first: Frame;
  parts: Buffer[];
  length: number;
  /** As long as its second slice has said that it will be, or as the first is. */
  reserved: number;
}

type Expected = 'ERR_CLUSTER_MESSAGE_TOO_LARGE' | 'ERR_CLUSTER_PROTOCOL' | Frame | undefined;

/** What an assembler has to do, written as simply as can be. */
class Model {
  readonly #open: Open[] = [];
  readonly #maxBytes: number;
  readonly #maxMessages: number;

  constructor(maxBytes: number, maxMessages: number) {
    this.#maxBytes = maxBytes;
    this.#maxMessages = maxMessages;
  }

  add(frame: Frame): Expected {
    const more = (frame.flags & Flag.more) !== 0;
    const known = this.#open.find(
      ({ first }) => first.type === frame.type && first.kind === frame.kind && first.id === frame.id,
    );
    if (!known && !more) return frame;
    const held = this.#open.reduce((sum, { reserved }) => sum + reserved, 0);
    const { application, timeout: said } = frame;
    if (known) {
      const length = known.length + application.length;
      if (length > said || (!more && length < said)) return 'ERR_CLUSTER_PROTOCOL';
      if (known.parts.length > 1 && said !== known.reserved) return 'ERR_CLUSTER_PROTOCOL';
      if (known.parts.length + 1 > 64 + length / 4096) return 'ERR_CLUSTER_PROTOCOL';
      if (held - known.reserved + said > this.#maxBytes) return 'ERR_CLUSTER_MESSAGE_TOO_LARGE';
    } else {
      if (held + application.length > this.#maxBytes) return 'ERR_CLUSTER_MESSAGE_TOO_LARGE';
      if (this.#open.length >= this.#maxMessages) return 'ERR_CLUSTER_MESSAGE_TOO_LARGE';
    }
    const open = known ?? { first: frame, parts: [], length: 0, reserved: application.length };
    if (known) open.reserved = said;
    else this.#open.push(open);
    open.parts.push(application);
    open.length += application.length;
    if (more) return undefined;
    this.#open.splice(this.#open.indexOf(open), 1);
    return { ...open.first, flags: open.first.flags & ~Flag.more, application: Buffer.concat(open.parts) };
  }
}

const slice = record({
  type: fc.constantFrom(17, 18),
  kind: fc.constantFrom(0 as const, 1 as const),
  id: fc.nat(3),
  flags: fc.constantFrom(0, Flag.more, Flag.more, Flag.more, Flag.more | Flag.raw, Flag.oneway),
  length: fc.oneof(fc.nat(9), fc.constantFrom(0, 1000, 4096, 5000)),
  /** What the length of the message is said to be. */
  said: fc.constantFrom(5, 10, 4096, 5000, 10_000, 200_000),
  fill: fc.nat(255),
  times: fc.constantFrom(1, 1, 1, 1, 1, 66),
});

const LIMITS = record({
  maxMessageBytes: fc.constantFrom(0, 10, 5000, 20_000, 1_000_000),
  maxMessages: fc.integer({ min: 1, max: 6 }),
});

it('slices in any order give whole messages, and never hold more than the limit', PATIENCE, async (t) => {
  const given = record({ slices: fc.array(slice, { maxLength: 20 }), limits: LIMITS });
  const property = fc.property(given, ({ slices, limits }) => {
    const assembler = new Assembler(limits);
    const model = new Model(limits.maxMessageBytes, limits.maxMessages);
    for (const { times, fill, length, said, ...header } of slices) {
      const application = Buffer.alloc(length, fill);
      const frame: Frame = { version: 2, timeout: said, ...header, connection: Buffer.of(fill), application };
      for (let time = 0; time < times; time += 1) {
        const expected = model.add(frame);
        if (typeof expected === 'string') assert.throws(() => assembler.add(frame), { code: expected });
        else assert.deepEqual(assembler.add(frame), expected);
      }
    }
  });
  await fuzz(t, 'slices', property);
});
