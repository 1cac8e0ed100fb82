/** Plain data for tests: what PlainWriter writes. */

import fc from 'fast-check';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: 'grapheme-ascii', maxLength: 60 }),
  fc.constantFrom('x'.repeat(39), 'x'.repeat(40), 'é'.repeat(16), '€'.repeat(90), 'x'.repeat(70_000)),
);
const key = fc.oneof(
  fc.constantFrom('a', 'b', 'c', '', '0', '17', '__proto__', '__keys__', 'constructor', 'toString'),
  fc.string({ unit: 'binary', maxLength: 10 }),
);
const leaf = fc.oneof(
  fc.constantFrom(undefined, null, true, false),
  fc.integer(),
  fc.integer({ min: -300, max: 300 }),
  fc.double().map((double) => (double === 0 ? 0 : double)),
  text,
);

export const { value: plain } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    fc.array(fc.record({ a: leaf, b: tie('value') }, { noNullPrototype: true }), { maxLength: 12 }),
  ),
}));
