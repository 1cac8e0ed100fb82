import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Intake } from '../../lib/intake.js';
import { Decoder } from '../../protocol/decoder.js';
import { encode } from '../../protocol/dialects/v2.js';
import { encodeFrame } from '../../protocol/frame.js';
import { FakeLink } from '../helpers/links.js';

const FRAMES = 1_000;
const chunk = Buffer.concat(
  Array.from({ length: FRAMES }, (_, id) => encodeFrame(encode({ type: 'cancel', id }))),
);

/** An intake of frames each of which takes so many ms, by a clock that is the test's. */
function timedIntake(t: TestContext, takes: number) {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  const link = new FakeLink();
  const ids: number[] = [];
  const errors: Error[] = [];
  let onFrame = (_id: number) => {};
  const decoder = new Decoder(({ id }) => {
    intake.count();
    ids.push(id);
    now += takes;
    onFrame(id);
  });
  const intake = new Intake(link, decoder, (error) => errors.push(error));
  return {
    link,
    intake,
    ids,
    errors,
    withEach: (act: (id: number) => void) => {
      onFrame = act;
    },
  };
}

/** All that can be done before anybody else has a turn. */
const microtasks = () => new Promise<void>((resolve) => process.nextTick(resolve));

const all = Array.from({ length: FRAMES }, (_, id) => id);

describe('an intake', () => {
  it('takes at once what takes no time, however much it is, and leaves the link alone', async (t) => {
    const { intake, ids, link } = timedIntake(t, 0);
    intake.add(chunk);
    await microtasks();
    assert.deepEqual(ids, all);
    assert.equal(link.paused, false);
  });

  it('gives others a turn after 5 ms, reads nothing meanwhile, and goes on where it was', async (t) => {
    const { intake, ids, link } = timedIntake(t, 0.1);
    intake.add(chunk);
    await microtasks();
    const inOneTurn = ids.length;
    assert.ok(inOneTurn >= 50 && inOneTurn < 100, `${inOneTurn} frames in the first turn`);
    assert.equal(link.paused, true);
    let turns = 1;
    for (; ids.length < FRAMES; turns += 1) {
      assert.equal(link.paused, true);
      await turn();
    }
    assert.ok(turns > 10, `${turns} turns`);
    assert.deepEqual(ids, all);
    await turn();
    assert.equal(link.paused, false);
  });

  it('counts what the promises of 32 frames lead to as well', async (t) => {
    const { intake, ids, withEach } = timedIntake(t, 0);
    let later = 0;
    withEach(() => {
      void Promise.resolve().then(() => {
        later += 1;
        if (later === 10) t.mock.method(performance, 'now', () => 6);
      });
    });
    intake.add(chunk);
    await microtasks();
    assert.equal(ids.length, 64);
  });

  it('counts the time of one chunk and of the next together', async (t) => {
    const { intake, ids, link } = timedIntake(t, 1);
    for (let id = 0; id < 4; id += 1) intake.add(encodeFrame(encode({ type: 'cancel', id })));
    assert.equal(link.paused, false);
    for (let id = 4; id < 8; id += 1) intake.add(encodeFrame(encode({ type: 'cancel', id })));
    assert.equal(link.paused, true);
    assert.deepEqual(ids, [0, 1, 2, 3, 4]);
    await turn();
    assert.deepEqual(ids, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.equal(link.paused, false);
  });

  it('that is paused takes nothing of what has come either, until it is resumed', async (t) => {
    const { intake, ids, link, withEach } = timedIntake(t, 0);
    withEach((id) => id === 9 && intake.pause());
    intake.add(chunk);
    await turn();
    assert.equal(ids.length, 10);
    assert.equal(link.paused, true);
    intake.resume();
    await microtasks();
    assert.deepEqual(ids, all);
    assert.equal(link.paused, false);
  });

  it('that is paused and resumed within one frame goes on', async (t) => {
    const { intake, ids, link, withEach } = timedIntake(t, 0);
    withEach((id) => {
      if (id % 10 !== 0) return;
      intake.pause();
      intake.resume();
    });
    intake.add(chunk);
    await microtasks();
    assert.deepEqual(ids, all);
    assert.equal(link.paused, false);
  });

  it('is at its end when all that came has had its turn, also where it was paused, and is not paused any more', async (t) => {
    const { intake, ids, withEach } = timedIntake(t, 0.1);
    intake.pause();
    intake.add(chunk);
    assert.deepEqual(ids, []);
    withEach(() => intake.pause());
    let ended = 0;
    intake.end(() => {
      ended = ids.length;
    });
    assert.equal(ended, 0);
    while (ended === 0) await turn();
    assert.equal(ended, FRAMES);
  });

  it('is at its end at once where nothing waits', (t) => {
    const { intake } = timedIntake(t, 0);
    let ended = false;
    intake.end(() => {
      ended = true;
    });
    assert.equal(ended, true);
  });

  it('that is stopped drops what waits and what still comes', async (t) => {
    const { intake, ids, withEach } = timedIntake(t, 1);
    withEach((id) => id === 2 && intake.stop());
    intake.add(chunk);
    intake.add(chunk);
    await turn();
    assert.deepEqual(ids, [0, 1, 2]);
    let ended = false;
    intake.end(() => {
      ended = true;
    });
    assert.equal(ended, true);
  });

  it('that is stopped between two turns has none any more', async (t) => {
    const { intake, ids } = timedIntake(t, 1);
    intake.add(chunk);
    await microtasks();
    const { length } = ids;
    intake.stop();
    await turn();
    assert.equal(ids.length, length);
  });

  it('tells of what cannot be taken', async (t) => {
    const { intake, errors } = timedIntake(t, 0);
    intake.add(Buffer.from('GET / HTTP/1.1\r\n\r\n'));
    assert.deepEqual(
      errors.map((error) => (error as { code?: string }).code),
      ['ERR_CLUSTER_PROTOCOL'],
    );
  });
});
