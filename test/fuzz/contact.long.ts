import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { askAt } from '../../lib/contact.js';
import type { Answer } from '../../lib/election.js';
import type { Link } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import { decode } from '../../protocol/dialects/v2.js';
import type { Outcome } from '../../protocol/message.js';
import { APPLICANT } from '../lib/handshakes.js';
import { EvilHub, KEY, MAC, type Trap, trap } from './evil-hub.js';
import { heard } from './heard.js';
import { fuzz, PATIENCE, shared, soon } from './runs.js';
import { mac, NOTHING } from './wire.js';

const ADDRESS = { host: 'memory', port: 1 };

/** What one who has not proved itself can be found to be. */
const FOREIGN = ['ERR_CLUSTER_PORT_TAKEN', 'ERR_CLUSTER_PORT_HTTP', 'ERR_CLUSTER_AUTH'];
/** What one who breaks the rules is told, without a reason. */
const TOLD = ['ERR_CLUSTER_PROTOCOL', 'ERR_CLUSTER_FRAME_TOO_LARGE'];
/** Whether it is the answer to this. */
function isAnswer(answer: Answer, outcome: Outcome): boolean {
  switch (outcome.type) {
    case 'welcome':
      return answer.type === 'led';
    case 'parked':
      return answer.type === (outcome.state === 'starting' ? 'led' : outcome.state);
    case 'moved':
      return isDeepStrictEqual(answer, outcome);
    case 'refused': {
      const { code, reason } = outcome;
      return (
        answer.type === 'refused' &&
        Reflect.get(answer.error, 'code') === code &&
        answer.error.message === reason
      );
    }
  }
}

function assertAnswer(answer: Answer, outcomes: readonly Outcome[]): void {
  if (outcomes.length > 0) {
    assert.ok(
      outcomes.some((outcome) => isAnswer(answer, outcome)),
      answer.type,
    );
    return;
  }
  assert.ok(answer.type === 'foreign', answer.type);
  const code: unknown = Reflect.get(answer.error, 'code');
  assert.ok(
    FOREIGN.some((one) => one === code),
    String(code),
  );
}

/** The follower has said no more than it may. */
function assertHeard({ ear, isProved, hash }: EvilHub): void {
  const { frames, goodbye } = heard(ear);
  const [frame1, ...more] = frames;
  if (!frame1) return;
  const hello = JSON.parse(String(frame1.connection)) as { v2: { nonce: string } };
  const v2 = { versions: [2], nonce: hello.v2.nonce };
  assert.deepEqual(hello, { type: 'register_channel', channelName: '', v2 });
  assert.deepEqual([frame1.version, hello.v2.nonce.length], [1, 44]);
  if (!isProved) {
    assert.deepEqual(more, []);
    if (goodbye) assert.deepEqual([TOLD.includes(goodbye.code), goodbye.reason], [true, ''], goodbye.code);
    return;
  }
  const frame3 = more.shift();
  if (!frame3) return;
  const body = frame3.connection.subarray(MAC);
  assert.ok(frame3.connection.subarray(0, MAC).equals(mac(KEY, 'follower', hash ?? NOTHING, body)));
  const { type, id: _id, mac: _mac, ...said } = decode(frame3) as { type: string; id: number; mac: Buffer };
  assert.deepEqual([type, said], ['authenticate', APPLICANT]);
  // An answer to a heartbeat, at most.
  assert.ok(more.every((frame) => frame.type === 16 && frame.kind === 1));
}

async function world() {
  const transport = memory();
  let accept = (_link: Link): void => {};
  await transport.listen(ADDRESS, (link) => accept(link));
  const next = (sizes: readonly number[]) =>
    new Promise<EvilHub>((resolve) => {
      accept = (link) => resolve(new EvilHub(link, sizes));
    });
  return { transport, next };
}

async function check({ transport, next }: Awaited<ReturnType<typeof world>>, trap: Trap): Promise<void> {
  const controller = new AbortController();
  const called = next(trap.sizes);
  let answer: Answer | undefined;
  let failure: unknown;
  askAt(ADDRESS, {
    transport,
    keys: [KEY],
    applicant: APPLICANT,
    connectTimeout: 600_000,
    heartbeatInterval: 600_000,
    isOurs: () => trap.isOurs,
    maxMessageBytes: 1024,
    signal: controller.signal,
  }).then(
    (given) => {
      answer = given;
    },
    (error: unknown) => {
      failure = error;
    },
  );
  const hub = await called;
  try {
    await hub.run(trap.steps);
    if (trap.abort) controller.abort();
    if (!answer) hub.leave(trap.leave);
    await soon(() => answer !== undefined || failure !== undefined, 'an answer');
    assert.ok(answer, String(failure));
    if (answer.type !== 'gone' || !trap.abort) assertAnswer(answer, hub.outcomes);
    if ('contact' in answer) answer.contact.close();
    await soon(() => hub.ear.closes.length > 0, 'the link is closed');
    assertHeard(hub);
  } finally {
    controller.abort();
    hub.leave('destroy');
  }
}

it('who asks at an address has an answer, and has told only who has the secret', PATIENCE, async (t) => {
  const { property, end } = shared(world, trap, check, async () => {});
  await fuzz(t, 'contact', property);
  await end();
});
