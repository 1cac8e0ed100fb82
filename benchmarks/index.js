// How fast is it, and what does it cost? All questions, or those that are named; harness/options.js has the options.
import { readOptions } from './harness/options.js';
import { run } from './harness/run.js';

const NAMES = [
  'calls',
  'fan-out',
  'first-load',
  'buffers',
  'interference',
  'memory',
  'growth',
  'framing',
  'sharing',
];

const options = readOptions();
const wanted = options.names.length > 0 ? options.names : NAMES;
const unknown = wanted.filter((name) => !NAMES.includes(name));
if (unknown.length > 0)
  throw new Error(`no such question: ${unknown.join(', ')}; there are ${NAMES.join(', ')}`);
const modules = await Promise.all(wanted.map((name) => import(`./questions/${name}.js`)));
await run(
  modules.map(({ question }) => question),
  options,
  wanted.length === NAMES.length,
);
