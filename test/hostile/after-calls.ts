import { Flag } from '../../protocol/constants.js';
import { type Input, NOT_DELEGATED, PROTOCOL } from './input.js';
import { argumentsOf, type Insider } from './insider.js';

/** The longest that a name may be. */
const LONGEST = 64 * 1024;
const MANY = 1_000;

function done(name: string, expect: string, run: (insider: Insider) => Promise<string>): Input {
  return { name, phase: 'after', expect, run: async (target) => run(await target.join()) };
}

const invoked = (name: string, method: string | Buffer, expect = NOT_DELEGATED) =>
  done(name, expect, (insider) => {
    insider.call({ method, args: argumentsOf() });
    return insider.outcome(1);
  });

/** What every object has, what an EventEmitter has, and what the class has but does not delegate. */
const methods: Input[] = [
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineGetter__',
  'emit',
  'on',
  'removeAllListeners',
  'subscribe',
  'unSubscribe',
  'publish',
  'close',
  'ready',
  'subscriptions',
  '_private',
  'wipe',
].map((method) => invoked(`a call of ${method}`, method));

const names: Input[] = [
  invoked('a call of the empty name', ''),
  invoked('a call of a name with a zero byte', 'echo\0'),
  invoked('a call of a name of 64 KiB', 'x'.repeat(LONGEST)),
  invoked('a call of a name over 64 KiB', 'x'.repeat(LONGEST + 1), PROTOCOL),
  invoked('a call of a name that is no UTF-8', Buffer.from('6563686fff', 'hex'), PROTOCOL),
  done('a call without a name', PROTOCOL, (insider) => {
    insider.stranger.send(Buffer.concat([Buffer.from('02001100', 'hex'), Buffer.alloc(20)]));
    return insider.verdict();
  }),
];

const oneways: Input[] = [
  done('a oneway call of what is not delegated', 'ignored', (insider) => {
    insider.call({ method: 'wipe', flags: Flag.oneway });
    return insider.verdict();
  }),
  done('a oneway call with arguments that cannot be decoded', 'ignored', (insider) => {
    insider.call({ method: 'note', flags: Flag.oneway, args: Buffer.of(0xc1) });
    return insider.verdict();
  }),
];

const courses: Input[] = [
  done('an id that is used again while its call runs', PROTOCOL, (insider) => {
    insider.call({ id: 1, method: 'never' });
    insider.call({ id: 1, method: 'echo', args: argumentsOf('again') });
    return insider.verdict();
  }),
  done('a call whose time was over when it was sent', 'ignored', (insider) => {
    insider.call({ id: 1, method: 'echo', sentAt: 50_000, timeout: 1 });
    insider.call({ id: 2, method: 'echo', sentAt: 0, timeout: 1 });
    return insider.verdict();
  }),
  done('a result that the codec cannot carry', 'ERR_CLUSTER_ENCODE', (insider) => {
    // The only argument is then the callback.
    insider.call({ method: 'echo', args: argumentsOf() });
    return insider.outcome(1);
  }),
  done('arguments of a strange kind for a delegated method', 'answered', (insider) => {
    insider.call({ method: 'slow', args: argumentsOf({ valueOf: 1 }) });
    return insider.outcome(1);
  }),
  done('cancels of calls that there are not', 'ignored', (insider) => {
    for (let id = 0; id < MANY; id += 1) insider.send({ type: 'cancel', id });
    return insider.verdict();
  }),
  done(`${MANY} calls that never end, each cancelled twice`, 'ignored', (insider) => {
    for (let id = 0; id < MANY; id += 1) {
      insider.call({ id, method: 'never' });
      insider.send({ type: 'cancel', id });
      insider.send({ type: 'cancel', id });
    }
    return insider.verdict();
  }),
  done(`a reset while ${MANY} calls run`, 'closed', async (insider) => {
    for (let id = 0; id < MANY; id += 1) insider.call({ id, method: 'never' });
    const word = await insider.verdict();
    insider.stranger.socket.resetAndDestroy();
    return word === 'ignored' ? insider.stranger.told() : word;
  }),
];

/** A follower that has the secret asks for what it may not have. */
export const calls: readonly Input[] = [...methods, ...names, ...oneways, ...courses];
