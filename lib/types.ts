import type { ClientBase } from './base.js';
import type { ResolvedOptions } from './options.js';

/** What `delegate` can map a method to. */
export type DelegateTarget = 'subscribe' | 'unSubscribe' | 'publish' | 'invoke' | 'invokeOneway' | 'close';

/** Any class of which instances can be shared. */
export type ClientClass = new (...args: never[]) => object;

export type ConstructorArguments<C> = C extends new (...args: infer A) => object ? A : never;

/** Carries the shared class and its delegation through the type of a client; nothing at run time. */
export declare const types: unique symbol;

export interface Typed<T, D> {
  readonly [types]?: { client: T; delegates: D };
}

type Method = (...args: never[]) => unknown;

/** Names of methods, also of optional ones. */
export type MethodName<T> = {
  [K in keyof T & string]: NonNullable<T[K]> extends Method ? K : never;
}[keyof T & string];

type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;
type NodeCallback<V> = (error: Error | null, result?: V) => void;

type IsAny<T> = 0 extends 1 & T ? true : false;

/*
 * What a method returns is looked at as a whole, never part by part: `boolean` is a union as well. Where a type
 * says nothing (`any`, `never`), the method is taken for a plain one.
 */

/** What a callback of Node's kind is called with after the error; `never` for any other type. */
type CallbackResults<F> =
  IsAny<F> extends true
    ? never
    : F extends (error: infer E, ...results: infer R) => unknown
      ? Error extends E
        ? R
        : never
      : never;

/** A method whose last parameter is a callback; `undefined` for any other. */
type CallbackLast<A extends readonly unknown[]> =
  Required<A> extends readonly [...infer Head, infer Last]
    ? [CallbackResults<Last>] extends [never]
      ? undefined
      : { head: Head; result: CallbackResults<Last>[0] }
    : undefined;

/** The same, but a promise is waited for rather than a callback. */
type CalledBack<A extends readonly unknown[], R> = [Extract<R, PromiseLike<unknown>>] extends [never]
  ? CallbackLast<A>
  : undefined;

/** What a generator function has as its result; `undefined` for what any other method returns. */
type Generated<R> = true extends IsAny<R> | ([R] extends [never] ? true : false)
  ? undefined
  : [R] extends [Generator<unknown, infer V, never>]
    ? { result: V }
    : undefined;

/** Arguments, then a callback. */
type WithCallback<A extends readonly unknown[], V> = (
  ...args: [...args: A, callback: NodeCallback<V>]
) => void;

/**
 * A method as the callers of a shared client get it: always asynchronous, with a promise or, where the last
 * argument is a function, a callback. Generator functions stay generator functions.
 */
export type Invoked<F> = F extends (...args: infer A) => infer R
  ? Generated<R> extends { result: infer V }
    ? (...args: A) => Generator<unknown, V, unknown>
    : CalledBack<A, R> extends { head: infer Head extends unknown[]; result: infer V }
      ? ((...args: Head) => Promise<V>) & ((...args: A) => void)
      : ((...args: A) => Promise<Awaited<R>>) & WithCallback<A, Awaited<R>>
  : never;

/** What comes of a call, without its promise, callback or generator. */
export type ResultOf<F> = F extends (...args: infer A) => infer R
  ? Generated<R> extends { result: infer V }
    ? V
    : CalledBack<A, R> extends { result: infer V }
      ? V
      : Awaited<R>
  : never;

/** What a call is given, without the callback. */
export type ArgumentsOf<F> = F extends (...args: infer A) => infer R
  ? Generated<R> extends { result: unknown }
    ? A
    : CalledBack<A, R> extends { head: infer Head }
      ? Head
      : A
  : never;

type Delegated<F, Target> = Target extends 'invoke'
  ? Invoked<F>
  : Target extends 'invokeOneway'
    ? F extends (...args: infer A) => infer R
      ? Generated<R> extends { result: unknown }
        ? Invoked<F>
        : (...args: A) => void
      : never
    : Target extends 'subscribe'
      ? (...args: Arguments<F>) => void
      : Target extends 'unSubscribe'
        ? (reg: Arguments<F>[0], listener?: Arguments<F>[1]) => void
        : Target extends 'publish'
          ? (reg: Arguments<F>[0]) => void
          : Target extends 'close'
            ? () => Promise<void>
            : never;

/** Of these a client has those that its class has, unless the name or the target is taken. */
type Standard = 'subscribe' | 'unSubscribe' | 'publish' | 'close';

type AutoStandard<T, D> = {
  [K in Standard & keyof T as T[K] extends Method ? (K extends keyof D | D[keyof D] ? never : K) : never]: K;
};

type IsLater<R> = true extends IsAny<R> | ([R] extends [never] ? true : false)
  ? false
  : [R] extends [PromiseLike<unknown> | Generator]
    ? true
    : false;

/** Methods that return a promise or a generator. That a method does so without `async` cannot be told apart. */
type AutoInvoke<T, D> = {
  [K in Exclude<keyof T & string, keyof D | Standard | `_${string}` | keyof ClientBase> as T[K] extends (
    ...args: never[]
  ) => infer R
    ? IsLater<R> extends true
      ? K
      : never
    : never]: 'invoke';
};

/** The whole delegation: asked for and automatic. */
export type Delegation<T, D, Auto extends boolean = true> = D &
  (Auto extends true ? AutoStandard<T, D> & AutoInvoke<T, D> : unknown);

type Members<T, All> = { [K in keyof All & keyof T]: Delegated<T[K], All[K]> };

/** What every shared client has besides the methods of its class. */
export interface ClientMembers extends Omit<ClientBase, 'options'> {
  /** True where the real client lives, false elsewhere, undefined until that is decided. */
  readonly isClusterClientLeader: boolean | undefined;
  /** As given, with defaults filled in. */
  options: ResolvedOptions;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A shared client of class T: D is what was delegated, O what was overridden.
 * @example type Config = ClusterClient<ConfigClient>;
 */
export type ClusterClient<T, D = unknown, O = unknown, Auto extends boolean = true> = Typed<
  T,
  Omit<Delegation<T, D, Auto>, keyof O>
> &
  Omit<ClientMembers, keyof Members<T, Delegation<T, D, Auto>> | keyof O> &
  Omit<Members<T, Delegation<T, D, Auto>>, keyof O> &
  O;

/** Names that `invoke` can be given. */
export type InvokableName<T, All> = {
  [K in keyof All & keyof T & string]: All[K] extends 'invoke' | 'invokeOneway' ? K : never;
}[keyof All & keyof T & string];

type SubscribeName<T, All> = {
  [K in keyof All & keyof T]: All[K] extends 'subscribe' ? K : never;
}[keyof All & keyof T];

/** What can be subscribed to, and what then comes. */
export type RegOf<T, All> = Arguments<T[SubscribeName<T, All> & keyof T]>[0];
export type ValueOf<T, All> =
  Arguments<T[SubscribeName<T, All> & keyof T]> extends [
    unknown,
    (value: infer V, ...rest: never[]) => unknown,
    ...unknown[],
  ]
    ? V
    : unknown;
