export { type Codec, decodePayload, encodePayload, type Payload } from './codec.js';
export * from './constants.js';
export { Decoder, type DecoderOptions } from './decoder.js';
export * as v2 from './dialects/v2.js';
export { ClusterError, type ClusterErrorOptions } from './errors.js';
export { bareFault, type Fault, fromFault, restoreError, toFault } from './fault.js';
export { encodeFrame, encodeHead, type Frame } from './frame.js';
export type * from './message.js';
export { Assembler, needsSlices, slice } from './slices.js';
