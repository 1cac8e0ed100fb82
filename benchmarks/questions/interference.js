// What does a small call wait while Buffers of 64 MiB pass on the same link, there and back?
import { alone } from '../harness/run.js';
import { allButQuick, OURS } from './contenders.js';

const CASE = 'small calls, 1 in flight, beside 64 MiB';

export const question = {
  name: 'interference',
  title: 'Small calls on a link that 64 MiB pass on',
  reference: OURS,
  figures: {
    idle: { text: 'p99 idle', unit: 'µs' },
    busy: { text: 'p99 meanwhile', unit: 'µs' },
    times: { text: 'meanwhile / idle', unit: '×' },
    count: { text: 'calls meanwhile', unit: '' },
  },
  bars: [{ text: 'call p99 while 64 MiB pass', case: CASE, figure: 'times', atMost: 10, unit: '× idle' }],
  chart: [{ title: 'p99 of small calls beside 64 MiB, µs', case: CASE, figures: ['busy'] }],
  maxRounds: 5,
  scenes: [
    {
      entrants: allButQuick([OURS, 'raw', 'ipc', 'grpc', 'zeromq'], 'ipc', 'grpc'),
      cases: [{ name: CASE }],
      async measure({ stage, scale }) {
        const { idle, busy, count } = await stage.followers[0].command('callBeside', {
          payload: 'small',
          big: '64 MiB',
          calls: Math.ceil(1_000 * scale),
          passFor: 1_000 * scale,
        });
        return { idle, busy, times: busy / idle, count };
      },
    },
  ],
};

await alone(import.meta.url, question);
