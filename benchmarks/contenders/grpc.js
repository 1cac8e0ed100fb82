// @grpc/grpc-js: a unary call, and a stream of values. Bodies are JSON, a Buffer goes as it is.
import grpc from '@grpc/grpc-js';

const serialize = (value) => (Buffer.isBuffer(value) ? value : Buffer.from(JSON.stringify(value)));
/** JSON of an object begins with a brace. */
const deserialize = (bytes) => (bytes[0] === 0x7b ? JSON.parse(bytes.toString()) : bytes);
const codec = {
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
};
const service = {
  echo: { path: '/Bench/echo', requestStream: false, responseStream: false, ...codec },
  watch: { path: '/Bench/watch', requestStream: false, responseStream: true, ...codec },
};
const limits = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

export default {
  async lead() {
    const streams = new Set();
    const server = new grpc.Server(limits);
    server.addService(service, {
      echo: (call, done) => done(null, call.request),
      watch: (call) => {
        streams.add(call);
        call.on('cancelled', () => streams.delete(call));
        // The follower is told that it is subscribed.
        call.write({ subscribed: true });
      },
    });
    const port = await new Promise((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    return {
      address: port,
      publisher: () => (_index, payload) => {
        for (const stream of streams) stream.write(payload.value);
      },
    };
  },

  async follow(port) {
    const Client = grpc.makeGenericClientConstructor(service, 'Bench');
    const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), limits);
    return {
      echo: (payload) =>
        new Promise((resolve, reject) => {
          client.echo(payload.value, (error, value) => (error ? reject(error) : resolve(value)));
        }),
      subscribe: (key, listener) =>
        new Promise((resolve) => {
          client
            .watch({ key })
            .on('data', (value) => (value.subscribed ? resolve() : listener(value)))
            .on('error', () => {});
        }),
    };
  },
};
