/**
 * An async iterable of which only the newest item is kept while nobody takes it.
 * @param signal ends it with the signal's reason as error, also in the middle of a wait.
 */
export function latest<T>(signal?: AbortSignal): AsyncIterable<T> & { push(item: T): void; end(): void } {
  let item: { value: T } | undefined;
  let ended = false;
  let wake: (() => void) | undefined;
  const change = () => {
    wake?.();
    wake = undefined;
  };
  return {
    push(value) {
      if (ended) return;
      item = { value };
      change();
    },
    end() {
      ended = true;
      change();
    },
    async *[Symbol.asyncIterator]() {
      signal?.addEventListener('abort', change);
      try {
        for (;;) {
          signal?.throwIfAborted();
          if (item) {
            const { value } = item;
            item = undefined;
            yield value;
          } else if (ended) {
            return;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        signal?.removeEventListener('abort', change);
      }
    },
  };
}
