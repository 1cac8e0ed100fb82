import assert from 'node:assert/strict';
import { it } from 'node:test';
import { serializeJson } from '../../protocol/codecs/serialize-json.js';
import { Type } from '../../protocol/constants.js';
import { decode } from '../../protocol/dialects/v2.js';
import { changed, type Frame } from '../../protocol/frame.js';
import type { Authenticate } from '../../protocol/message.js';
import { heard, isGoodbye, MAX_FRAME_BYTES, VIOLATIONS } from './heard.js';
import { ADDRESS, CHANNEL, type HubWorld, hubWorld, RUNTIME } from './hub-world.js';
import { fuzz, PATIENCE, shared, soon, turns } from './runs.js';
import { type Attack, attack, KEY, MAC, Stranger } from './stranger.js';
import { mac, read } from './wire.js';

/** What one is told who has not proved itself. */
const TOLD = [
  'ERR_CLUSTER_PROTOCOL',
  'ERR_CLUSTER_FRAME_TOO_LARGE',
  'ERR_CLUSTER_PEER_VERSION',
  'ERR_CLUSTER_AUTH',
];
/** What the leader's real client is asked for. */
const ACTS: readonly number[] = [Type.invoke, Type.subscribe, Type.publish];
/** Frame 1, frame 3, and so many that may wait behind it. */
const MAX_WAITING = 18;

/** Types of the answers that the hub gives one who has said this. */
function outcomeOf({ runtime, channel, name, settings, codecs, mayLead, isStrict }: Authenticate): string {
  if (runtime !== RUNTIME) return 'refused';
  if (channel === CHANNEL) {
    if (isStrict && settings.length > 0) return 'refused';
    return codecs.includes('msgpack') ? 'welcome' : 'refused';
  }
  return name === CHANNEL && !mayLead ? 'refused' : 'parked';
}

/** Whose first frame it is, if it is one. */
type Hello = '4' | '3.x' | undefined;

function helloOf({ version, connection }: Frame): Hello {
  try {
    const { type, channelName, v2 } = JSON.parse(String(connection));
    if (version !== 1 || type !== 'register_channel' || typeof channelName !== 'string') return undefined;
    if (v2 === undefined) return '3.x';
    const isNonce = typeof v2.nonce === 'string' && Buffer.from(v2.nonce, 'base64').length === 32;
    return isNonce && Array.isArray(v2.versions) && v2.versions.includes(2) ? '4' : undefined;
  } catch {
    return undefined;
  }
}

/** All that the stranger has done; at the end its link is closed, by whom ever. */
async function play({ network }: HubWorld, { begin, nonce, steps, sizes, leave }: Attack) {
  const stranger = new Stranger(await network.dial(ADDRESS, 1000));
  await stranger.begin(begin, nonce, sizes);
  for (const step of steps) {
    if (step.do === 'prove') stranger.prove(step, sizes);
    else if (step.do === 'send') stranger.send(step.bytes, sizes);
    else await turns(3);
  }
  await turns(6);
  const { ear, proof, sent } = stranger;
  const isClosed = ear.closes.length > 0;
  if (!isClosed) stranger.leave(leave);
  await soon(() => ear.closes.length > 0, 'the link is closed');
  await turns(4);
  return { isClosed, proof, sent, ...heard(ear) };
}

type Played = Awaited<ReturnType<typeof play>>;

/** The real client is asked only for what is delegated, by one who follows it, and for nothing after its goodbye. */
function checkAsked(asked: readonly string[], { proof, sent }: Played): void {
  const said = read(sent, [MAX_FRAME_BYTES]).frames;
  const leaving = said.findIndex(isGoodbye);
  const acts = said.slice(0, leaving < 0 ? said.length : leaving).filter(({ type }) => ACTS.includes(type));
  const isFollower = proof && outcomeOf(proof.said) === 'welcome';
  assert.ok(asked.length <= (isFollower ? acts.length : 0), `asked for ${asked}`);
  assert.ok(
    asked.every((what) => ['get', 'subscribe', 'publish'].includes(what)),
    `asked for ${asked}`,
  );
}

