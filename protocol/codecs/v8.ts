import { deserialize, serialize } from 'node:v8';
import type { Codec } from '../codec.js';

/**
 * V8's structured clone serialisation: the same values as `structuredClone` (-0 and holes included), no package
 * needed, slower than msgpack for small values. Its format depends on the Node version: all processes of a group
 * should run the same one.
 *
 * Only for groups whose processes trust each other. What a peer sends cannot be looked over before V8 reads it: a
 * Set of numbers that were chosen for it takes minutes, and nothing bounds depth or size but `maxMessageBytes`.
 */
export function v8(): Codec {
  return {
    name: 'v8',
    encode: serialize,
    // Node's deserializer makes typed arrays and Buffers as views of its input: give it a copy of its own.
    decode: (bytes) => deserialize(Uint8Array.prototype.slice.call(bytes)),
  };
}
