import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { msgpack } from '../../protocol/codecs/msgpack.js';
import { Flag } from '../../protocol/constants.js';
import type { Frame } from '../../protocol/frame.js';
import { cut, NAMES, once, payload, piece, record, sizes, word } from './arbitraries.js';
import { heard, isGoodbye, MAX_FRAME_BYTES, VIOLATIONS } from './heard.js';
import { DELEGATED, KNOWN, type LeaderWorld, leaderWorld } from './leader-world.js';
import { type Any, bytesSent, MESSAGES, message, type Sending, sending } from './messages.js';
import { fuzz, PATIENCE, shared, soon, turns } from './runs.js';
import { assertUntouched } from './untouched.js';
import { read } from './wire.js';

const TYPE = { invoke: 17, result: 18, goodbye: 27 };
const HANDSHAKE = [1, 2];

const codec = msgpack();

type Step =
  | Sending
  | { do: 'bytes'; bytes: Buffer }
  /** The real client has a value, for whoever is subscribed. */
  | { do: 'value'; length: number; times: number }
  /** The follower reads nothing more, or again. */
  | { do: 'pause' | 'resume' | 'wait' };

interface Attack {
  leader: 0 | 1;
  steps: Step[];
  sizes: readonly number[];
}

const invoke = record({
  type: fc.constant('invoke' as const),
  id: fc.oneof({ weight: 5, arbitrary: fc.nat(9) }, { weight: 1, arbitrary: fc.constant(2 ** 53 - 1) }),
  timeout: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: word }),
  sentAt: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: word }),
  method: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...DELEGATED) },
    { weight: 2, arbitrary: fc.constantFrom('secret', ...NAMES) },
  ),
  oneway: once(6),
  args: payload,
  // For a call that nobody waits for, nobody's leaving is a reason to end.
}).map((call) => ({ ...call, oneway: call.oneway && call.method !== 'never' }));

/** Mostly what a follower sends. */
const sent: fc.Arbitrary<Any> = fc.oneof(
  { weight: 8, arbitrary: invoke },
  { weight: 3, arbitrary: MESSAGES.subscribe },
  { weight: 2, arbitrary: MESSAGES.unsubscribe },
  { weight: 3, arbitrary: MESSAGES.publish },
  { weight: 2, arbitrary: MESSAGES.cancel },
  { weight: 1, arbitrary: MESSAGES.standby },
  { weight: 1, arbitrary: MESSAGES.heartbeat },
  { weight: 2, arbitrary: message },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: sending(sent) },
  { weight: 1, arbitrary: record({ do: fc.constant('bytes' as const), bytes: piece }) },
  {
    weight: 2,
    arbitrary: record({
      do: fc.constant('value' as const),
      length: fc.constantFrom(0, 5, 20_000),
      times: fc.constantFrom(1, 12),
    }),
  },
  {
    weight: 2,
    arbitrary: record({ do: fc.constantFrom('pause' as const, 'resume' as const, 'wait' as const) }),
  },
);

const attack: fc.Arbitrary<Attack> = record({
  leader: fc.constantFrom(0 as const, 1 as const),
  steps: fc.array(step, { maxLength: 14 }),
  sizes,
});

/** One that gives everybody the newest value, one that gives each value to one, and skips none. */
async function worlds() {
  return Promise.all([leaderWorld('newest', true), leaderWorld('every', false)]);
}

async function run({ dial, listeners }: LeaderWorld, { steps, sizes }: Attack) {
  const { link, ear } = await dial();
  const all: Buffer[] = [];
  const send = (bytes: Buffer) => {
    all.push(bytes);
    for (const chunk of cut(bytes, sizes, 200)) link.write([chunk]);
  };
  for (const step of steps) {
    switch (step.do) {
      case 'send':
        send(bytesSent(step));
        break;
      case 'bytes':
        send(step.bytes);
        break;
      case 'value':
        // What was sent before has been read.
        await turns(2);
        for (let time = 0; time < step.times; time += 1)
          for (const listener of listeners) listener('v'.repeat(step.length));
        break;
      case 'wait':
        await turns(3);
        break;
      default:
        link[step.do]();
    }
  }
  await turns(4);
  link.resume();
  await turns(8);
  return { link, ear, sent: read(Buffer.concat(all), [MAX_FRAME_BYTES]) };
}

