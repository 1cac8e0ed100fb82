import { calls } from './after-calls.js';
import { floods } from './after-floods.js';
import { frames } from './after-frames.js';
import { values } from './after-values.js';
import { before } from './before.js';
import { hellos } from './before-hello.js';
import { during } from './during.js';
import type { Input } from './input.js';

/** In the order in which the table has them. */
export const inputs: readonly Input[] = [
  ...before,
  ...hellos,
  ...during,
  ...calls,
  ...values,
  ...frames,
  ...floods,
];
