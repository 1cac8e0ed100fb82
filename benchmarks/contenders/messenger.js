// process.send relayed by a master between two of its children: what Egg's messenger does.
import { values } from '../harness/channel.js';

export const forkedBy = 'master';

const hear = (onMessage) => process.on('message', onMessage);

export default {
  async lead() {
    hear(({ from, id, value }) => process.send({ to: from, id, value }));
    return {
      address: 0,
      publisher: () => (_index, payload) => process.send({ to: 'all', id: 0, value: payload.value }),
    };
  },
  follow: () =>
    values(
      (id, { value }) => process.send({ to: 'leader', id, value }),
      (onMessage) => hear(({ id, value }) => onMessage(id, value)),
    ),
};

/** In the master: messages go to whom they name. */
export function relay(child, children) {
  child.on('message', ({ to, ...message }) => {
    if (to === 'all') {
      for (const other of children.values()) if (other !== child) other.send(message);
      return;
    }
    const from = [...children].find(([, other]) => other === child)[0];
    children.get(to).send({ ...message, from });
  });
}
