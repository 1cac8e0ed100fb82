import type { ChannelIdentity } from './channel-identity.js';
import { askAt } from './contact.js';
import type { Candidate, Contact } from './election.js';
import type { Hub } from './hub.js';
import type { ResolvedOptions } from './options.js';
import { clock } from './transit.js';

export interface CandidateSettings {
  options: ResolvedOptions;
  identity: ChannelIdentity;
  /** Highest epoch of the channel that this process has seen. */
  epoch: number;
  signal: AbortSignal;
  /** In whose name the hub keeps a port that is bound for what may become a leader; `hub.letGo` ends that. */
  holder: object;
  /** Link to the process that would lead next. */
  standby?: Contact | undefined;
}

/** What an election may do: through the hub of this process, so that its clients do not get in each other's way. */
export function createCandidate(hub: Hub, settings: CandidateSettings): Candidate {
  const { options, identity, epoch, signal, holder, standby } = settings;
  const { channel } = identity;
  const record = hub.record(channel);
  return {
    channel: identity.name,
    signal,
    clusterAddresses: hub.clusterAddresses,
    epoch,
    takeover: options.takeover,
    standby,
    record: {
      ...record,
      claim: (after, next, alone) => {
        const won = record.claim(after, next, alone);
        if (won) hub.reserve(channel);
        return won;
      },
    },
    ledHere: () => hub.leads(channel),
    listen: (address) => {
      hub.hold(holder);
      return hub.listen(address);
    },
    listenAnywhere: () => {
      hub.hold(holder);
      return hub.listenAnywhere();
    },
    ask: (address, until = signal) =>
      askAt(address, {
        ...options,
        codec3x: options.interop && options.codec,
        keys: hub.keys,
        isOurs: () => hub.knows(address),
        signal: until,
        applicant: {
          ...identity,
          pid: process.pid,
          epoch: Math.max(epoch, record.read()?.epoch ?? 0),
          runtime: hub.runtime.id,
          mayLead: options.isLeader !== false,
          sentAt: clock(),
          codecs: [options.codec.name],
        },
      }),
  };
}
