// Who is asked. Limits show what loopback TCP can do; peers do the job in other ways.

export const OURS = 'cluster-client';
export const LIMITS = ['raw', 'rawjson'];
export const PEERS = ['cluster-client-3', 'ipc', 'messenger', 'grpc', 'zeromq'];
export const ALL = [OURS, ...LIMITS, ...PEERS];
