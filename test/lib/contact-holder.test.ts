import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type AskOptions, askAt } from '../../lib/contact.js';
import type { Answer } from '../../lib/election.js';
import type { Holder, Link, Transport } from '../../lib/transport.js';
import { memory } from '../../lib/transports/memory.js';
import { Ear } from '../helpers/links.js';
import { isPending, settled } from '../helpers/until.js';
import { APPLICANT, KEY, WELCOME } from './handshakes.js';
import { ADDRESS, hubThat, LIMIT } from './hubs.js';

const silent = (link: Link) => link.open(new Ear());
const held = (isStranger: boolean): Holder => ({
  isStranger,
  describe: async () => 'process 4711 (node stranger.js) of uid 1000',
});

function abortable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}

interface Case extends Partial<AskOptions> {
  holder?: Holder | undefined;
  /** Accepts no connection either. */
  full?: boolean;
  accept?: (link: Link) => void;
}

/** Asks at an address of which the system tells who holds it. `lookups` counts how often it was asked. */
async function asking(t: TestContext, { holder, full = false, accept = silent, ...more }: Case) {
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
  const network = memory();
  const listener = await network.listen(ADDRESS, accept);
  t.after(() => listener.close());
  let lookups = 0;
  const never: Transport['dial'] = (_address, _timeout, signal) =>
    new Promise((_resolve, reject) =>
      signal?.addEventListener('abort', () => reject(signal.reason as Error)),
    );
  const transport: Transport = {
    ...network,
    dial: full ? never : network.dial,
    holder: async () => {
      lookups += 1;
      return holder;
    },
  };
  const { signal, ...controller } = abortable();
  const patience = { connectTimeout: 60_000, heartbeatInterval: 60_000, isOurs: () => undefined };
  const answer = askAt(ADDRESS, {
    transport,
    keys: [KEY],
    applicant: APPLICANT,
    signal,
    ...patience,
    ...LIMIT,
    ...more,
  });
  /** Timers run `late` ms after they were due. */
  const pass = async (ms: number, late = 0) => {
    now += ms + late;
    t.mock.timers.tick(ms);
    await settled();
  };
  assert.ok(await isPending(answer));
  return { answer, pass, lookups: () => lookups, abort: controller.abort };
}

function assertSilent(answer: Answer): void {
  assert.ok(answer.type === 'foreign');
  assert.equal(Reflect.get(answer.error, 'code'), 'ERR_CLUSTER_PORT_SILENT');
  assert.notEqual(Reflect.get(answer.error, 'certain'), false);
}

describe('a port whose holder says nothing', () => {
  it('is a stranger’s after half a second where another user holds it, also if one of ours is on record there', async (t) => {
    for (const isOurs of [true, undefined, false]) {
      await t.test(`on record: ${isOurs}`, async (t) => {
        const { answer, pass } = await asking(t, { holder: held(true), isOurs: () => isOurs });
        await pass(499);
        assert.ok(await isPending(answer));
        await pass(1);
        assertSilent(await answer);
      });
    }
  });

  it('is a stranger’s where no leader of ours is on record there, whoever holds it', async (t) => {
    const { answer, pass } = await asking(t, { holder: held(false), isOurs: () => false });
    await pass(500);
    const foreign = await answer;
    assertSilent(foreign);
    assert.ok(foreign.type === 'foreign');
    assert.match(
      foreign.error.message,
      /port 1 on memory is held by process 4711 \(node stranger.js\) of uid 1000/,
    );
  });

  it('is waited for where it may be ours', async (t) => {
    for (const isOurs of [true, undefined]) {
      await t.test(`on record: ${isOurs}`, async (t) => {
        const { answer, pass, lookups, abort } = await asking(t, {
          holder: held(false),
          isOurs: () => isOurs,
        });
        await pass(500);
        await pass(30_000);
        assert.ok(await isPending(answer));
        assert.equal(lookups(), 1);
        abort();
        assert.equal((await answer).type, 'gone');
      });
    }
  });

  it('is a stranger’s also where no connection comes about', async (t) => {
    const { answer, pass } = await asking(t, { holder: held(true), full: true, isOurs: () => true });
    await pass(500);
    assertSilent(await answer);
  });

  it('is not blamed for our own event loop', async (t) => {
    const { answer, pass, lookups } = await asking(t, { holder: held(true), isOurs: () => true });
    await pass(500, 51);
    assert.equal(lookups(), 0);
    await pass(499);
    assert.ok(await isPending(answer));
    await pass(1);
    assertSilent(await answer);
  });
});

describe('a port whose holder ends every connection', () => {
  it('is a stranger’s for certain where another user holds it', async (t) => {
    for (const isStranger of [true, false]) {
      await t.test(`another user: ${isStranger}`, async (t) => {
        const accept = (link: Link) => link.destroy();
        const network = memory();
        const listener = await network.listen(ADDRESS, accept);
        t.after(() => listener.close());
        const transport = { ...network, holder: async () => held(isStranger) };
        const { signal } = new AbortController();
        const patience = { connectTimeout: 60_000, heartbeatInterval: 60_000, isOurs: () => undefined };
        const answer = await askAt(ADDRESS, {
          transport,
          keys: [KEY],
          applicant: APPLICANT,
          signal,
          ...patience,
          ...LIMIT,
        });
        assert.ok(answer.type === 'foreign');
        assert.equal(Reflect.get(answer.error, 'certain') !== false, isStranger);
      });
    }
  });
});

describe('one of ours that has proved itself and then takes its time', () => {
  it('is not looked up', async (t) => {
    const hub = hubThat(WELCOME);
    let frames = 0;
    const accept = (link: Link) => {
      const write = link.write.bind(link);
      link.write = (buffers) => {
        frames += 1;
        return frames === 1 ? write(buffers) : true;
      };
      hub.accept(link);
    };
    const { answer, pass, lookups, abort } = await asking(t, {
      accept,
      holder: held(true),
      isOurs: () => false,
    });
    await pass(500);
    assert.ok(await isPending(answer));
    assert.equal(lookups(), 0);
    abort();
    assert.equal((await answer).type, 'gone');
  });
});
