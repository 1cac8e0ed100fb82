/** Exactly the same type: not merely assignable, and not `any`. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** `expectType<Equal<typeof value, string>>()` does not compile where the two differ. */
export function expectType<_Proof extends true>(): void {}

/** Never called: what is in it is for the compiler alone. */
export function typesOnly(_check: () => unknown): void {}
