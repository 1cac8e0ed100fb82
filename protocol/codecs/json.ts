import type { Codec } from '../codec.js';
import { checkJson } from '../json-guard.js';
import { type LimitOptions, resolveLimits } from '../limits.js';

/**
 * JSON as UTF-8 (RFC 8259). Readable on the wire; carries what JSON carries: `undefined` as a whole comes back
 * as `undefined`, inside an object it is dropped; NaN and infinities become null, a Date becomes a string,
 * BigInt and circular references are errors.
 *
 * Safe with bytes of any peer: what is nested deeper than `maxDepth` (256), has more than `maxItems` (4 Mi) values or a
 * key of an object beyond 16,383 bytes is an error of `decode`.
 *
 * @throws ClusterError ERR_CLUSTER_OPTION
 */
export function json(options: LimitOptions = {}): Codec {
  const limits = resolveLimits(options);
  return {
    name: 'json',
    encode(value) {
      if (value === undefined) return Buffer.alloc(0);
      const text = JSON.stringify(value) as string | undefined;
      if (text === undefined) throw new TypeError(`a ${typeof value} is not JSON`);
      return Buffer.from(text, 'utf8');
    },
    decode(bytes) {
      if (bytes.length === 0) return undefined;
      checkJson(bytes, limits);
      return JSON.parse(bytes.toString('utf8'));
    },
  };
}
