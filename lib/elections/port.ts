import { setTimeout as sleep } from 'node:timers/promises';
import createDebug from 'debug';
import type { Answer, Candidate, Contact, Elected, Election } from '../election.js';
import { ClusterError } from '../errors.js';
import { isSameLeadership, type Leadership } from '../record.js';
import { type Address, formatAddress } from '../transport.js';

const debug = createDebug('cluster-client:election');

/**
 * How long a newcomer who may lead waits at a hub for another to lead: its process may just be about to. Who has
 * known the last leader does not wait: link() settles who is next. ms
 */
const VACANCY = 250;
/** Pauses between two rounds: double from the first to the last, with jitter. ms */
const MIN_PAUSE = 2;
const MAX_PAUSE = 250;
/** Who was replaced this long ago has found out. ms */
const RECENT = 1_000;
/** Whoever waits longer than this watches the record meanwhile. ms */
const SLOW = 50;
/** How long the standby has for taking over before the others run as well. ms */
const SUCCESSION = 50;
/** A hub that sends a newcomer on and on is not believed any more. */
const MAX_MOVES = 8;
/** So often in a row may a port be both taken and mute before it is somebody else's. */
const MAX_DEAD_ENDS = 10;

/**
 * The processes of a group race to bind the cluster port; the channel's record settles what the port alone
 * cannot: many channels, led by different processes. In each round:
 *
 *   1. Ask whom the record names. It leads: follow. It is leaving: claim the record, and lead once it has left.
 *   2. Bind the cluster port, if we may lead. Done: claim the record, lead.
 *   3. Taken: ask there. It leads: follow. It knows of no leader: wait a little; then listen elsewhere, claim the
 *      record, lead, and tell the hub, which sends everybody who waits there on to us.
 *
 * The claim is made for the number after the record that step 1 has found dead, or mute: who comes second starts
 * over. Whoever waits, for an answer or for the next round, is called by a change of the record.
 *
 * Who has a link to the leader's standby waits there first: the standby alone then runs for it, and the others need
 * neither bind nor dial.
 */
export function port(): Election {
  return {
    name: 'port',
    standsBy: true,
    elect: (candidate) => elect(candidate, { lead: true, follow: true }),
  };
}

type ElectedLeader = Extract<Elected, { role: 'leader' }>;

interface May {
  lead: boolean;
  follow: boolean;
}

/** One round: what was on record when it began, and whether that leader is mute. */
interface Round {
  may: May;
  before: Leadership | undefined;
  mute: boolean;
  /** How often in a row somebody has been met who closes without a word: a stranger, if often enough. */
  deadEnds: number;
}

/** The same steps for one who must lead, or must not. Throws ERR_CLUSTER_LEADER_EXISTS, ERR_CLUSTER_PORT_TAKEN … */
export async function elect(candidate: Candidate, may: May): Promise<Elected> {
  const { signal, channel } = candidate;
  let pause = MIN_PAUSE;
  let deadEnds = 0;
  const successor = await followStandby(candidate);
  if (successor) return successor;
  for (;;) {
    signal.throwIfAborted();
    const before = candidate.record.read();
    const answer = await tryRound(candidate, { may, before, mute: false, deadEnds });
    if ('role' in answer) return answer;
    if (answer.type === 'led') {
      if (may.follow) return { role: 'follower', contact: answer.contact };
      answer.contact.close();
      throw new ClusterError(
        'ERR_CLUSTER_LEADER_EXISTS',
        `create "${channel}" leader failed: another client leads it, and isLeader is true here`,
        { data: { channel } },
      );
    }
    if (answer.type === 'refused' || (answer.type === 'foreign' && isCertain(answer.error, deadEnds)))
      throw answer.error;
    if (answer.type === 'leaving') {
      const { contact } = answer;
      await whileRecorded(candidate, before, (called) => contact.news(Infinity, called));
      contact.close();
      pause = MIN_PAUSE;
      continue;
    }
    deadEnds = answer.type === 'foreign' ? deadEnds + 1 : 0;
    const isCalled = await whileRecorded(candidate, before, (called) =>
      sleep(pause * (0.5 + Math.random()), false, { signal: called }).catch(() => true),
    );
    pause = isCalled ? MIN_PAUSE : Math.min(pause * 2, MAX_PAUSE);
  }
}

async function followStandby({ standby, signal }: Candidate): Promise<Elected | undefined> {
  const news = await standby?.news(SUCCESSION, signal);
  if (news?.type === 'led') return { role: 'follower', contact: news.contact };
  standby?.close();
  return undefined;
}

