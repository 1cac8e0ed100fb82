import assert from 'node:assert/strict';
import { Flag, Type } from '../../protocol/constants.js';
import { decode } from '../../protocol/dialects/v2.js';
import type { Frame } from '../../protocol/frame.js';
import type { Ear } from '../helpers/links.js';
import { read } from './wire.js';

/** The most that a frame may hold after the handshake. */
export const MAX_FRAME_BYTES = 1024 * 1024;

/** What a link is closed with because of what came on it, once its other end has proved itself. */
export const VIOLATIONS = [
  'ERR_CLUSTER_PROTOCOL',
  'ERR_CLUSTER_FRAME_TOO_LARGE',
  'ERR_CLUSTER_MESSAGE_TOO_LARGE',
];

/** What the other end has written: whole frames, and why it has left, if it has. */
export function heard(ear: Ear): { frames: Frame[]; goodbye: { code: string; reason: string } | undefined } {
  const { frames, held, faults } = read(ear.bytes, [MAX_FRAME_BYTES]);
  assert.deepEqual([held, faults], [0, []], 'half a frame was written');
  const last = frames.at(-1);
  if (last?.type !== Type.goodbye) return { frames, goodbye: undefined };
  const goodbye = decode(last);
  assert.ok(goodbye?.type === 'goodbye');
  return { frames: frames.slice(0, -1), goodbye };
}

/** Whether it is a goodbye, and not the first slice of a long one. */
export function isGoodbye({ type, flags }: Frame): boolean {
  return type === Type.goodbye && (flags & Flag.more) === 0;
}
