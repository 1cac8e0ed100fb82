import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Link } from '../../lib/transport.js';
import { Kind, Type } from '../../protocol/constants.js';
import { type Attack, attack, Run } from './evil-leader.js';
import { followerWorld, honest, newCall } from './follower-world.js';
import { heard, MAX_FRAME_BYTES, VIOLATIONS } from './heard.js';
import { fuzz, PATIENCE, shared, soon, turns } from './runs.js';
import { assertUntouched } from './untouched.js';
import { read } from './wire.js';

/** What a follower has to say to its leader. */
const SAID: readonly number[] = [
  Type.heartbeat,
  Type.invoke,
  Type.cancel,
  Type.subscribe,
  Type.unsubscribe,
  Type.publish,
  Type.standby,
];
function assertCalls({ leaders, calls }: Run): void {
  const said = leaders.flatMap(({ said }) => read(said, [MAX_FRAME_BYTES]).frames);
  const answered = said
    .filter(({ type, kind }) => type === Type.result && kind === Kind.response)
    .map(({ id }) => id);
  for (const [index, { settled, oneway }] of calls.entries()) {
    assert.ok(settled.length <= 1, `call ${index + 1} was settled ${settled.length} times`);
    const [one] = settled;
    if (!one || one.error || oneway) continue;
    assert.ok(answered.includes(index + 1), `call ${index + 1} has a result that nobody sent`);
    const [first] = one.results;
    if (Array.isArray(first) && first[0] === 'result') assert.equal(first[1], index + 1);
  }
}

function assertValues({ listeners }: Run): void {
  for (const { key, heard } of listeners) {
    for (const { value, late } of heard) {
      assert.equal(late, false, `a value for ${key} after it was unsubscribed`);
      if (Array.isArray(value) && value[0] === 'value') assert.equal(value[1], key);
    }
  }
}

/** Each leader has heard what a follower says; and why, where the follower has left it. */
function assertSaid({ leaders }: Run): void {
  for (const { ear, said, hung } of leaders) {
    const { frames, goodbye } = heard(ear);
    assert.ok(frames.every(({ type }) => SAID.includes(type)));
    const isSentAway = read(said, [MAX_FRAME_BYTES]).frames.some(
      ({ type }) => type === Type.goodbye || type === Type.moved,
    );
    if (hung || isSentAway || ear.closes.length === 0) continue;
    assert.ok(goodbye, 'left without a word');
    assert.ok([...VIOLATIONS, 'ERR_CLUSTER_CLOSED'].includes(goodbye.code), goodbye.code);
  }
}

type World = Awaited<ReturnType<typeof followerWorld>>;

async function check({ client }: World, { isStarting, steps, sizes }: Attack): Promise<void> {
  const run = new Run(sizes);
  let lead = (link: Link) => run.lead(link);
  const outcome = isStarting ? ({ type: 'parked', state: 'starting' } as const) : undefined;
  const { session, events } = client((link) => lead(link), outcome);
  try {
    await soon(() => run.leaders.length > 0, 'it follows');
    for (const step of steps) await run.step(session, step);
    await turns(6);
    assertCalls(run);
    assertValues(run);
    assertSaid(run);
    assertUntouched();

    // The next leader is a good one, and all goes on.
    let isLed = false;
    lead = (link) => {
      isLed = true;
      honest(link);
    };
    const hanging = run.leaders.at(-1);
    if (hanging) hanging.hung = true;
    hanging?.link.destroy();
    await soon(() => isLed && session.status.ready, 'there is a next leader');
    const last = newCall(session);
    await soon(() => last.settled.length > 0, 'the next leader is asked');
    await soon(
      () => run.calls.every(({ settled }) => settled.length === 1),
      'nothing is left of the last one',
    );
    assert.deepEqual(last.settled, [{ error: undefined, results: ['well'] }]);
    run.calls.push(newCall(session, { method: 'never' }));
  } finally {
    await session.close();
  }
  const { length } = events.names;
  await turns(4);
  for (const [index, { settled }] of run.calls.entries())
    assert.equal(settled.length, 1, `call ${index + 1}`);
  assert.equal(events.names.lastIndexOf('closed'), length - 1);
  assert.equal(events.names.indexOf('closed'), length - 1);
  assert.equal(events.names.length, length);
  assertValues(run);
}

it(
  'a client is harmed by no leader, and goes on with the next, whatever one of them sends',
  PATIENCE,
  async (t) => {
    const { property, end } = shared(
      () => followerWorld(t),
      attack,
      check,
      async () => {},
    );
    await fuzz(t, 'follower', property);
    await end();
  },
);
