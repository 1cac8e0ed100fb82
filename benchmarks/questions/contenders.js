// Who is asked. Limits show what loopback TCP can do; peers do the job in other ways.

export const OURS = 'cluster-client';
export const LIMITS = ['raw', 'rawjson'];
export const PEERS = ['cluster-client-3', 'ipc', 'messenger', 'grpc', 'zeromq'];
export const ALL = [OURS, ...LIMITS, ...PEERS];

/** Of the same contenders, where some take too long for a quick run. */
export const allButQuick = (names, ...slow) =>
  names.map((name) => ({ name, contender: name, isLong: slow.includes(name) }));
