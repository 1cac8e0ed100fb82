import type { Link, Transport } from 'cluster-client';
import { tcp } from 'cluster-client/transports/tcp';

/** TCP of which a link can be cut, whichever end made it. */
export function cuttable(): { transport: Transport; cut(pick: number): void } {
  const links = new Set<Link>();
  const remember = (link: Link): Link => {
    const open = link.open.bind(link);
    link.open = (handlers) => {
      links.add(link);
      open({
        data: (chunk) => handlers.data(chunk),
        drain: () => handlers.drain(),
        close: (error) => {
          links.delete(link);
          handlers.close(error);
        },
      });
    };
    return link;
  };
  const { name, host, listen, dial } = tcp();
  const transport: Transport = {
    name,
    host,
    listen: (address, onLink) => listen(address, (link) => onLink(remember(link))),
    dial: async (address, timeout) => remember(await dial(address, timeout)),
  };
  /** @param pick from 0 to 1: which one. */
  const cut = (pick: number) => [...links][Math.floor(pick * links.size)]?.destroy();
  return { transport, cut };
}
