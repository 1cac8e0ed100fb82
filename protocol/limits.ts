import { ClusterError } from './errors.js';

/** Bounds on the values that a codec decodes; `encode` does not look at them. An explicit `undefined` means the default. */
export interface LimitOptions {
  /** How deep containers may lie within each other, 1 to 1000. Default 256. */
  maxDepth?: number | undefined;
  /** How many values one value may hold, itself included. Default 4,194,304 (4 Mi). */
  maxItems?: number | undefined;
}

export interface Limits {
  readonly maxDepth: number;
  readonly maxItems: number;
}

/** msgpackr reads by recursion: at 1000 levels some values already need more stack than Node has. */
export const MAX_DEPTH = 1000;
const MAX_ITEMS = 0x7fff_ffff;

/**
 * The longest key of an object. V8 hashes the characters of a string up to this length; of longer ones only the
 * length: 2000 keys of 16 KiB, all of one length, take seconds to read.
 */
export const MAX_KEY_BYTES = 16_383;

/** @throws ClusterError ERR_CLUSTER_OPTION */
export function resolveLimits(options: LimitOptions): Limits {
  return {
    maxDepth: wholeNumber('maxDepth', options.maxDepth, MAX_DEPTH) ?? 256,
    maxItems: wholeNumber('maxItems', options.maxItems, MAX_ITEMS) ?? 4 * 1024 * 1024,
  };
}

function wholeNumber(option: string, value: unknown, max: number): number | undefined {
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return value;
  const got = typeof value === 'number' ? value : typeof value;
  throw new ClusterError(
    'ERR_CLUSTER_OPTION',
    `option ${option} must be a whole number from 1 to ${max}, got ${got}`,
    {
      data: { option, value },
    },
  );
}

export function tooDeep(maxDepth: number): RangeError {
  return new RangeError(`the value is nested deeper than the ${maxDepth} levels of option maxDepth`);
}

export function keyTooLong(length: number): RangeError {
  return new RangeError(`a key of ${length} bytes, at most ${MAX_KEY_BYTES} are taken`);
}

export function tooManyItems(maxItems: number): RangeError {
  return new RangeError(`the value holds more than the ${maxItems} items of option maxItems`);
}
