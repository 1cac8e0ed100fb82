import { setTimeout as sleep } from 'node:timers/promises';
import createDebug from 'debug';
import type { Answer, Candidate, Contact, Elected, Election } from '../election.js';
import { ClusterError } from '../errors.js';
import type { Leadership } from '../record.js';
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
/** A hub that sends a newcomer on and on is not believed any more. */
const MAX_MOVES = 8;
/** So often in a row may a port be both taken and mute before it is somebody else's. */
const MAX_DEAD_ENDS = 10;

/**
 * The processes of a group race to bind the cluster port; the channel's record settles what the port alone
 * cannot: many channels, led by different processes. In each round:
 *
 *   1. Ask whom the record names. It leads: follow. It is leaving: wait until it has left.
 *   2. Bind the cluster port, if we may lead. Done: claim the record, lead.
 *   3. Taken: ask there. It leads: follow. It knows of no leader: wait a little; then listen elsewhere, claim the
 *      record, lead, and tell the hub, which sends everybody who waits there on to us.
 *
 * The claim is made for the number after the record that step 1 has found dead, or mute: who comes second starts
 * over. Whoever waits, for an answer or for the next round, is called by a change of the record.
 */
export function port(): Election {
  return { name: 'port', elect: (candidate) => elect(candidate, { lead: true, follow: true }) };
}

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
      await answer.contact.news(Infinity, signal);
      answer.contact.close();
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

async function tryRound(candidate: Candidate, round: Round): Promise<Elected | Answer> {
  const { before } = round;
  const recorded = before?.address && (await askWhileRecorded(candidate, before, before.address));
  switch (recorded?.type) {
    case 'led':
    case 'refused':
    case 'leaving':
      return recorded;
    case 'mute':
      if (!mayReplace(candidate, round)) return recorded;
      debug('%s: %s is mute', candidate.channel, formatAddress(before?.address as Address));
      return tryClusterPort(candidate, { ...round, mute: true });
    case 'vacant':
      recorded.contact.close();
  }
  return tryClusterPort(candidate, round);
}

function mayReplace({ takeover, record }: Candidate, { may }: Round): boolean {
  return may.lead && takeover && record.shared;
}

async function tryClusterPort(candidate: Candidate, round: Round): Promise<Elected | Answer> {
  const { may } = round;
  const reached = await reachClusterPort(candidate, may.lead && !candidate.ledHere(), round);
  switch (reached.type) {
    case 'bound':
      return claim(candidate, round, reached.address, undefined);
    case 'vacant':
      return waitAt(candidate, round, reached.contact);
    case 'mute':
      // It may lead other channels. Ours it does not lead, or not any more: that was looked at before.
      if (!mayReplace(candidate, round) || candidate.ledHere()) return reached;
      return claim(candidate, round, await candidate.listenAnywhere(), 'mute');
    default:
      return reached;
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
  return whileRecorded(candidate, before, (called) => ask(candidate, address, called));
}

/**
 * Waits, with a signal that is aborted once the record is not `before` any more; also with the candidate's.
 */
async function whileRecorded<T>(
  candidate: Candidate,
  before: Leadership | undefined,
  wait: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { record, signal } = candidate;
  const changed = new AbortController();
  let stop = () => {};
  const look = () => {
    try {
      if (record.read()?.n !== before?.n) changed.abort();
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

/** Binds the first cluster port that is not a stranger's, or asks there. */
async function reachClusterPort(
  candidate: Candidate,
  bind: boolean,
  { before, mute, deadEnds }: Round,
): Promise<{ type: 'bound'; address: Address } | Answer> {
  let answer: Answer = { type: 'gone' };
  for (const address of candidate.clusterAddresses) {
    if (bind && (await candidate.listen(address))) return { type: 'bound', address };
    const isKnown = mute && before?.address?.port === address.port;
    answer = isKnown ? { type: 'mute' } : await askWhileRecorded(candidate, before, address);
    debug('%s: %s answers %s', candidate.channel, formatAddress(address), answer.type);
    // At a stranger's port the group is not, but at the next one. Nor is it, for one who does not bind, where
    // nobody listens; who does bind has met a holder that is just going, and finds the port free next time.
    const isStranger = answer.type === 'foreign' && isCertain(answer.error, deadEnds);
    if (!isStranger && (bind || answer.type !== 'gone')) return answer;
  }
  return answer;
}

/**
 * For one who leads from another port than newcomers ask first: takes that one when its holder, at the other end of
 * `hub`, has gone, or has woken up and found that it was replaced. Until then whoever holds it knows who leads.
 * Ends when the signal is aborted.
 */
export async function inheritClusterPort(
  candidate: Candidate,
  leadership: Leadership,
  hub: Contact | 'mute',
): Promise<void> {
  const { signal } = candidate;
  let contact = hub === 'mute' ? undefined : hub;
  let pause = MIN_PAUSE;
  for (let deadEnds = 0; ; ) {
    await contact?.news(Infinity, signal);
    contact?.close();
    contact = undefined;
    if (signal.aborted) return;
    const may = { lead: true, follow: true };
    const reached = await reachClusterPort(candidate, true, {
      may,
      before: leadership,
      mute: false,
      deadEnds,
    });
    if (reached.type === 'vacant') {
      contact = reached.contact;
      contact.announce(leadership);
      pause = MIN_PAUSE;
      continue;
    }
    if (reached.type === 'led' || reached.type === 'leaving') reached.contact.close();
    const isStranger = reached.type === 'foreign' && isCertain(reached.error, deadEnds);
    if (isStranger || !['gone', 'mute', 'foreign'].includes(reached.type)) return;
    deadEnds = reached.type === 'foreign' ? deadEnds + 1 : 0;
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
  const elected =
    canLead && !candidate.signal.aborted && !candidate.ledHere()
      ? claim(candidate, round, await candidate.listenAnywhere(), hub)
      : undefined;
  if (elected === undefined || !('role' in elected)) {
    hub.close();
    return { type: 'gone' };
  }
  hub.announce(elected.leadership);
  return elected;
}

/** `gone`: another process was faster, or another client of this one. */
function claim(
  candidate: Candidate,
  { before, mute }: Round,
  address: Address,
  hub: Contact | 'mute' | undefined,
): Extract<Elected, { role: 'leader' }> | { type: 'gone' } {
  const { record, epoch, channel } = candidate;
  if (candidate.ledHere() || record.read()?.n !== before?.n) return { type: 'gone' };
  // Epochs are times: one who replaced a mute leader and is gone already has not given it the moment that it needs.
  const isHandedOn = before?.replaces === true && Date.now() - before.epoch < RECENT;
  const next = {
    epoch: Math.max((before?.epoch ?? 0) + 1, epoch + 1, Date.now()),
    address,
    pid: process.pid,
    ...((mute || isHandedOn) && { replaces: true }),
  };
  const leadership = record.claim(before, next, hub === undefined);
  if (!leadership) return { type: 'gone' };
  debug('%s: leading from %s under epoch %d', channel, formatAddress(address), leadership.epoch);
  return { role: 'leader', leadership, ...(hub && { hub }) };
}

/** A peer that closes without a word may be a hub that is just going; every other stranger is certain. */
function isCertain(error: Error, deadEnds: number): boolean {
  return deadEnds >= MAX_DEAD_ENDS || !('certain' in error && error.certain === false);
}
