import { type Listener, Subscriptions } from '../../lib/subscriptions.js';
import { encodePayload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import type { Value } from '../../protocol/message.js';

const codec = msgpack();

export const delivery = (key: string, value: unknown, revision: number): Value => ({
  type: 'value',
  key,
  revision,
  missed: 0,
  fault: false,
  value: encodePayload(codec, value, 'a value'),
});

export function subscriptions() {
  const errors: unknown[] = [];
  return { errors, subject: new Subscriptions({ codec, onError: (error) => errors.push(error) }) };
}

/** A listener that keeps what it hears. */
export function listener(): Listener & { values: unknown[] } {
  const values: unknown[] = [];
  return Object.assign((value: unknown) => void values.push(value), { values });
}

export const nextTick = () => new Promise<void>((resolve) => process.nextTick(resolve));
