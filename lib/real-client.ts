import co from 'co';
import is from 'is-type-of';
import { type CallContext, runInContext } from './call-context.js';
import { ClusterError, isError, thrownValueError } from './errors.js';
import { isThenable } from './thenable.js';

type Generatorish = (...args: unknown[]) => Generator;
// biome-ignore lint/complexity/noBannedTypes: what is.function tells is no more than this
export type Callable = Function;

/** Results as a callback gets them: of a promise or a return value, one. */
export type Done = (error: Error | undefined, results: readonly unknown[]) => void;

/**
 * Calls a method of a real client, whatever its kind, as 3.x did: with one more argument, which is a callback,
 * or `undefined` where nobody waits. A promise settles it; so does the callback; a generator is run by co. A
 * method that declares no parameter for the callback and returns no promise has its return value as its result.
 *
 * `done` may be called more than once, as a callback may.
 */
export function callMethod(
  target: object,
  name: string,
  args: readonly unknown[],
  context: CallContext,
  done: Done,
  options: { callback: boolean },
): void {
  const method: unknown = Reflect.get(target, name);
  const fail = (error: unknown) => done(asError(error, name), []);
  if (!is.function(method)) {
    fail(new ClusterError('ERR_CLUSTER_METHOD_NOT_IMPLEMENTED', `the real client has no method ${name}`));
    return;
  }
  const callback = (error: unknown, ...results: unknown[]) =>
    error ? fail(error) : done(undefined, results);
  try {
    const call = is.generatorFunction(method) ? co.wrap(method as Generatorish) : method;
    const given = [...args, options.callback ? callback : undefined];
    const result: unknown = runInContext(context, () => Reflect.apply(call, target, given));
    if (isThenable(result)) {
      result.then((value) => done(undefined, [value]), fail);
    } else if (!takesCallback(method, args.length)) {
      done(undefined, [result]);
    }
  } catch (error) {
    fail(error);
  }
}

/** Whether the argument after the given ones has a parameter, or may be looked for in `arguments` or a rest. */
export function takesCallback(method: Callable, given: number): boolean {
  if (method.length > given) return true;
  let parameters = parameterCounts.get(method);
  if (parameters === undefined) {
    parameters = countParameters(method);
    parameterCounts.set(method, parameters);
  }
  return parameters > given;
}

/** Counting takes the function's source apart, which is too slow for every call. */
const parameterCounts = new WeakMap<Callable, number>();

/** Comments and strings, in which brackets, commas and names mean nothing. */
const NOISE = /\/\*[\s\S]*?\*\/|\/\/.*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\$])*`/g;

/** Unlike `length`, with those that have a default; Infinity where there may be any number. */
function countParameters(method: Callable): number {
  const source = Function.prototype.toString.call(method).replace(NOISE, "''");
  if (source.includes('[native code]')) return method.length;
  if (/\barguments\b/.test(source)) return Infinity;
  // An arrow function of one parameter needs no brackets.
  if (/^(?:async\s+)?[\w$]+\s*=>/.test(source)) return 1;
  const parameters = [''];
  let depth = 0;
  for (const character of source.slice(source.indexOf('(') + 1)) {
    if ('([{'.includes(character)) depth += 1;
    if (')]}'.includes(character)) depth -= 1;
    if (depth < 0) break;
    if (character === ',' && depth === 0) parameters.push('');
    else parameters.push(`${parameters.pop()}${character}`);
  }
  // After a trailing comma, and between empty brackets, there is none.
  const names = parameters.map((parameter) => parameter.trim()).filter((parameter) => parameter !== '');
  return names.some((name) => name.startsWith('...')) ? Infinity : names.length;
}

/** Calls a method without a callback, be it plain, async or a generator, and waits for what it returns. */
export async function callAndWait(
  target: object,
  name: string,
  args: readonly unknown[] = [],
): Promise<unknown> {
  const method: unknown = Reflect.get(target, name);
  if (!is.function(method)) return undefined;
  return Reflect.apply(is.generatorFunction(method) ? co.wrap(method as Generatorish) : method, target, args);
}

/** Waits for `ready`, in whichever form the real client has it; without one it is ready. */
export function whenReady(target: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const ready: unknown = Reflect.get(target, 'ready');
    if (!is.function(ready)) {
      resolve();
      return;
    }
    const callback = (error?: unknown) => (error ? reject(asError(error, 'ready')) : resolve());
    const result: unknown = Reflect.apply(ready, target, [callback]);
    if (isThenable(result))
      result.then(
        () => resolve(),
        (error) => reject(asError(error, 'ready')),
      );
  });
}

export function asError(error: unknown, method: string): Error {
  return isError(error) ? error : thrownValueError(error, method);
}
