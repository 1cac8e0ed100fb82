// What raw and rawjson share: calls have ids above 0, values have id 0.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { values } from '../harness/channel.js';
import { Wire } from '../harness/wire.js';

/** @param codec `{ encode(payload), decode(bytes), again(decoded) }` */
export function wireContender({ encode, decode, again }) {
  return {
    async lead() {
      const wires = new Set();
      const server = createServer({ noDelay: true }, (socket) => {
        socket.on('error', () => {});
        const wire = new Wire(socket, (id, body) => wire.send(id, again(decode(body))));
        wires.add(wire);
        socket.on('close', () => wires.delete(wire));
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return {
        address: server.address().port,
        publisher: () => (_index, payload) => {
          const bytes = encode(payload);
          for (const wire of wires) wire.send(0, bytes);
        },
      };
    },

    async follow(port) {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      await once(socket, 'connect');
      let wire;
      return values(
        (id, payload) => wire.send(id, encode(payload)),
        (onMessage) => {
          wire = new Wire(socket, (id, body) => onMessage(id, decode(body)));
        },
      );
    },
  };
}