async function tryRound(candidate: Candidate, round: Round): Promise<Elected | Answer> {
  const { before } = round;
  const recorded = before?.address;
  // Where the record names the very port that we would bind next, binding it tells as much as asking would.
  const [first] = candidate.clusterAddresses;
  const isBoundNext = mayLead(candidate, round) && first?.port === recorded?.port;
  if (!recorded || isBoundNext) return tryClusterPort(candidate, round);
  const answer = await askWhileRecorded(candidate, before, recorded);
  switch (answer.type) {
    case 'led':
    case 'refused':
      return answer;
    case 'leaving':
      return succeed(candidate, round, answer.contact);
    case 'mute':
      if (!mayReplace(candidate, round)) return answer;
      return tryClusterPort(candidate, { ...round, mute: true });
    case 'foreign':
      // Its link may just have broken: it is not dead for that. Who is met so again and again may be alive still.
      if (!isCertain(answer.error, 0) && round.deadEnds < MAX_DEAD_ENDS) return answer;
      return tryClusterPort(candidate, { ...round, mute: !isCertain(answer.error, 0) });
    case 'vacant':
      answer.contact.close();
  }
  return tryClusterPort(candidate, round);
}

function mayLead(candidate: Candidate, { may }: Round): boolean {
  return may.lead && !candidate.ledHere();
}

function mayReplace(candidate: Candidate, round: Round): boolean {
  return mayLead(candidate, round) && candidate.takeover && candidate.record.shared;
}

async function tryClusterPort(candidate: Candidate, round: Round): Promise<Elected | Answer> {
  const { before } = round;
  const { answer, address } = await reachClusterPort(candidate, mayLead(candidate, round), round);
  switch (answer.type) {
    case 'bound':
      return claim(candidate, round, address);
    case 'vacant':
      return waitAt(candidate, round, answer.contact);
    case 'leaving':
      return succeed(candidate, round, answer.contact);
    case 'mute': {
      if (!mayReplace(candidate, round)) return answer;
      // If it is not the one on record, it may lead other channels, but not ours.
      const mute = round.mute || before?.address?.port === address.port;
      return claim(candidate, { ...round, mute }, await candidate.listenAnywhere(), { hub: 'unknown' });
    }
    default:
      return answer;
  }
}

/** Takes over from a leader that is closing: all is prepared for the moment in which its real client is closed. */
async function succeed(candidate: Candidate, round: Round, predecessor: Contact): Promise<Elected | Answer> {
  if (!mayLead(candidate, round) || !candidate.record.shared)
    return { type: 'leaving', contact: predecessor };
  const address = await candidate.listenAnywhere();
  const elected = claim(candidate, round, address, { hub: 'unknown' });
  if ('role' in elected) return { ...elected, succession: departure(candidate, round, predecessor) };
  predecessor.close();
  return elected;
}

