// zeromq, native: dealer and router for calls, publish and subscribe for values. Bodies are JSON, a Buffer goes as it is.
import { Dealer, Publisher, Router, Subscriber } from 'zeromq';

const encode = (value) => (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)));
/** JSON of an object begins with a brace. */
const decode = (bytes) => (bytes[0] === 0x7b ? JSON.parse(bytes.toString()) : bytes);

/** Nothing is dropped, and `send` never waits. */
const SENDS = { sendHighWaterMark: 0 };
const RECEIVES = { receiveHighWaterMark: 0 };

export default {
  async lead() {
    const router = new Router({ ...SENDS, ...RECEIVES });
    const publisher = new Publisher(SENDS);
    await router.bind('tcp://127.0.0.1:*');
    await publisher.bind('tcp://127.0.0.1:*');
    const sends = queue(router);
    (async () => {
      for await (const [from, id, body] of router) sends([from, id, encode(decode(body))]);
    })();
    const publishes = queue(publisher);
    return {
      address: { calls: router.lastEndpoint, values: publisher.lastEndpoint },
      publisher: () => (_index, payload) => publishes(encode(payload.value)),
    };
  },

  async follow({ calls, values }) {
    const dealer = new Dealer({ ...SENDS, ...RECEIVES });
    dealer.connect(calls);
    const sends = queue(dealer);
    const waiting = new Map();
    let next = 1;
    (async () => {
      for await (const [id, body] of dealer) {
        const key = id.readUInt32BE(0);
        const resolve = waiting.get(key);
        waiting.delete(key);
        resolve(decode(body));
      }
    })();
    return {
      echo: (payload) =>
        new Promise((resolve) => {
          const id = Buffer.allocUnsafe(4);
          id.writeUInt32BE(next, 0);
          waiting.set(next, resolve);
          next += 1;
          sends([id, encode(payload.value)]);
        }),
      async subscribe(_key, listener) {
        const subscriber = new Subscriber(RECEIVES);
        subscriber.subscribe();
        subscriber.connect(values);
        (async () => {
          for await (const [body] of subscriber) listener(decode(body));
        })();
      },
    };
  },
};

/** A socket takes one message at a time. */
function queue(socket) {
  let last = Promise.resolve();
  let waiting = [];
  let isRunning = false;
  const run = async () => {
    isRunning = true;
    while (waiting.length > 0) {
      const messages = waiting;
      waiting = [];
      for (const message of messages) {
        // It throws where the one before has not been taken, and returns a promise else.
        last = socket.send(message);
        await last;
      }
    }
    isRunning = false;
  };
  return (message) => {
    waiting.push(message);
    if (!isRunning) run();
  };
}
