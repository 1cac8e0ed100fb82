import { type Codec, decodePayload, encodePayload, type Payload } from '../protocol/codec.js';
import { bareFault, cutFault, type Fault, fromFault, toFault } from '../protocol/fault.js';

/** Of an error that is too long to be carried. Characters */
const CUT = 1_000;

/** An error for the wire; what the codec cannot carry of it, or is too long, is left out. */
export function encodeFault(codec: Codec, error: Error, maxBytes: number): Payload {
  const fault = toFault(error);
  const encode = (some: Fault, most?: number) => encodePayload(codec, some, 'an error', most);
  try {
    return encode(fault, maxBytes);
  } catch {
    try {
      return encode(bareFault(fault), maxBytes);
    } catch {
      return encode(cutFault(fault, CUT));
    }
  }
}

export function decodeFault(codec: Codec, payload: Payload): Error {
  try {
    return fromFault(decodePayload(codec, payload, 'an error'));
  } catch (error) {
    return error as Error;
  }
}
