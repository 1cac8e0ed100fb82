import { attempt, isError } from './errors.js';

/**
 * An error as plain data, so that every codec can carry it. `data` holds the error's own enumerable properties
 * besides those named here.
 */
export interface Fault {
  name: string;
  message: string;
  stack?: string;
  code?: string | number;
  cause?: Fault | { value: unknown };
  data?: Record<string, unknown>;
}

/** Causes are followed this deep; a chain that goes on, or in a circle, is cut. */
const MAX_CAUSES = 8;
const NAMED = new Set(['name', 'message', 'stack', 'code', 'cause']);

/** Never throws: what a getter, or a Proxy, does not give is left out. */
export function toFault(error: Error, depth = 0): Fault {
  const fault: Fault = { name: text(error, 'name') ?? 'Error', message: text(error, 'message') ?? '' };
  const stack = text(error, 'stack');
  if (stack !== undefined) fault.stack = stack;
  const code = get(error, 'code');
  if (typeof code === 'string' || typeof code === 'number') fault.code = code;
  // A cause may be undefined and yet be there.
  for (const [, cause] of attempt(() => 'cause' in error, false) ? read(error, 'cause') : []) {
    if (!isError(cause)) fault.cause = { value: cause };
    else if (depth < MAX_CAUSES) fault.cause = toFault(cause, depth + 1);
  }
  const data = attempt(() => Object.keys(error), [])
    .filter((key) => !NAMED.has(key))
    .flatMap((key) => read(error, key));
  // The class makes it not enumerable.
  if (attempt(() => error instanceof AggregateError, false)) data.push(...read(error, 'errors'));
  if (data.length > 0) fault.data = Object.fromEntries(data);
  return fault;
}

/** The part of a fault that every codec can carry, for when `data` or `cause` hold something that it cannot. */
export function bareFault({ name, message, stack, code }: Fault): Fault {
  return { name, message, ...(stack !== undefined && { stack }), ...(code !== undefined && { code }) };
}

/** The same without a stack, and with no text longer than so many characters. */
export function cutFault({ name, message, code }: Fault, length: number): Fault {
  const cut = (text: string) => (text.length > length ? `${text.slice(0, length)}…` : text);
  return {
    name: cut(name),
    message: cut(message),
    ...(code !== undefined && { code: typeof code === 'string' ? cut(code) : code }),
  };
}

/** A plain `Error`, as in 3.x, whatever class it had: what tells errors apart is `name` and `code`. */
export function fromFault(value: unknown): Error {
  return restoreError(new Error(), value);
}

/** Gives `error` what the fault says. Missing or mistyped fields are passed over: the fault came from a peer. */
export function restoreError(error: Error, value: unknown, depth = 0): Error {
  const fault = isObject(value) ? value : {};
  const define = (key: string, field: unknown, enumerable = false) =>
    Object.defineProperty(error, key, { value: field, enumerable, writable: true, configurable: true });
  define(
    'message',
    typeof fault['message'] === 'string' ? fault['message'] : 'the peer sent an error without a message',
  );
  if (typeof fault['name'] === 'string' && fault['name'] !== error.name) define('name', fault['name']);
  define('stack', typeof fault['stack'] === 'string' ? fault['stack'] : `${error.name}: ${error.message}`);
  if (typeof fault['code'] === 'string' || typeof fault['code'] === 'number')
    define('code', fault['code'], true);
  const cause = fault['cause'];
  if (isObject(cause)) {
    if ('value' in cause) define('cause', cause['value']);
    else if ('message' in cause && depth < MAX_CAUSES)
      define('cause', restoreError(new Error(), cause, depth + 1));
  }
  if (isPlainObject(fault['data'])) {
    for (const [key, field] of Object.entries(fault['data'])) if (!NAMED.has(key)) define(key, field, true);
  }
  return error;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Not a Buffer or an array, whose entries would take a hundred times the memory of its bytes. Of any realm. */
function isPlainObject(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

/** The property as an entry; nothing if its getter throws. */
function read(error: Error, key: string): [string, unknown][] {
  return attempt(() => [[key, Reflect.get(error, key)]], []);
}

function get(error: Error, key: string): unknown {
  return read(error, key)[0]?.[1];
}

function text(error: Error, key: string): string | undefined {
  const value = get(error, key);
  return typeof value === 'string' ? value : undefined;
}
