import { setTimeout as sleep } from 'node:timers/promises';
import createDebug from 'debug';
import type { Answer, Candidate, Contact, Elected, Election } from '../election.js';
import { ClusterError } from '../errors.js';
import type { Leadership } from '../record.js';
import { type Address, formatAddress } from '../transport.js';

const debug = createDebug('cluster-client:election');

/** How long one who may lead waits at a hub for another to lead: its process may just be about to. ms */
const VACANCY = 250;
/** Pauses between two rounds: double from the first to the last, with jitter. ms */
const MIN_PAUSE = 2;
const MAX_PAUSE = 250;
/** A hub that sends a newcomer on and on is not believed any more. */
const MAX_MOVES = 8;
/** So often in a row may a port be both taken and mute before it is somebody else's. */
const MAX_DEAD_ENDS = 10;

/**
 * The processes of a group race to bind the cluster port; the channel's record settles what the port alone
 * cannot: many channels, led by different processes. In each round:
 *
 *   1. Ask whom the record names. It leads: follow.
 *   2. Bind the cluster port, if we may lead. Done: claim the record, lead.
 *   3. Taken: ask there. It leads: follow. It knows of no leader: wait a little; then listen elsewhere, claim the
 *      record, lead, and tell the hub, which sends everybody who waits there on to us.
 *
 * The claim is made for the number after the record that step 1 has found dead; who comes second starts over.
 */
export function port(): Election {
  return { name: 'port', elect: (candidate) => elect(candidate, { lead: true, follow: true }) };
}

interface May {
  lead: boolean;
  follow: boolean;
}

/** The same steps for one who must lead, or must not. Throws ERR_CLUSTER_LEADER_EXISTS, ERR_CLUSTER_PORT_TAKEN … */
export async function elect(candidate: Candidate, may: May): Promise<Elected> {
  const { signal, channel } = candidate;
  let pause = MIN_PAUSE;
  let deadEnds = 0;
  for (;;) {
    signal.throwIfAborted();
    const before = candidate.record.read();
    const recorded = before?.address && (await ask(candidate, before.address));
    if (recorded?.type === 'vacant') recorded.contact.close();
    const settled = recorded?.type === 'led' || recorded?.type === 'refused';
    const round = settled ? recorded : await tryClusterPort(candidate, before, may, deadEnds);
    if ('role' in round) return round;
    if (round.type === 'led') {
      if (may.follow) return { role: 'follower', contact: round.contact };
      round.contact.close();
      throw new ClusterError(
        'ERR_CLUSTER_LEADER_EXISTS',
        `create "${channel}" leader failed: another client leads it, and isLeader is true here`,
        { data: { channel } },
      );
    }
    if (round.type === 'refused' || (round.type === 'foreign' && isCertain(round.error, deadEnds)))
      throw round.error;
    deadEnds = round.type === 'foreign' ? deadEnds + 1 : 0;
    await sleep(pause * (0.5 + Math.random()), undefined, { signal });
    pause = Math.min(pause * 2, MAX_PAUSE);
  }
}

/** Asks at an address and, where it is sent on, there. */
async function ask(candidate: Candidate, address: Address): Promise<Answer> {
  let answer = await candidate.ask(address);
  for (let moves = 0; answer.type === 'moved'; moves += 1) {
    if (moves === MAX_MOVES) return { type: 'gone' };
    answer = await candidate.ask(answer.address);
    // Only the hub that we asked first is one to wait at.
    if (answer.type === 'vacant') {
      answer.contact.close();
      return { type: 'gone' };
    }
  }
  return answer;
}

async function tryClusterPort(
  candidate: Candidate,
  before: Leadership | undefined,
  may: May,
  deadEnds: number,
): Promise<Elected | Answer> {
  const reached = await reachClusterPort(candidate, may.lead && !candidate.ledHere(), deadEnds);
  if (reached.type === 'vacant') return waitAt(candidate, before, may, reached.contact);
  if (reached.type !== 'bound') return reached;
  return claim(candidate, before, reached.address) ?? { type: 'gone' };
}

/**
 * Binds the first cluster port that is not a stranger's, or asks there.
 * @param deadEnds how often in a row somebody has been met who closes without a word: a stranger, if often enough.
 */
async function reachClusterPort(
  candidate: Candidate,
  bind: boolean,
  deadEnds: number,
): Promise<{ type: 'bound'; address: Address } | Answer> {
  let answer: Answer = { type: 'gone' };
  for (const address of candidate.clusterAddresses) {
    if (bind && (await candidate.listen(address))) return { type: 'bound', address };
    answer = await ask(candidate, address);
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
 * `hub`, has gone. Until then whoever holds it knows who leads. Ends when the signal is aborted.
 */
export async function inheritClusterPort(
  candidate: Candidate,
  leadership: Leadership,
  hub: Contact,
): Promise<void> {
  const { signal } = candidate;
  let contact: Contact | undefined = hub;
  let pause = MIN_PAUSE;
  for (let deadEnds = 0; ; ) {
    await contact?.news(Infinity, signal);
    contact?.close();
    contact = undefined;
    if (signal.aborted) return;
    const reached = await reachClusterPort(candidate, true, deadEnds);
    if (reached.type === 'vacant') {
      contact = reached.contact;
      contact.announce(leadership);
      pause = MIN_PAUSE;
      continue;
    }
    if (reached.type === 'led') reached.contact.close();
    const isGoing =
      reached.type === 'gone' || (reached.type === 'foreign' && !isCertain(reached.error, deadEnds));
    if (!isGoing) return;
    deadEnds = reached.type === 'foreign' ? deadEnds + 1 : 0;
    await sleep(pause, undefined, { signal });
    pause = Math.min(pause * 2, MAX_PAUSE);
  }
}

async function waitAt(
  candidate: Candidate,
  before: Leadership | undefined,
  may: May,
  hub: Contact,
): Promise<Elected | Answer> {
  const canLead = may.lead && candidate.record.shared;
  const patience = canLead ? (may.follow ? VACANCY : 0) : Infinity;
  const news = await hub.news(patience, candidate.signal);
  if (news?.type === 'moved') return ask(candidate, news.address);
  if (news) return news;
  const elected =
    !candidate.signal.aborted &&
    !candidate.ledHere() &&
    claim(candidate, before, await candidate.listenAnywhere());
  if (!elected) {
    hub.close();
    return { type: 'gone' };
  }
  hub.announce(elected.leadership);
  return { ...elected, hub };
}

/** Undefined: another process was faster, or another client of this one. */
function claim(
  candidate: Candidate,
  before: Leadership | undefined,
  address: Address,
): Extract<Elected, { role: 'leader' }> | undefined {
  const { record, epoch, channel } = candidate;
  if (candidate.ledHere() || record.read()?.n !== before?.n) return undefined;
  const leadership = record.claim(before, {
    epoch: Math.max((before?.epoch ?? 0) + 1, epoch + 1, Date.now()),
    address,
    pid: process.pid,
  });
  if (!leadership) return undefined;
  debug('%s: leading from %s under epoch %d', channel, formatAddress(address), leadership.epoch);
  return { role: 'leader', leadership };
}

/** A peer that closes without a word may be a hub that is just going; every other stranger is certain. */
function isCertain(error: Error, deadEnds: number): boolean {
  return deadEnds >= MAX_DEAD_ENDS || !('certain' in error && error.certain === false);
}
