import { url as inspectorUrl } from 'node:inspector';
import createDebug from 'debug';
import { MAX_FRAME_BYTES, MAX_HANDSHAKE_FRAME_BYTES } from '../protocol/constants.js';
import { Decoder } from '../protocol/decoder.js';
import type { Dialect, DialectHost } from '../protocol/dialect.js';
import { encode, v2 } from '../protocol/dialects/v2.js';
import type { Frame } from '../protocol/frame.js';
import type { Message } from '../protocol/message.js';
import { Assembler, needsSlices } from '../protocol/slices.js';
import { ClusterError, protocolError } from './errors.js';
import { Heartbeat } from './heartbeat.js';
import { Intake } from './intake.js';
import { Outbox } from './outbox.js';
import { clock } from './transit.js';
import type { Link } from './transport.js';

const debug = createDebug('cluster-client:connection');

/** Frames that may wait for the handshake to ask for them; a peer that sends more does not speak the protocol. */
const MAX_WAITING_FRAMES = 16;

/** The most that a peer may send. */
export interface ConnectionLimits {
  /** All slices of one message together, and of all that are incomplete. */
  maxMessageBytes: number;
  /** One frame. Default 1 MiB. */
  maxFrameBytes?: number | undefined;
  /** One frame before the peer has proved itself. Default 4 KiB. */
  maxHandshakeBytes?: number | undefined;
}

export interface ConnectionHandlers {
  message(message: Message): void;
  /** What could not be taken at once has been taken. */
  drain?(): void;
  /** Once; the connection is of no further use. */
  close(error: Error): void;
}

export interface WatchOptions {
  /** ms between two looks, and between two beats. */
  interval: number;
  /** Silent intervals after which the peer is dead. Default 3. */
  misses?: number;
  /** Whether we give signs of life as well. Not before the handshake is over. Default false. */
  beat?: boolean;
  /** Asked at each look: its silence is no sign of death for the time being. Default: it is. */
  isExcused?(): boolean;
  /** The peer is dead. @returns what the connection is closed with; `undefined`: it is not closed. */
  dead(silentFor: number, worstLag: number): Error | undefined;
}

/**
 * A link that speaks messages. Starts with the handshake's small frames, which are asked for one by one; `open`
 * turns to messages. Owns its link: closing the connection closes it.
 */
export class Connection {
  readonly link: Link;
  /** Resolves when the link is closed, which after `goodbye` and `refuse` takes a moment longer. */
  readonly gone: Promise<void>;
  readonly #maxFrameBytes: number;
  readonly #decoder: Decoder;
  readonly #intake: Intake;
  readonly #assembler: Assembler;
  readonly #outbox: Outbox;
  #dialect = v2;
  #isTrusted = false;
  #maxMessageBytes: number;
  #handlers: ConnectionHandlers | undefined;
  #closed: Error | undefined;
  #heartbeat: Heartbeat | undefined;
  #heartbeatTimer: NodeJS.Timeout | undefined;

  readonly #waiting: Frame[] = [];
  #wanted: { resolve(frame: Frame): void; reject(error: Error): void } | undefined;

  /** Of the peer's long messages: it is to be told that we came to this mark once it reads more. 0: none. */
  #mark = 0;

  /** Where reading is paused: bytes that waited for the peer when that was last looked at. */
  #pausedAt: number | undefined;