/** Resolves when the leader before has closed its real client, or the candidate's signal is aborted. */
async function departure(candidate: Candidate, { before }: Round, predecessor: Contact): Promise<void> {
  const { signal } = candidate;
  const { address } = before ?? {};
  for (let contact = predecessor; ; ) {
    const news = await contact.news(Infinity, signal);
    contact.close();
    if (!address || signal.aborted || (news?.type === 'gone' && news.left)) return;
    // The link broke: that is not its word.
    const answer = await candidate.ask(address);
    if (answer.type === 'leaving') {
      contact = answer.contact;
    } else {
      if (answer.type === 'led' || answer.type === 'vacant') answer.contact.close();
      if (answer.type !== 'foreign' || isCertain(answer.error, 0)) return;
      await sleep(MIN_PAUSE, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Asks at an address and, where it is sent on, there. */
async function ask(candidate: Candidate, address: Address, signal?: AbortSignal): Promise<Answer> {
  let answer = await candidate.ask(address, signal);
  for (let moves = 0; answer.type === 'moved'; moves += 1) {
    if (moves === MAX_MOVES) return { type: 'gone' };
    answer = await candidate.ask(answer.address, signal);
    // Only the hub that we asked first is one to wait at.
    if (answer.type === 'vacant') {
      answer.contact.close();
      return { type: 'gone' };
    }
  }
  return answer;
}

/** The same; `gone` where somebody else has claimed the channel meanwhile. */
function askWhileRecorded(
  candidate: Candidate,
  before: Leadership | undefined,
  address: Address,
): Promise<Answer> {
  return whileRecorded(candidate, before, (called) => ask(candidate, address, called), address);
}

/**
 * Waits, with a signal that is aborted once the record is not `before` any more; also with the candidate's.
 * @param asked where the answer is waited for: who is recorded there is the one to give it.
 */
async function whileRecorded<T>(
  candidate: Candidate,
  before: Leadership | undefined,
  wait: (signal: AbortSignal) => Promise<T>,
  asked?: Address,
): Promise<T> {
  const { record, signal } = candidate;
  const changed = new AbortController();
  let stop = () => {};
  const look = () => {
    try {
      const newest = record.read();
      const isAsked = asked !== undefined && newest?.address?.port === asked.port;
      if (!isSameLeadership(newest, before) && !isAsked) changed.abort();
    } catch (error) {
      debug('%s: %s', candidate.channel, (error as Error).message);
    }
  };
  const start = () => {
    stop = record.watch(look);
    look();
  };
  // A watch costs more than most answers take.
  const timer = setTimeout(start, SLOW);
  try {
    return await wait(AbortSignal.any([signal, changed.signal]));
  } finally {
    clearTimeout(timer);
    stop();
  }
}

interface Reached {
  address: Address;
  answer: { type: 'bound' } | Answer;
}

/** Binds the first cluster port that is not a stranger's, or asks there. */
async function reachClusterPort(
  candidate: Candidate,
  bind: boolean,
  { before, mute, deadEnds }: Round,
): Promise<Reached> {
  const [first] = candidate.clusterAddresses;
  let reached: Reached = { address: first as Address, answer: { type: 'gone' } };
  for (const address of candidate.clusterAddresses) {
    if (bind && (await candidate.listen(address))) return { address, answer: { type: 'bound' } };
    const isKnown = mute && before?.address?.port === address.port;
    const answer: Answer = isKnown ? { type: 'mute' } : await askWhileRecorded(candidate, before, address);
    debug('%s: %s answers %s', candidate.channel, formatAddress(address), answer.type);
    reached = { address, answer };
    // At a stranger's port the group is not, but at the next one. Nor is it, for one who does not bind, where
    // nobody listens; who does bind has met a holder that is just going, and finds the port free next time.
    const isStranger = answer.type === 'foreign' && isCertain(answer.error, deadEnds);
    if (!isStranger && (bind || answer.type !== 'gone')) break;
  }
  return reached;
}

/**
 * For one who leads from another port than newcomers ask first: takes that one when its holder, at the other end of
 * `hub`, has gone, or has woken up and found that it was replaced. Until then whoever holds it knows who leads.
 * Ends when the signal is aborted.
 */
export async function inheritClusterPort(
  candidate: Candidate,
  leadership: Leadership,
  hub: Contact | 'unknown',
): Promise<void> {
  const { signal, record } = candidate;
  let contact = hub === 'unknown' ? undefined : hub;
  let pause = MIN_PAUSE;
  for (let deadEnds = 0; ; ) {
    await contact?.news(Infinity, signal);
    contact?.close();
    contact = undefined;
    if (signal.aborted) return;
    const round = { may: { lead: true, follow: true }, before: leadership, mute: false, deadEnds };
    const { answer, address } = await reachClusterPort(candidate, true, round);
    switch (answer.type) {
      case 'bound':
        // The same leader under the same epoch, so that whoever loses it looks there first.
        record.claim(leadership, { ...leadership, address }, true);
        return;
      case 'vacant':
        contact = answer.contact;
        contact.announce(leadership);
        pause = MIN_PAUSE;
        continue;
      case 'led':
      case 'leaving':
        answer.contact.close();
        return;
      case 'foreign':
        if (isCertain(answer.error, deadEnds)) return;
        deadEnds += 1;
        break;
      case 'gone':
      case 'mute':
        deadEnds = 0;
        break;
      default:
        return;
    }
    await sleep(pause, undefined, { signal });
    pause = Math.min(pause * 2, MAX_PAUSE);
  }
}

async function waitAt(candidate: Candidate, round: Round, hub: Contact): Promise<Elected | Answer> {
  const { may, before, mute } = round;
  const canLead = may.lead && candidate.record.shared;
  const isNewcomer = candidate.epoch === 0 && !mute;
  const patience = canLead ? (may.follow && isNewcomer ? VACANCY : 0) : Infinity;
  const news = await whileRecorded(candidate, before, (called) => hub.news(patience, called));
  if (news?.type === 'moved') return ask(candidate, news.address);
  if (news) return news;
  if (!canLead || candidate.signal.aborted || candidate.ledHere()) {
    hub.close();
    return { type: 'gone' };
  }
  const elected = claim(candidate, round, await candidate.listenAnywhere(), { hub });
  if ('role' in elected) hub.announce(elected.leadership);
  else hub.close();
  return elected;
}

/** `gone`: another process was faster, or another client of this one. */
function claim(
  candidate: Candidate,
  { before, mute }: Round,
  address: Address,
  elsewhere: Pick<ElectedLeader, 'hub'> = {},
): ElectedLeader | { type: 'gone' } {
  const { record, epoch, channel } = candidate;
  if (candidate.ledHere() || !isSameLeadership(record.read(), before)) return { type: 'gone' };
  // Epochs are times: one who replaced a mute leader and is gone already has not given it the moment that it needs.
  const isHandedOn = before?.replaces === true && Date.now() - before.epoch < RECENT;
  const next = {
    epoch: Math.max((before?.epoch ?? 0) + 1, epoch + 1, Date.now()),
    address,
    pid: process.pid,
    ...((mute || isHandedOn) && { replaces: true }),
  };
  const claimedAt = performance.now();
  const leadership = record.claim(before, next, elsewhere.hub === undefined);
  if (!leadership) return { type: 'gone' };
  debug('%s: leading from %s under epoch %d', channel, formatAddress(address), leadership.epoch);
  return { role: 'leader', leadership, claimedAt, ...elsewhere };
}

/** A peer that closes without a word may be a hub that is just going; every other stranger is certain. */
function isCertain(error: Error, deadEnds: number): boolean {
  return deadEnds >= MAX_DEAD_ENDS || !('certain' in error && error.certain === false);
}