function countOf(ids: readonly number[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

const isSlice = ({ flags }: Frame) => (flags & Flag.more) !== 0;

/** Whether one of them is not to come from a follower, at any time. What slices are put together to is another matter. */
function isMisplaced(frames: readonly Frame[]): boolean {
  return (
    !frames.some(isSlice) && frames.some(({ version, type }) => version !== 2 || HANDSHAKE.includes(type))
  );
}

/** How many calls may have been made of these: those with arguments. */
function callable(frames: readonly Frame[]): number {
  if (frames.some(isSlice)) return Infinity;
  return frames.filter(({ type, flags, application: bytes }) => {
    return type === TYPE.invoke && ((flags & Flag.raw) !== 0 || isList(bytes));
  }).length;
}

function isList(bytes: Buffer): boolean {
  try {
    return Array.isArray(codec.decode(bytes));
  } catch {
    return false;
  }
}

async function check(leaders: readonly LeaderWorld[], attack: Attack): Promise<void> {
  const leader = leaders[attack.leader];
  assert.ok(leader);
  const { channel, topics, asked, ran, signals, serves } = leader;
  ran.length = 0;
  const { violations } = channel.refusals;
  const { link, ear, sent } = await run(leader, attack);
  const isLeaving = sent.frames.some(isGoodbye);
  const isBroken = sent.faults.length > 0 || (!isLeaving && isMisplaced(sent.frames));
  if (isBroken) await soon(() => ear.closes.length > 0, 'who breaks the rules is closed');
  const isClosed = ear.closes.length > 0;

  const { frames, goodbye } = heard(ear);
  const code = goodbye?.code ?? 'nothing';
  if (isClosed && !isLeaving) assert.ok(VIOLATIONS.includes(code), `closed with ${code}`);
  else if (goodbye && !isLeaving) assert.equal(code, 'ERR_CLUSTER_FOLLOWER_SLOW');
  if (!isLeaving) assert.equal(channel.refusals.violations, violations + (isClosed ? 1 : 0));

  // One answer to each call, at most.
  const idsOf = (frames: readonly Frame[], type: number) =>
    countOf(frames.filter((one) => one.type === type).map(({ id }) => id));
  const calls = idsOf(sent.frames, TYPE.invoke);
  for (const [id, count] of idsOf(frames, TYPE.result))
    assert.ok(count <= (calls.get(id) ?? 0), `call ${id}`);
  for (const name of asked) assert.ok(KNOWN.includes(name), `the real client was asked for ${String(name)}`);
  const made = [...ran];
  assert.ok(made.every((name) => KNOWN.includes(name)));
  assert.ok(
    made.filter((name) => DELEGATED.includes(name)).length <= callable(sent.frames),
    'a call of no arguments',
  );
  assertUntouched();

  link.destroy();
  await soon(() => channel.followers === 1, 'nobody is kept');
  await soon(() => topics.size === 0, 'no subscription is kept');
  assert.ok(
    signals.splice(0).every(({ aborted }) => aborted),
    'a call for nobody',
  );
  await serves();
}

it(
  'a leader serves the others, and runs only what is delegated, whatever one of its followers sends',
  PATIENCE,
  async (t) => {
    const end = (leaders: LeaderWorld[]) => Promise.all(leaders.map((leader) => leader.end())).then(() => {});
    const { property, end: endLast } = shared(worlds, attack, check, end);
    await fuzz(t, 'leader', property);
    await endLast();
  },
);
