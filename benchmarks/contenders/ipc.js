// process.send with structured clone, between a process and the one that forked it.
import { values } from '../harness/channel.js';

export const forkedBy = 'leader';

export default {
  async lead({ children }) {
    return {
      address: 0,
      welcome: (child) =>
        child.on('message', ({ id, value }) => {
          child.send({ id, value });
        }),
      publisher: () => (_index, payload) => {
        for (const child of children.values()) child.send({ id: 0, value: payload.value });
      },
    };
  },
  follow: () =>
    values(
      (id, { value }) => process.send({ id, value }),
      (onMessage) => process.on('message', ({ id, value }) => onMessage(id, value)),
    ),
};
