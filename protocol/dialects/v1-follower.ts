import { type Codec, decodePayload, encodePayload } from '../codec.js';
import { Kind } from '../constants.js';
import type { Dialect, DialectHost } from '../dialect.js';
import { ClusterError, messageOf, protocolError } from '../errors.js';
import { type Frame, keptApplication } from '../frame.js';
import type { Message } from '../message.js';
import {
  decodeArguments,
  encodeArguments,
  type Head,
  nextId,
  readHead,
  readKey,
  request,
  response,
  splitArguments,
  writeKey,
} from './v1.js';

export interface V1FollowerOptions {
  codec: Codec;
  /** A leader of 3.x has none: what to take for it. */
  epoch: number;
}

/** The follower's end of a link to a leader of cluster-client 3.x, from the answer to the registration on. */
export class V1Follower implements Dialect {
  readonly hasSlices = false;
  readonly encodeArguments = encodeArguments;
  readonly decodeArguments = decodeArguments;
  readonly #host: DialectHost;
  readonly #codec: Codec;
  readonly #epoch: number;
  /** A leader of 3.x finds what is unsubscribed by this, not by the key. */
  readonly #regs = new Map<string, unknown>();
  #revision = 0;
  #publications = 0;
  /** Of requests without an answer. */
  #lastId = 0;

  constructor(host: DialectHost, { codec, epoch }: V1FollowerOptions) {
    this.#host = host;
    this.#codec = codec;
    this.#epoch = epoch;
  }

  encode(message: Message): Frame | undefined {
    switch (message.type) {
      case 'invoke': {
        const { id, method, oneway, timeout, args } = message;
        return this.#invoke(id, method, oneway, args.bytes, timeout);
      }
      case 'publish':
        return this.#publish(message);
      case 'subscribe': {
        const { key } = message;
        const reg = decodePayload(this.#codec, message.reg, `subscription ${key}`);
        const frame = this.#say({ type: 'subscribe', key: writeKey(key), reg });
        this.#regs.set(key, reg);
        return frame;
      }
      case 'unsubscribe': {
        const { key } = message;
        const reg = this.#regs.get(key);
        this.#regs.delete(key);
        return this.#say({ type: 'unSubscribe', key: writeKey(key), reg });
      }
      case 'heartbeat':
        return message.reply ? undefined : this.#say({ type: 'heartbeat' });
      default:
        return undefined;
    }
  }

  decode(frame: Frame): Message | undefined {
    const { id, kind, application } = frame;
    const head = readHead(frame);
    switch (head['type']) {
      case 'register_channel_res':
        return this.#registered(application);
      case 'invoke_result': {
        const value = { bytes: application, raw: false };
        return { type: 'result', id, fault: head['success'] !== true, value };
      }
      case 'subscribe_result': {
        const key = readKey(head);
        if (kind === Kind.request) this.#host.send(response(id, { type: 'subscribe_result_res' }));
        this.#revision += 1;
        const value = { bytes: keptApplication(frame), raw: false };
        return { type: 'value', key, revision: this.#revision, missed: 0, fault: false, value };
      }
      case 'heartbeat_res':
        return { type: 'heartbeat', id, reply: true };
      default:
        return undefined;
    }
  }

  /** Nobody answers it, and in which order 3.x takes publications of several processes, nobody knows. */
  #publish({ id, method, reg }: Message & { type: 'publish' }): Frame {
    if (method === undefined) throw protocolError('a publication without the name of its method');
    const length = Buffer.alloc(4);
    length.writeUInt32BE(reg.bytes.length);
    this.#lastId = nextId(this.#lastId);
    const frame = this.#invoke(this.#lastId, method, true, Buffer.concat([length, reg.bytes]), 0);
    this.#publications += 1;
    this.#host.receive({
      type: 'published',
      id,
      epoch: this.#epoch,
      sequence: this.#publications,
      fault: false,
      value: { bytes: Buffer.alloc(0), raw: true },
    });
    return frame;
  }

  #invoke(id: number, method: string, oneway: boolean, args: Buffer, timeout: number): Frame {
    const argLength = splitArguments(args).length;
    return request(id, { type: 'invoke', method, argLength, oneway }, args, timeout);
  }

  #registered(application: Buffer): Message {
    const answer = decodePayload(this.#codec, { bytes: application, raw: false }, 'the answer of a leader');
    const { success, error } = Object(answer) as { success?: unknown; error?: unknown };
    if (success === true) {
      return { type: 'welcome', epoch: this.#epoch, pid: 0, codec: this.#codec.name, methods: [] };
    }
    return { type: 'unavailable', value: encodePayload(this.#codec, error, 'the answer of a leader') };
  }

  #say(head: Head): Frame {
    this.#lastId = nextId(this.#lastId);
    try {
      return request(this.#lastId, head);
    } catch (cause) {
      const { type } = head;
      throw new ClusterError(
        'ERR_CLUSTER_ENCODE',
        `cannot send ${String(type)} to a leader of cluster-client 3.x, which takes JSON: ${messageOf(cause)}`,
        { cause },
      );
    }
  }
}
