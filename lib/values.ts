import { type Codec, decodePayload, encodePayload, isBuffer, type Payload } from '../protocol/codec.js';
import { bareFault, cutFault, type Fault, fromFault, toFault } from '../protocol/fault.js';
import { ClusterError } from './errors.js';

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

/** Arguments for the wire: a single Buffer as it is, anything else as one array. */
export function encodeArguments(
  codec: Codec,
  args: readonly unknown[],
  method: string,
  maxBytes: number,
): Payload {
  const value = args.length === 1 && isBuffer(args[0]) ? args[0] : args;
  return encodePayload(codec, value, `the arguments of ${method}`, maxBytes);
}

/** The reverse. @throws ClusterError ERR_CLUSTER_DECODE */
export function decodeArguments(codec: Codec, payload: Payload, method: string): readonly unknown[] {
  const args = decodePayload(codec, payload, `the arguments of ${method}`);
  if (payload.raw) return [args];
  if (Array.isArray(args)) return args;
  throw new ClusterError('ERR_CLUSTER_DECODE', `the arguments of ${method} are no array`, {
    data: { method },
  });
}
