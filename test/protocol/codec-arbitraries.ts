/** Values for property tests of codecs. */

import fc from 'fast-check';

export const text = fc.string({ unit: 'binary', maxLength: 80 });
export const key = fc.oneof(
  text,
  fc.constantFrom(
    '__keys__',
    '__proto__',
    '__proto_',
    'constructor',
    'toString',
    'toJSON',
    'length',
    'cause',
  ),
);
const positiveZero = (double: number) => (double === 0 ? 0 : double);

export const leaf = fc.oneof(
  fc.constantFrom(undefined, null, true, false),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double().map(positiveZero),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  text,
  fc.date({ noInvalidDate: true }),
  fc.uint8Array().map((array) => Buffer.from(array)),
  fc.uint8Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.constantFrom(/a/, /[^b]+$/gimsuy),
);

/** Everything that msgpack keeps, nested in everything that nests. */
export const { value: structured } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(key, tie('value'), { noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 5 }).map((items) => new Set(items)),
    fc.tuple(tie('error'), tie('value')).map(([error]) => error),
  ),
  error: fc
    .record({
      name: fc.constantFrom('Error', 'TypeError', 'CustomError'),
      message: text,
      cause: tie('value'),
      data: tie('value'),
    })
    .map(({ name, message, cause, data }) => {
      const error = name === 'TypeError' ? new TypeError(message, { cause }) : new Error(message, { cause });
      if (name === 'CustomError')
        Object.defineProperty(error, 'name', { value: name, writable: true, configurable: true });
      return Object.assign(error, { code: 'E_ANY', data });
    }),
}));
