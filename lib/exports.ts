// Everything public, by name; index.ts and index.cts say how it is imported and required.

import { addMembersOf3x } from './compat/members.js';

export type { Codec } from '../protocol/codec.js';
export { ClusterError } from '../protocol/errors.js';
export { APIClientBase, type APIClientOptions, type ClusterFactory } from './api-client.js';
export { ClusterBuilder, cluster } from './builder.js';
export { type CallContext, callContext } from './call-context.js';
export { type InvokeOptions, invoke, status, watch, watchStatus } from './client.js';
export { close } from './compat/close.js';
export type { Candidate, Elected, Election } from './election.js';
export type { ClusterOptions, Logger, ResolvedOptions, Transcode } from './options.js';
export type { ClusterStatus, SessionState } from './status.js';
export type { Address, Link, LinkHandlers, Listener, Transport } from './transport.js';
export type { ClientClass, ClientMembers, ClusterClient, DelegateTarget } from './types.js';

addMembersOf3x();
