/**
 * A follower's calls and values, over whatever carries them; values have id 0.
 * @param send is called with id and payload. @param receive is given what is to be called with id and value.
 */
export function values(send, receive) {
  const waiting = new Map();
  let listener = () => {};
  let next = 1;
  receive((id, value) => {
    if (id === 0) {
      listener(value);
      return;
    }
    const resolve = waiting.get(id);
    waiting.delete(id);
    resolve(value);
  });
  return {
    echo: (payload) =>
      new Promise((resolve) => {
        const id = next++;
        waiting.set(id, resolve);
        send(id, payload);
      }),
    async subscribe(_key, onValue) {
      listener = onValue;
    },
  };
}
