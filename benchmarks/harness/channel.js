// Calls and values over whatever sends and receives objects `{ id, value }`; values have id 0.
export function values(send, receive) {
  const waiting = new Map();
  let listener = () => {};
  let next = 1;
  receive(({ id, value }) => {
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
        send({ id, value: payload.value });
      }),
    async subscribe(_key, onValue) {
      listener = onValue;
    },
  };
}
