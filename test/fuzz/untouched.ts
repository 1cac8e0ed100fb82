import assert from 'node:assert/strict';

/** What every object of the process inherits from. */
const SHARED = [Object, Array, Function, Error, Map, Set, Promise, String, Number, Uint8Array, Buffer].map(
  ({ prototype }) => prototype as object,
);

const fingerprint = () =>
  SHARED.map((shared) =>
    Reflect.ownKeys(shared).map((key) => [key, Reflect.getOwnPropertyDescriptor(shared, key)?.value]),
  );

const before = fingerprint();

/** Nothing was written where all objects look. */
export function assertUntouched(): void {
  const now = fingerprint();
  for (const [index, keys] of now.entries()) {
    const known = before[index] ?? [];
    assert.equal(keys.length, known.length);
    for (const [at, [key, value]] of keys.entries()) {
      assert.ok(known[at]?.[0] === key && Object.is(known[at]?.[1], value), String(key));
    }
  }
}