/** Of one who has proved itself: it is answered. */
async function checkProved({ waiting }: HubWorld, { proof, sent, frames, goodbye, isClosed }: Played) {
  const [, frame4] = frames;
  assert.ok(proof && frame4);
  const [sealed, body] = [frame4.connection.subarray(0, MAC), frame4.connection.subarray(MAC)];
  assert.ok(sealed.equals(mac(KEY, 'welcome', proof.mac, Buffer.of(frame4.type), body)), 'the seal');
  const outcome = decode(changed(frame4, { connection: body }))?.type;
  assert.equal(outcome, outcomeOf(proof.said));
  const codes = outcome === 'refused' ? ['ERR_CLUSTER_CLOSED', ...VIOLATIONS] : VIOLATIONS;
  const isLeaving = read(sent, [MAX_FRAME_BYTES]).frames.some(isGoodbye);
  if (isClosed && !isLeaving) assert.ok(codes.includes(goodbye?.code ?? ''), goodbye?.code ?? 'silence');
  assert.ok(isClosed || outcome !== 'refused', 'refused and kept');
  if (outcome === 'parked') assert.equal(await waiting(proof.said.channel), 0);
}

/** Of a follower of 3.x: it is told so in its own words, and kept, unless it broke the rules. */
function checkRefused3x({ sent, frames, goodbye, isClosed }: Played): void {
  const said = read(sent, [4096]);
  // None but the first is asked for.
  const isBroken = said.faults.length > 0 || said.frames.length >= MAX_WAITING;
  assert.ok(isBroken || !isClosed, 'closed: it would come again at once');
  assert.equal(frames.length, goodbye ? 0 : 1);
  if (goodbye) assert.deepEqual([isBroken, TOLD.includes(goodbye.code), goodbye.reason], [true, true, '']);
  for (const { version, application } of frames) {
    const { error } = serializeJson().decode(application) as { error: { code: string } };
    assert.deepEqual([version, error.code], [1, 'ERR_CLUSTER_PEER_VERSION']);
  }
}

/** Of anybody else: it gets a challenge at most, and a code. */
function checkStranger(hello: Hello, { proof, sent, frames, goodbye, isClosed }: Played): void {
  const said = read(sent, [4096]);
  const isChallenged = frames.length > 0;
  assert.ok(
    frames.length <= 1 && frames.every(({ type }) => type === Type.challenge),
    'more than a challenge',
  );
  assert.ok(!isChallenged || hello === '4', 'a challenge to no first frame');
  if (goodbye) assert.deepEqual([TOLD.includes(goodbye.code), goodbye.reason], [true, ''], goodbye.code);
  // What broke the rules, or was a goodbye, in the same moment as the proof came before the answer.
  const isLeaving = proof && said.frames.some(isGoodbye);
  const isBroken = said.faults.length > 0 || said.frames.length > MAX_WAITING;
  assert.ok(!proof || isLeaving || isBroken, 'proved, and not answered');
  // It is closed with a word, or it waits for what may still become a handshake.
  if (isClosed) assert.ok(goodbye || isLeaving, 'closed without a word');
  else assert.ok(said.faults.length === 0 && said.frames.length === frames.length, 'not closed');
}

async function check(world: HubWorld, attack: Attack): Promise<void> {
  const { hub, channel, asked, serves } = world;
  const before = { ...hub.refusals };
  const played = await play(world, attack);
  const isAnswered = played.proof && played.frames.length > 1;
  const [first] = read(played.sent, [4096]).frames;
  const hello = first && helloOf(first);
  if (isAnswered) await checkProved(world, played);
  else if (hello === '3.x') checkRefused3x(played);
  else checkStranger(hello, played);
  checkAsked(asked.splice(0), played);
  assert.deepEqual(hub.refusals, { ...before, strangers: before.strangers + (played.proof ? 0 : 1) });
  await soon(() => channel.followers === 1, 'nobody is kept');
  await soon(() => channel.options.backend.topics.size === 0, 'no subscription is kept');
  await serves();
}

it('a hub is harmed by nobody, in no state of the handshake', PATIENCE, async (t) => {
  const { property, end } = shared(hubWorld, attack, check, ({ end }) => end());
  await fuzz(t, 'hub', property);
  await end();
});
