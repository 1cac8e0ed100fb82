import type { Codec, Payload } from './codec.js';
import type { Frame } from './frame.js';
import type { Message } from './message.js';

/** How one end of a link says messages in frames and reads them. One for each link: it may remember what was said. */
export interface Dialect {
  /** Whether a long message may travel in slices. Else one frame holds it, however long. */
  readonly hasSlices: boolean;
  /** @returns `undefined`: it has no word for this. @throws ClusterError ERR_CLUSTER_ENCODE */
  encode(message: Message): Frame | undefined;
  /** @returns `undefined`: there is nothing in it that this version knows. @throws ClusterError ERR_CLUSTER_PROTOCOL */
  decode(frame: Frame): Message | undefined;
  /**
   * The arguments of a call as one payload.
   * @throws ClusterError ERR_CLUSTER_ENCODE, ERR_CLUSTER_MESSAGE_TOO_LARGE
   */
  encodeArguments(codec: Codec, args: readonly unknown[], method: string, maxBytes: number): Payload;
  /** The reverse. @throws ClusterError ERR_CLUSTER_DECODE */
  decodeArguments(codec: Codec, payload: Payload, method: string): readonly unknown[];
}

/** The link, for a dialect that has something to say of its own accord. */
export interface DialectHost {
  send(frame: Frame): void;
  /** Hands over a message as if it had come. */
  receive(message: Message): void;
  /** Closes the link once what was sent has left. */
  end(): void;
  /** As for `sentAt` of a message. ms */
  clock(): number;
}
