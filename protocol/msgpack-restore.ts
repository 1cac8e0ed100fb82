import { randomBytes } from 'node:crypto';
import { bareFault, type Fault, restoreError } from './fault.js';
import { type Limits, tooDeep, tooManyItems } from './limits.js';

/*
 * What msgpackr cannot read rightly is put right here, in the value that it has made: nobody else has it yet.
 */

/** The classes of errors that msgpackr restores by name; an AggregateError it does not restore rightly. */
export const RESTORED_CLASSES = [
  'EvalError',
  'RangeError',
  'ReferenceError',
  'SyntaxError',
  'TypeError',
  'URIError',
];

/** Marks the list that holds a value, in which each error stands for a fault, and the faults. */
export const ENVELOPE = 'cluster-client/errors';

/**
 * Takes the value out of its envelope, if it has one, and turns each leaf in it into the error that it stands for.
 *
 * @throws RangeError where causes lead deeper than `maxDepth`, or where errors that occur again make more than `maxItems`
 *   of it; Error where two errors have the same data, which are copied: a peer could make much of little.
 */
export function restoreErrors(value: unknown, { maxDepth, maxItems }: Limits): unknown {
  if (!(value instanceof Error) || !Array.isArray(value.cause)) return value;
  const [tag, content, faults] = value.cause as unknown[];
  if (tag !== ENVELOPE || !Array.isArray(faults)) return value;
  const spent = new Set<unknown>();
  visitObjects(content, maxDepth, (error) => {
    if (!(error instanceof Error)) return;
    const fault: unknown = typeof error.cause === 'number' ? faults[error.cause] : undefined;
    Reflect.deleteProperty(error, 'cause');
    restoreError(error, takeFault(fault, spent));
  });
  checkItems(content, maxItems);
  return content;
}

/**
 * The bytes have been checked for this, but there an error is a leaf: its cause and its data lie elsewhere.
 *
 * @throws RangeError where a walk through the value as a tree, that goes in no circles, meets more than `maxItems`
 */
function checkItems(root: unknown, maxItems: number): void {
  const sizes = new Map<object, number>();
  const open: { object: object; parts: Iterator<unknown>; size: number }[] = [];
  const enter = (object: object) => {
    sizes.set(object, 1);
    open.push({ object, parts: partsOf(object), size: 1 });
  };
  if (isObject(root)) enter(root);
  for (let last = open.at(-1); last !== undefined; last = open.at(-1)) {
    const { value, done } = last.parts.next();
    const known = isObject(value) ? sizes.get(value) : 1;
    if (done) {
      sizes.set(last.object, last.size);
      open.pop();
      const around = open.at(-1);
      if (around !== undefined) around.size += last.size;
    } else if (known !== undefined) last.size += known;
    else enter(value as object);
    if (last.size > maxItems) throw tooManyItems(maxItems);
  }
}

/** The fault without what no encoder writes: causes that are not a value, but one more fault. */
function takeFault(value: unknown, spent: Set<unknown>): Partial<Record<keyof Fault, unknown>> {
  if (typeof value !== 'object' || value === null) return {};
  const fault = value as Fault;
  const { cause, data } = fault;
  if (data !== undefined && spent.has(data)) throw new Error('two errors have the same data');
  spent.add(data);
  const isValue = typeof cause === 'object' && cause !== null && 'value' in cause;
  return { ...bareFault(fault), data, ...(isValue && { cause }) };
}

/**
 * A copy of the bytes that has another key at each of the places, as long as `__proto__`.
 *
 * @returns that key as well. It is a new one each time, so that no peer can know it and send it as a key.
 */
export function maskKeys(bytes: Buffer, places: readonly number[]): { masked: Buffer; mask: string } {
  const mask = `_${randomBytes(6).toString('base64')}`;
  const masked = Buffer.from(bytes);
  for (const at of places) masked.write(mask, at, 'latin1');
  return { masked, mask };
}

/** Names each key that is `mask` `__proto__`, as an own property like any other; the keys keep their order. */
export function unmaskKeys(value: unknown, mask: string): void {
  visitObjects(value, Infinity, (object) => {
    if (!Object.hasOwn(object, mask)) return;
    const entries = Object.entries(object);
    const moved = entries.slice(entries.findIndex(([key]) => key === mask));
    for (const [key] of moved) Reflect.deleteProperty(object, key);
    for (const [key, item] of moved) {
      const property = { value: item, writable: true, enumerable: true, configurable: true };
      Object.defineProperty(object, key === mask ? '__proto__' : key, property);
    }
  });
}

/**
 * Calls `visit` with each object that `root` leads to, once, the nearest ones first; then goes on with what it holds.
 * Without recursion: by their causes and by shared references objects may lie deeper than the bytes that they are from.
 */
function visitObjects(root: unknown, maxDepth: number, visit: (object: object) => void): void {
  const seen = new Set<object>();
  let nearest: object[] = [];
  let next: object[] = [];
  const meet = (value: unknown) => {
    if (!isObject(value) || seen.has(value)) return;
    seen.add(value);
    next.push(value);
  };
  meet(root);
  for (let depth = 1; next.length > 0; depth++) {
    if (depth > maxDepth) throw tooDeep(maxDepth);
    [nearest, next] = [next, []];
    for (const object of nearest) {
      visit(object);
      for (const part of partsOf(object)) meet(part);
    }
  }
}

function* partsOf(object: object): Generator<unknown, undefined> {
  if (object instanceof Map) {
    for (const [key, item] of object) {
      yield key;
      yield item;
    }
  } else if (object instanceof Set || Array.isArray(object)) {
    yield* object;
  } else if (!ArrayBuffer.isView(object)) {
    if (object instanceof Error) yield object.cause;
    yield* Object.values(object);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
