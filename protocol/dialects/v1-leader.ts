import { createHash } from 'node:crypto';
import { type Codec, encodePayload } from '../codec.js';
import { Kind } from '../constants.js';
import type { Dialect, DialectHost } from '../dialect.js';
import { protocolError } from '../errors.js';
import type { Frame } from '../frame.js';
import type { Message } from '../message.js';
import {
  decodeArguments,
  encodeArguments,
  type Head,
  nextId,
  readHead,
  readKey,
  readText,
  request,
  response,
  splitArguments,
  writeKey,
} from './v1.js';

/** What the follower of 3.x has been told of the channel: it takes one answer. */
type Told = { type: 'nothing' } | { type: 'success' | 'failure'; answer: Buffer };

/**
 * The leader's end of a link to a follower of cluster-client 3.x. It asks to be registered, again and again until it is
 * answered, and only then says anything else; a publication is a call that nobody waits for.
 */
export class V1Leader implements Dialect {
  readonly hasSlices = false;
  readonly encodeArguments = encodeArguments;
  readonly decodeArguments = decodeArguments;
  readonly #host: DialectHost;
  #codec: Codec;
  #publishMethod: string | undefined;
  /** Id of the newest request to be registered. */
  #registration: number;
  #told: Told = { type: 'nothing' };
  #lastPush = 0;

  /**
   * @param codec for answers, until it is known who serves.
   * @param registration id of the frame that the link began with.
   */
  constructor(host: DialectHost, codec: Codec, registration: number) {
    this.#host = host;
    this.#codec = codec;
    this.#registration = registration;
  }

  /** @param publishMethod name of the method that publishes. */
  serve(codec: Codec, publishMethod: string | undefined): void {
    this.#codec = codec;
    this.#publishMethod = publishMethod;
  }

  encode(message: Message): Frame | undefined {
    switch (message.type) {
      case 'welcome':
        return this.#register('success', { success: true });
      case 'unavailable':
        return this.#register('failure', {
          success: false,
          error: this.#codec.decode(message.value.bytes),
        });
      case 'refused': {
        const { code, reason } = message;
        return this.#register('failure', { success: false, error: { name: 'Error', code, message: reason } });
      }
      case 'result': {
        const { id, fault, value } = message;
        return response(id, { type: 'invoke_result', success: !fault }, value.bytes);
      }
      case 'value': {
        if (message.fault) return undefined;
        this.#lastPush = nextId(this.#lastPush);
        const head = { type: 'subscribe_result', key: writeKey(message.key) };
        return request(this.#lastPush, head, message.value.bytes);
      }
      case 'heartbeat':
        return message.reply ? response(message.id, { type: 'heartbeat_res' }) : undefined;
      case 'goodbye':
        this.#host.end();
        return undefined;
      default:
        return undefined;
    }
  }

  decode(frame: Frame): Message | undefined {
    // The acknowledgement of a value.
    if (frame.kind === Kind.response) return undefined;
    const head = readHead(frame);
    switch (head['type']) {
      case 'register_channel':
        this.#registration = frame.id;
        if (this.#told.type !== 'nothing') this.#host.send(this.#registered(this.#told.answer));
        return undefined;
      case 'heartbeat':
        return { type: 'heartbeat', id: frame.id, reply: false };
      case 'subscribe': {
        const reg = encodePayload(this.#codec, head['reg'], 'a subscription');
        return { type: 'subscribe', key: readKey(head), reg };
      }
      case 'unSubscribe':
        return { type: 'unsubscribe', key: readKey(head) };
      case 'invoke':
        return this.#invoke(frame, head);
      default:
        return undefined;
    }
  }

  #invoke({ id, timeout, application }: Frame, head: Head): Message {
    const method = readText(head, 'method');
    const parts = splitArguments(application);
    if (head['argLength'] !== parts.length) {
      throw protocolError(
        `invoke: argLength is ${String(head['argLength'])}, ${parts.length} arguments there`,
      );
    }
    const [reg] = parts;
    if (method === this.#publishMethod && reg) {
      // Which of its publications are equal: those with the same bytes.
      const key = createHash('sha256').update(reg).digest('base64');
      const payload = { bytes: reg, raw: false };
      return { type: 'publish', id, epoch: 0, sequence: 0, key, reg: payload, method };
    }
    const args = { bytes: application, raw: false };
    const oneway = head['oneway'] === true;
    return { type: 'invoke', id, timeout, sentAt: this.#host.clock(), method, oneway, args };
  }

  #register(told: 'success' | 'failure', result: object): Frame | undefined {
    if (this.#told.type === 'failure') {
      // It holds on to the failure for as long as it has this link.
      if (told === 'success') this.#host.end();
      return undefined;
    }
    const { bytes: answer } = encodePayload(this.#codec, result, 'the answer to a registration');
    this.#told = { type: told, answer };
    return this.#registered(answer);
  }

  #registered(answer: Buffer): Frame {
    return response(this.#registration, { type: 'register_channel_res' }, answer);
  }
}
