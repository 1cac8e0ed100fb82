import type { Codec } from '../codec.js';

/**
 * JSON as UTF-8 (RFC 8259). Readable on the wire; carries what JSON carries: `undefined` as a whole comes back
 * as `undefined`, inside an object it is dropped; NaN and infinities become null, a Date becomes a string,
 * BigInt and circular references are errors.
 */
export function json(): Codec {
  return {
    name: 'json',
    encode(value) {
      if (value === undefined) return Buffer.alloc(0);
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) throw new TypeError(`a ${typeof value} is not JSON`);
      return Buffer.from(text, 'utf8');
    },
    decode: (bytes) => (bytes.length === 0 ? undefined : JSON.parse(bytes.toString('utf8'))),
  };
}
