// What `require('cluster-client')` gives: the function `cluster`, with every other export as a property.
import * as api from './exports.js';

const entry = Object.assign(api.cluster, api, { default: api.cluster });

namespace entry {
  export type APIClientBase<Options extends api.APIClientOptions = api.APIClientOptions> =
    api.APIClientBase<Options>;
  export type APIClientOptions = api.APIClientOptions;
  export type Address = api.Address;
  export type CallContext = api.CallContext;
  export type Candidate = api.Candidate;
  export type ClientClass = api.ClientClass;
  export type ClientMembers = api.ClientMembers;
  export type ClusterBuilder<
    C extends api.ClientClass,
    D = unknown,
    O = unknown,
    Auto extends boolean = true,
  > = api.ClusterBuilder<C, D, O, Auto>;
  export type ClusterClient<T, D = unknown, O = unknown, Auto extends boolean = true> = api.ClusterClient<
    T,
    D,
    O,
    Auto
  >;
  export type ClusterError = api.ClusterError;
  export type ClusterFactory = api.ClusterFactory;
  export type ClusterOptions = api.ClusterOptions;
  export type ClusterStatus = api.ClusterStatus;
  export type Codec = api.Codec;
  export type DelegateTarget = api.DelegateTarget;
  export type Elected = api.Elected;
  export type Election = api.Election;
  export type InvokeOptions = api.InvokeOptions;
  export type Link = api.Link;
  export type LinkHandlers = api.LinkHandlers;
  export type Listener = api.Listener;
  export type Logger = api.Logger;
  export type ResolvedOptions = api.ResolvedOptions;
  export type SessionState = api.SessionState;
  export type Transcode = api.Transcode;
  export type Transport = api.Transport;
}

export = entry;
