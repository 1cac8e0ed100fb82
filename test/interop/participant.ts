// A process of a group in which both versions meet: the same program, with the one or the other package.
import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import co from 'co';
import type { Request, Settings } from './participants.js';
import { Registry } from './registry.js';

type Method = (...args: unknown[]) => unknown;
type Client = EventEmitter & Record<string, Method> & { isClusterClientLeader: boolean | undefined };
interface Package {
  (
    clientClass: unknown,
    options: unknown,
  ): { delegate(name: string, to?: string): unknown } & {
    create(...args: unknown[]): Client;
  };
  close(client: unknown): Promise<void>;
}

const { version, options, failWith } = JSON.parse(process.argv[2] ?? '{}') as Settings;
const cluster = createRequire(import.meta.url)(
  version === '3' ? 'cluster-client-3' : 'cluster-client',
) as Package;
const warnings: string[] = [];
const logger = { info() {}, debug() {}, warn: (text: unknown) => warnings.push(String(text)), error() {} };

function open(more: object = {}): Client {
  const builder = cluster(Registry, { logger, ...options, ...more });
  builder.delegate('lookUp', 'invoke');
  builder.delegate('note', 'invokeOneway');
  const opened = builder.create({ failWith });
  opened.on('error', (error: Error) => process.send?.({ type: 'failure', error: plain(error) }));
  return opened;
}

const client = open();

const listeners = new Map<string, (value: unknown) => void>();
function listener(id: string): (value: unknown) => void {
  const known = listeners.get(id) ?? ((value: unknown) => process.send?.({ type: 'value', id, value }));
  listeners.set(id, known);
  return known;
}

function call(method: string): Method {
  const found = client[method];
  if (!found) throw new TypeError(`no method ${method}`);
  return found.bind(client);
}

const actions: Record<string, Method> = {
  ready: () => call('ready')(),
  /** One more client, with other options. */
  open: (more) => void open(more as object),
  isLeader: () => client.isClusterClientLeader,
  warnings: () => warnings,
  call: (method, ...args) => call(method as string)(...args),
  callback: (method, ...args) =>
    new Promise((resolve, reject) => {
      call(method as string)(...args, (error: Error | null, ...results: unknown[]) =>
        error ? reject(error) : resolve(results),
      );
    }),
  generator: (method, ...args) => co(() => call(method as string)(...args) as Generator),
  subscribe: (reg, id) => call('subscribe')(reg, listener(id as string)),
  unSubscribe: (reg, id) => call('unSubscribe')(reg, id === undefined ? undefined : listener(id as string)),
  /** The channel to the test process would lose the code. */
  echoError: async (message, code) => {
    const error = Object.assign(new Error(message as string), { code });
    const [returned] = (await call('echo')([error])) as [Error];
    return plain(returned);
  },
  close: () => cluster.close(client),
};

function plain(error: Error & { code?: unknown }): object {
  const { name, message, code, stack } = error;
  return { name, message, code, stack };
}

async function answer({ id, action, args }: Request): Promise<void> {
  try {
    const result = await actions[action]?.(...args);
    process.send?.({ type: 'answer', id, result });
  } catch (error) {
    process.send?.({ type: 'answer', id, error: plain(error as Error) });
  }
}

process.on('message', (request: Request) => void answer(request));
// A test that is cut short leaves no process behind.
process.on('disconnect', () => process.exit());
