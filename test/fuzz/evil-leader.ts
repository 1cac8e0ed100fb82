import fc from 'fast-check';
import type { Session } from '../../lib/session.js';
import type { Link } from '../../lib/transport.js';
import { encodePayload } from '../../protocol/codec.js';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import type { Ear } from '../helpers/links.js';
import { cut, once, piece, record, sizes } from './arbitraries.js';
import { type Listening, listen, type Made, mute, newCall } from './follower-world.js';
import { type Any, bytesSent, MESSAGES, message, type Sending, sending } from './messages.js';
import { turns } from './runs.js';

const KEYS = ['a', 'b', 'throws', '__proto__', 'constructor'];

type Step =
  | { do: 'call'; oneway: boolean; idempotent: boolean }
  | { do: 'abort'; index: number }
  | { do: 'subscribe' | 'publish'; key: string }
  | { do: 'unsubscribe'; index: number }
  | Sending
  | { do: 'bytes'; bytes: Buffer }
  | { do: 'hang' | 'wait' };

export interface Attack {
  isStarting: boolean;
  steps: Step[];
  sizes: readonly number[];
}

const codec = msgpack();
const key = fc.constantFrom(...KEYS);
const tagged = (...tag: unknown[]) => encodePayload(codec, tag, 'a tag');

/** Values and results that say for whom they are. */
const value = fc
  .tuple(MESSAGES.value, key)
  .map(([one, key]) => ({ ...one, key, fault: false, value: tagged('value', key) }));
const result = MESSAGES.result.map((one) => ({ ...one, fault: false, value: tagged('result', one.id) }));

/** Mostly what a leader sends. */
const sent: fc.Arbitrary<Any> = fc.oneof(
  { weight: 8, arbitrary: value },
  { weight: 4, arbitrary: fc.tuple(MESSAGES.value, key).map(([one, key]) => ({ ...one, key })) },
  { weight: 4, arbitrary: result },
  { weight: 4, arbitrary: MESSAGES.result },
  { weight: 3, arbitrary: MESSAGES.published },
  { weight: 2, arbitrary: MESSAGES.unavailable },
  { weight: 2, arbitrary: MESSAGES.welcome },
  { weight: 2, arbitrary: MESSAGES.standby },
  { weight: 1, arbitrary: MESSAGES.heartbeat },
  { weight: 1, arbitrary: MESSAGES.moved },
  { weight: 1, arbitrary: MESSAGES.goodbye },
  { weight: 2, arbitrary: message },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: sending(sent) },
  { weight: 1, arbitrary: record({ do: fc.constant('bytes' as const), bytes: piece }) },
  {
    weight: 4,
    arbitrary: record({ do: fc.constant('call' as const), oneway: fc.boolean(), idempotent: fc.boolean() }),
  },
  { weight: 1, arbitrary: record({ do: fc.constant('abort' as const), index: fc.nat(5) }) },
  {
    weight: 6,
    arbitrary: record({
      do: fc.constantFrom<('subscribe' | 'publish')[]>('subscribe', 'subscribe', 'publish'),
      key,
    }),
  },
  { weight: 1, arbitrary: record({ do: fc.constant('unsubscribe' as const), index: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: record({ do: fc.constantFrom<('hang' | 'wait')[]>('hang', 'wait', 'wait', 'wait') }),
  },
);

export const attack: fc.Arbitrary<Attack> = record({
  isStarting: once(4),
  steps: fc.array(step, { maxLength: 16 }),
  sizes,
});

/** What one client and its leaders, one after the other, have made of it. */
export class Run {
  readonly calls: Made[] = [];
  readonly listeners: Listening[] = [];
  /** Of each leader: what it has heard and said. */
  readonly leaders: { link: Link; ear: Ear; said: Buffer; hung: boolean }[] = [];
  readonly #sizes: readonly number[];

  constructor(sizes: readonly number[]) {
    this.#sizes = sizes;
  }

  lead(link: Link): void {
    this.leaders.push({ link, ear: mute(link), said: Buffer.alloc(0), hung: false });
  }

  #say(bytes: Buffer): void {
    const leader = this.leaders.at(-1);
    if (!leader) return;
    leader.said = Buffer.concat([leader.said, bytes]);
    for (const chunk of cut(bytes, this.#sizes, 200)) leader.link.write([chunk]);
  }

  async step(session: Session, step: Step): Promise<void> {
    switch (step.do) {
      case 'call':
        this.calls.push(newCall(session, step));
        break;
      case 'abort':
        this.calls[step.index]?.controller.abort();
        break;
      case 'subscribe':
        this.listeners.push(listen(session, step.key));
        break;
      case 'unsubscribe': {
        const listening = this.listeners[step.index];
        if (!listening) break;
        listening.isSubscribed = false;
        session.unsubscribe(listening.key, listening.listener);
        break;
      }
      case 'publish':
        session.publish(step.key);
        break;
      case 'send':
        this.#say(bytesSent(step));
        break;
      case 'bytes':
        this.#say(step.bytes);
        break;
      case 'hang': {
        const leader = this.leaders.at(-1);
        if (leader) leader.hung = true;
        leader?.link.destroy();
        await turns(4);
        break;
      }
      case 'wait':
        await turns(4);
    }
  }
}
