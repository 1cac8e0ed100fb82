// What does it cost to build the frame of a small call, with a ByteBuffer of `byte` and in a Buffer of its size? The
// protocol builds control frames the first way and what is sent often the second.
import { createRequire } from 'node:module';
import { alone } from '../harness/run.js';

const require = createRequire(import.meta.url);
// The library's own copy.
const ByteBuffer = require(require.resolve('byte', { paths: [require.resolve('cluster-client')] }));

const HEADER = 24;
const METHOD = 'getConfig';
const ARGUMENTS = Buffer.from('["db.primary",{"zone":"a"}]');
const TIMEOUT = 3_000;

const builders = {
  'pre-sized Buffer': (id) => {
    const nameLength = Buffer.byteLength(METHOD);
    const frame = Buffer.allocUnsafe(HEADER + 4 + nameLength + ARGUMENTS.length);
    frame[0] = 2;
    frame[1] = 0;
    frame[2] = 1;
    frame[3] = 0;
    frame.writeUInt32BE(Math.floor(id / 2 ** 32), 4);
    frame.writeUInt32BE(id % 2 ** 32, 8);
    frame.writeUInt32BE(TIMEOUT, 12);
    frame.writeUInt32BE(4 + nameLength, 16);
    frame.writeUInt32BE(ARGUMENTS.length, 20);
    frame.writeUInt32BE(nameLength, HEADER);
    frame.write(METHOD, HEADER + 4);
    ARGUMENTS.copy(frame, HEADER + 4 + nameLength);
    return frame;
  },
  'byte, new each time': (id) => put(ByteBuffer.allocate(128), id),
  'byte, reused': (id) => {
    reused.reset();
    return put(reused, id);
  },
};

const reused = ByteBuffer.allocate(128);

function put(frame, id) {
  return frame
    .put(2)
    .put(0)
    .put(1)
    .put(0)
    .putLong(id)
    .putInt(TIMEOUT)
    .putInt(4 + METHOD.length)
    .putInt(ARGUMENTS.length)
    .putString(METHOD)
    .put(ARGUMENTS)
    .array();
}

/** What is built must not be left out by the compiler. */
let bytes = 0;

export const question = {
  name: 'framing',
  title: 'Building the frame of a small call',
  reference: 'pre-sized Buffer',
  figures: { ns: { text: 'time', unit: 'ns' } },
  chart: [{ title: 'ns a frame', case: 'invoke', figures: ['ns'] }],
  scenes: [
    {
      entrants: Object.keys(builders).map((name) => ({ name })),
      cases: [{ name: 'invoke' }],
      prepare(_stage, { name }) {
        const expected = builders['pre-sized Buffer'](7);
        if (!builders[name](7).equals(expected)) throw new Error('builds another frame');
      },
      async measure({ entrant, scale }) {
        const build = builders[entrant.name];
        const frames = Math.ceil(300_000 * scale);
        const start = process.hrtime.bigint();
        for (let id = 1; id <= frames; id += 1) bytes += build(id).length;
        const ns = Number(process.hrtime.bigint() - start);
        if (bytes === 0) throw new Error('nothing was built');
        return { ns: ns / frames };
      },
    },
  ],
};

await alone(import.meta.url, question);