  constructor(link: Link, limits: ConnectionLimits) {
    this.link = link;
    this.#maxFrameBytes = limits.maxFrameBytes ?? MAX_FRAME_BYTES;
    this.#maxMessageBytes = limits.maxMessageBytes;
    this.#assembler = new Assembler({ maxMessageBytes: limits.maxMessageBytes });
    this.#outbox = new Outbox(link, limits.maxMessageBytes, {
      drained: () => this.#drained(),
      mark: (id) => encode({ type: 'heartbeat', id, reply: false }),
    });
    this.#decoder = new Decoder((frame) => this.#receive(frame), {
      maxFrameBytes: limits.maxHandshakeBytes ?? MAX_HANDSHAKE_FRAME_BYTES,
    });
    this.#intake = new Intake(link, this.#decoder, (error) => this.refuse(error));
    this.gone = new Promise((resolve) => {
      link.open({
        data: (chunk) => {
          this.#heartbeat?.heard(performance.now());
          this.#intake.add(chunk);
        },
        drain: () => this.#outbox.goOn(),
        close: (error) => {
          this.#intake.end(() => this.#close(error ?? closedByPeer(link)));
          resolve();
        },
      });
    });
  }

  /** Why it was closed, if it was. */
  get closed(): Error | undefined {
    return this.#closed;
  }

  /** False: what is sent now waits in memory; `drain` follows. */
  get writable(): boolean {
    return this.#outbox.writable;
  }

  /** Only before `open`: the next frame of the handshake. */
  nextFrame(): Promise<Frame> {
    const frame = this.#waiting.shift();
    if (frame) return Promise.resolve(frame);
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#wanted = { resolve, reject };
    });
  }

  /** Only before `open`: the frame is the next one once more. */
  unread(frame: Frame): void {
    this.#waiting.unshift(frame);
  }

  /** The peer has proved itself: its frames may be of full size. */
  trust(): void {
    this.#isTrusted = true;
    this.#limitFrames();
  }

  /** From now on messages travel as this dialect has it. Until then as in version 2. */
  speak<D extends Dialect>(create: (host: DialectHost) => D): D {
    const dialect = create({
      clock,
      send: (frame) => this.sendFrame(frame),
      receive: (message) => this.#handlers?.message(message),
      end: () => {
        this.flush();
        this.link.end();
      },
    });
    this.#dialect = dialect;
    this.#limitFrames();
    return dialect;
  }

  get dialect(): Dialect {
    return this.#dialect;
  }

  /** The most that all slices of incomplete messages may add up to. */
  set maxMessageBytes(bytes: number) {
    this.#maxMessageBytes = bytes;
    this.#assembler.maxMessageBytes = bytes;
    this.#outbox.maxMessageBytes = bytes;
    this.#limitFrames();
  }

  #limitFrames(): void {
    if (!this.#isTrusted) return;
    const { hasSlices } = this.#dialect;
    this.#decoder.maxFrameBytes = hasSlices ? this.#maxFrameBytes : this.#maxMessageBytes;
  }

  /** The handshake is over: from now on messages. May be called again, for another owner. */
  open(handlers: ConnectionHandlers): void {
    this.#handlers = handlers;
    if (this.#closed) {
      const error = this.#closed;
      queueMicrotask(() => handlers.close(error));
      return;
    }
    try {
      // Any of them may end the connection, which empties the list.
      for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) this.#receive(frame);
    } catch (error) {
      this.refuse(error as Error);
    }
  }

  /**
   * Watches over the peer from now on, in place of an earlier watch. With an inspector attached to this process,
   * which may stop it anywhere, nobody is declared dead.
   */
  watch({ interval, misses, beat = false, isExcused, dead }: WatchOptions): void {
    if (this.#closed) return;
    clearInterval(this.#heartbeatTimer);
    const heartbeat = new Heartbeat(
      {
        interval,
        misses,
        beat: () => beat && this.send({ type: 'heartbeat', id: 0, reply: false }),
        dead: (...silence) => {
          const error = dead(...silence);
          if (error) this.destroy(error);
        },
      },
      performance.now(),
    );
    this.#heartbeat = heartbeat;
    this.#heartbeatTimer = setInterval(() => {
      const now = performance.now();
      if (inspectorUrl() !== undefined || this.#progresses() || isExcused?.()) heartbeat.heard(now);
      heartbeat.tick(now);
    }, interval);
  }

  /** Whether a beat of the peer is missing. */
  get isLate(): boolean {
    return this.#heartbeat?.isLate(performance.now()) ?? false;
  }

  /** Bytes that wait here for the link, and in the link for the system. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes;
  }

  /** Reads nothing more until `resume`. A peer that goes on reading what we have for it is alive all the same. */
  pause(): void {
    this.#pausedAt ??= this.queuedBytes;
    this.#outbox.isUnmarked = true;
    this.#intake.pause();
  }

  resume(): void {
    if (this.#pausedAt === undefined) return;
    this.#pausedAt = undefined;
    this.#outbox.isUnmarked = false;
    this.#intake.resume();
  }

  /**
   * All frames of one tick leave in one write. After the close it does nothing.
   * @param isOrdered whether it must not overtake a long message of its type. Default: publications must not.
   */
  send(message: Message, isOrdered = message.type === 'publish'): void {
    const frame = this.#dialect.encode(message);
    if (frame) this.sendFrame(frame, message.type, isOrdered);
  }

  sendFrame(frame: Frame, type = '', isOrdered = false): void {
    const isLong = this.#dialect.hasSlices && needsSlices(frame);
    this.#outbox.add(frame, { type, isOrdered, isLong });
  }

  /** Writes what was sent in this tick, where that is better than to wait for its end. */
  flush(): void {
    this.#outbox.flush();
  }

  /** Tells the peer why, and closes once that has left. */
  goodbye(code: string, reason: string): void {
    this.#leave(new ClusterError(code, reason), reason);
  }

  /** The same because the peer broke the rules, or one of our limits. A stranger is told the code, and no more. */
  refuse(error: Error): void {
    debug('%s: %s', this.link.remoteAddress, error.message);
    if (!(error instanceof ClusterError)) this.destroy(error);
    else this.#leave(error, this.#isTrusted ? error.message : '');
  }

  destroy(error: Error): void {
    if (this.#closed) return;
    this.link.destroy(error);
    this.#close(error);
  }

  #receive(frame: Frame): void {
    this.#intake.count();
    if (!this.#handlers) {
      if (this.#wanted) {
        const { resolve } = this.#wanted;
        this.#wanted = undefined;
        resolve(frame);
      } else if (this.#waiting.length < MAX_WAITING_FRAMES) {
        this.#waiting.push(frame);
      } else {
        throw protocolError(`more than ${MAX_WAITING_FRAMES} frames before the handshake is over`);
      }
      return;
    }
    const whole = this.#dialect.hasSlices ? this.#assembler.add(frame) : frame;
    const message = whole && this.#dialect.decode(whole);
    if (!message) return;
    if (message.type === 'heartbeat') {
      if (message.reply) this.#outbox.reached(message.id);
      // Where more waits for the peer than it reads, that is a sign of life enough.
      else if (this.writable) this.send({ ...message, reply: true });
      else this.#mark = message.id;
      return;
    }
    if (message.type === 'goodbye') {
      this.destroy(new ClusterError(message.code, message.reason));
      return;
    }
    this.#handlers.message(message);
  }

  #drained(): void {
    if (this.#mark > 0) this.send({ type: 'heartbeat', id: this.#mark, reply: true });
    this.#mark = 0;
    this.#handlers?.drain?.();
  }

  /** Whether what waits for the peer, whom we do not read, has become less since the last time. */
  #progresses(): boolean {
    if (this.#pausedAt === undefined) return false;
    const before = this.#pausedAt;
    this.#pausedAt = this.queuedBytes;
    return this.#pausedAt < before;
  }

  #leave(error: ClusterError, reason: string): void {
    if (this.#closed) return;
    this.send({ type: 'goodbye', code: error.code, reason });
    this.flush();
    this.link.end();
    this.#close(error);
  }

  #close(error: Error): void {
    if (this.#closed) return;
    this.#closed = error;
    this.#intake.stop();
    clearInterval(this.#heartbeatTimer);
    this.#outbox.stop();
    this.#waiting.length = 0;
    this.#wanted?.reject(error);
    this.#handlers?.close(error);
  }
}

function closedByPeer(link: Link): ClusterError {
  return new ClusterError('ERR_CLUSTER_LINK_CLOSED', `the link to ${link.remoteAddress} was closed`, {
    name: 'SocketCloseError',
    data: { address: link.remoteAddress },
  });
}
