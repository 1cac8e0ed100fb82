import { EventEmitter, once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';

/** One connection of a real client. */
export interface Session {
  /** Of the process that has it. */
  pid: number;
  /** A publication may come twice when the leader has changed. */
  published: Set<unknown>;
  /** It was closed by the real client's own close. */
  saidBye: boolean;
  isOpen: boolean;
}

interface Message {
  hello?: number;
  publish?: unknown;
  set?: string;
  value?: unknown;
  bye?: number;
}

/** The remote service: values by key, told to every connection. `members` lists what all of them have published. */
export class Upstream {
  readonly sessions: Session[] = [];
  readonly #values = new Map<string, unknown>();
  readonly #sockets = new Map<Session, Socket>();
  readonly #server: Server;
  readonly #news = new EventEmitter();

  constructor(values: Record<string, unknown>) {
    for (const [key, value] of Object.entries(values)) this.#values.set(key, value);
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** @returns its port */
  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  get open(): Session[] {
    return this.sessions.filter(({ isOpen }) => isOpen);
  }

  set(key: string, value: unknown): void {
    this.#values.set(key, value);
    for (const socket of this.#sockets.values()) tell(socket, key, value);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(this.#news, 'news');
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    const session: Session = { pid: 0, published: new Set(), saidBye: false, isOpen: true };
    this.sessions.push(session);
    this.#sockets.set(session, socket);
    // One whose process was killed may be reset.
    socket.on('error', () => {});
    socket.on('close', () => {
      session.isOpen = false;
      this.#sockets.delete(session);
      this.#news.emit('news');
    });
    createInterface({ input: socket }).on('line', (line) => this.#hear(session, JSON.parse(line)));
    for (const [key, value] of this.#values) tell(socket, key, value);
  }

  #hear(session: Session, { hello, publish, set, value, bye }: Message): void {
    if (hello !== undefined) session.pid = hello;
    if (bye !== undefined) session.saidBye = true;
    if (set !== undefined) this.set(set, value);
    if (publish !== undefined) {
      session.published.add(publish);
      this.set(
        'members',
        this.open.flatMap(({ published }) => [...published]),
      );
    }
    this.#news.emit('news');
  }
}

function tell(socket: Socket, key: string, value: unknown): void {
  socket.write(`${JSON.stringify({ key, value })}\n`);
}
