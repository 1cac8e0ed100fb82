// What happens when something goes wrong, and what it costs? Beside cluster-client 3.7.0 in the same run: rounds take
// turns, so that drift of the machine hits both alike.
//
//   --rounds N        of each case, 20 if not given; some cases take fewer, as 3.7.0 is slow there
//   --quick           the same as --rounds 3
//   --case substring  only the cases whose name has it
//   --only ours | theirs
//   --json file       every sample, beside the table
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { load } from './cases/load.js';
import { publishing } from './cases/publishing.js';
import { takeover } from './cases/takeover.js';
import { waiting } from './cases/waiting.js';
import { now } from './clock.js';
import { Group } from './group.js';
import { rowsOf } from './table.js';

/** So often may a contender not get there; then it is not asked again. */
const MAX_NEVER = 2;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string' },
    quick: { type: 'boolean' },
    case: { type: 'string', default: '' },
    only: { type: 'string' },
    json: { type: 'string' },
  },
});
if (![undefined, 'ours', 'theirs'].includes(options.only)) throw new Error('--only ours, or --only theirs');
const rounds = Number(options.rounds ?? (options.quick ? 3 : 20));
const cases = [...takeover, ...waiting, ...publishing, ...load].filter(({ name }) =>
  name.includes(options.case),
);

const table = [];
const samples = {};
const notes = [];
for (const test of cases) {
  process.stderr.write(`${test.name} `);
  const from = now();
  const [ours, theirs] = test.rounds(rounds);
  const contenders = [
    options.only === 'theirs' ? undefined : newContender('cluster-client', ours),
    options.only === 'ours' ? undefined : newContender('cluster-client-3', theirs),
  ];
  const present = contenders.filter((contender) => contender !== undefined);
  for (let round = 0; round < Math.max(ours, theirs); round += 1) {
    for (const contender of present) if (round < contender.rounds) await run(test, contender, round);
    process.stderr.write('.');
  }
  for (const { packageName, group, note } of present) {
    await group?.close();
    if (note) notes.push(`${test.name}, ${packageName}: ${note}`);
  }
  process.stderr.write(` ${Math.round((now() - from) / 1_000)} s\n`);
  table.push(...rowsOf(test, contenders));
  samples[test.name] = Object.fromEntries(present.map((one) => [one.packageName, one.samples]));
}
console.table(table);
for (const note of notes) console.log(note);
if (options.json) writeFileSync(options.json, JSON.stringify({ table, notes, samples }, infinity, 2));

function newContender(packageName, rounds) {
  return {
    packageName,
    rounds,
    samples: {},
    nevers: 0,
    group: undefined,
    failure: undefined,
    note: undefined,
  };
}

async function run(test, contender, round) {
  try {
    if (!contender.group) {
      contender.group = await Group.open(contender.packageName, test.options);
      await test.start(contender.group);
    }
    contender.group.forgetEvents();
    const { note, ...results } = await test.round(contender.group, round);
    contender.note = note;
    for (const [key, sample] of Object.entries(results)) {
      contender.samples[key] ??= [];
      contender.samples[key].push(sample);
    }
    if (!Object.values(results).includes(Infinity)) return;
    contender.nevers += 1;
    if (contender.nevers === MAX_NEVER) contender.rounds = 0;
    // Whatever state they are in, the next round shall not suffer from it.
    await contender.group.close();
    contender.group = undefined;
  } catch (error) {
    console.error(error);
    process.exitCode = 1;
    contender.failure = 'failed';
    contender.rounds = 0;
  }
}

function infinity(_, value) {
  return value === Infinity ? 'never' : value;
}
