import { EventEmitter, once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { Type, VERSION_1 } from '../../protocol/constants.js';
import { Decoder } from '../../protocol/decoder.js';
import { decode } from '../../protocol/dialects/v2.js';
import { changed, type Frame } from '../../protocol/frame.js';
import type { Address } from '../../protocol/message.js';

/** The leader may send so much in one frame. */
const MAX_FRAME_BYTES = 2 * 1024 * 1024;
const MAC_LENGTH = 32;
const CHUNK = 64 * 1024;

/** A raw socket to the leader: sends any bytes, and hears what it is told. */
export class Stranger {
  readonly socket: Socket;
  readonly #frames: Frame[] = [];
  readonly #news = new EventEmitter();
  #isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const decoder = new Decoder((frame) => this.#frames.push(frame), { maxFrameBytes: MAX_FRAME_BYTES });
    socket.on('data', (chunk: Buffer) => {
      decoder.push(chunk);
      this.#news.emit('news');
    });
    socket.on('error', () => {});
    socket.on('drain', () => this.#news.emit('news'));
    socket.once('close', () => {
      this.#isClosed = true;
      this.#news.emit('news');
    });
  }

  static async dial({ host, port }: Address): Promise<Socket> {
    const socket = connect({ host, port, noDelay: true });
    await once(socket, 'connect');
    return socket;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** To a leader that has closed the link nothing is sent. */
  send(...parts: (Buffer | string)[]): void {
    const bytes = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
    if (this.socket.writable) this.socket.write(bytes);
  }

  /** Many at once; goes on when the system has taken them, or the link is closed. */
  async flood(count: number, make: (index: number) => Buffer): Promise<void> {
    let parts: Buffer[] = [];
    let bytes = 0;
    for (let index = 0; index < count; index += 1) {
      const part = make(index);
      parts.push(part);
      bytes += part.length;
      if (bytes < CHUNK && index < count - 1) continue;
      this.send(...parts);
      parts = [];
      bytes = 0;
      while (this.socket.writableNeedDrain && !this.#isClosed) await once(this.#news, 'news');
      if (this.#isClosed) return;
    }
  }

  /** The next frame of the leader; undefined: it has closed the link. */
  async next(): Promise<Frame | undefined> {
    while (this.#frames.length === 0 && !this.#isClosed) await once(this.#news, 'news');
    return this.#frames.shift();
  }

  /**
   * The first word on the frames to come that `judge` has one for; `closed`: there was none. Who says goodbye has to
   * close the link as well.
   */
  async first(judge: (frame: Frame) => string | undefined): Promise<string> {
    for (let frame = await this.next(); frame; frame = await this.next()) {
      const word = judge(frame);
      if (frame.type === Type.goodbye) while (!this.#isClosed) await once(this.#news, 'news');
      if (word !== undefined) return word;
    }
    return 'closed';
  }

  /** What it is told in the end. */
  told(): Promise<string> {
    return this.first(endOf);
  }

  /** What it is told first. */
  answer(): Promise<string> {
    return this.first((frame) => endOf(frame) ?? typeName(frame));
  }
}

/** What a follower of 3.x is told. */
interface Refusal {
  error: { code: string };
}

/** How a handshake ended. */
function endOf(frame: Frame): string | undefined {
  if (frame.version === VERSION_1) return (serializeJson().decode(frame.application) as Refusal).error.code;
  if (frame.type === Type.goodbye) return goodbyeOf(frame);
  if (frame.type === Type.welcome || frame.type === Type.parked || frame.type === Type.moved)
    return typeName(frame);
  if (frame.type !== Type.refused) return undefined;
  const message = decode(changed(frame, { connection: frame.connection.subarray(MAC_LENGTH) }));
  return message?.type === 'refused' ? message.code : undefined;
}

export function goodbyeOf(frame: Frame): string | undefined {
  const message = frame.type === Type.goodbye ? decode(frame) : undefined;
  return message?.type === 'goodbye' ? message.code : undefined;
}

function typeName({ type }: Frame): string {
  return Object.entries(Type).find(([, number]) => number === type)?.[0] ?? `type ${type}`;
}
