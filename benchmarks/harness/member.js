// One process of one contender. The runner sends `{ id, command, args }`, and gets `{ id, result }` or `{ id, error }`.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { callCommands } from './commands/calls.js';
import { resourceCommands } from './commands/resources.js';
import { valueCommands } from './commands/values.js';
import { lines, post } from './lines.js';

const { contender, name, port } = JSON.parse(process.argv[2]);
const { default: kind, relay } = await import(`../contenders/${contender}.js`);

/** `role`: what `lead` or `follow` of the contender has made; `more`: further followers in this process. */
const here = { name, role: undefined, more: [] };
const children = new Map();

const commands = {
  ...callCommands(here),
  ...valueCommands(here),
  ...resourceCommands,

  async lead(settings) {
    here.role = await kind.lead({ ...settings, children });
    return { member: here.role.address };
  },

  async follow({ address, settings }) {
    here.role = await kind.follow(address.member, settings);
  },

  async followMore({ address, settings, followers }) {
    for (let n = 0; n < followers; n += 1) here.more.push(await kind.follow(address.member, settings));
  },

  /** Of a process that has to be forked by this one. */
  fork({ name: childName, args }) {
    const child = fork(new URL(import.meta.url), args, {
      execArgv: process.execArgv,
      serialization: 'advanced',
    });
    children.set(childName, child);
    relay?.(child, children);
    here.role?.welcome?.(child);
  },

  /** What only this contender can do. */
  perform({ what, args }) {
    return here.role[what](args);
  },
};

const socket = connect({ port, host: '127.0.0.1', noDelay: true });
await once(socket, 'connect');
socket.on('close', () => process.exit());
lines(socket, async ({ id, command, args }) => {
  if (id === undefined) {
    post(socket, { pid: process.pid });
    return;
  }
  try {
    post(socket, { id, result: await commands[command](args) });
  } catch (error) {
    post(socket, { id, error: error.stack });
  }
});
post(socket, { name });
