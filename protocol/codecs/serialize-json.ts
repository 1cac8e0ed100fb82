import type { Codec } from '../codec.js';
import { type LimitOptions, resolveLimits } from '../limits.js';
import { SerializeJsonReader } from '../serialize-json-reader.js';
import { SerializeJsonWriter } from '../serialize-json-writer.js';

/**
 * The codec of cluster-client 3.x: the format of npm serialize-json@1.0.3, read and written both ways, for channels and
 * stored bytes that have to go on with it. For anything else `msgpack()` keeps more and takes a third of the time.
 *
 * Kept: undefined, every double, Date, Buffer, own enumerable properties; of an error its message, stack and these (a
 * `name` or `code` only if it is one of them); it arrives as a plain Error. Differs: an Uint8Array arrives as a Buffer, a
 * hole in an array as undefined, a function, symbol or BigInt as null, any other object (Map, Set, RegExp, of a class) as
 * a plain one of its own enumerable properties, a lone surrogate as U+FFFD. A value that holds itself, or is nested
 * deeper than 1000 levels, is an error.
 *
 * Safe with bytes of any peer: what is nested deeper than `maxDepth` (256) or counts for more than `maxItems` (4 Mi) is
 * an error of `decode`: a value counts for 1, a Date for 3, a Buffer for 5 and 1 every 4 bytes, an error for 129. Keys
 * of objects have up to 16,383 bytes.
 *
 * @throws ClusterError ERR_CLUSTER_OPTION
 */
export function serializeJson(options: LimitOptions = {}): Codec {
  const limits = resolveLimits(options);
  return {
    name: 'serialize-json',
    encode(value) {
      const writer = new SerializeJsonWriter();
      writer.write(value);
      return writer.finish();
    },
    decode(bytes) {
      return bytes.length === 0 ? undefined : new SerializeJsonReader(bytes, limits).read();
    },
  };
}
