// `cluster-client/lib/symbol` of 3.x: names of what its clients keep from their users. Any copy of the package has
// the same. members.ts says which of them our clients answer to.

export const init = Symbol.for('ClusterClient#init');
export const logger = Symbol.for('ClusterClient#logger');
export const isReady = Symbol.for('ClusterClient#isReady');
export const innerClient = Symbol.for('ClusterClient#innerClient');
export const subscribe = Symbol.for('ClusterClient#subscribe');
export const unSubscribe = Symbol.for('ClusterClient#unSubscribe');
export const publish = Symbol.for('ClusterClient#publish');
export const invoke = Symbol.for('ClusterClient#invoke');
export const subInfo = Symbol.for('ClusterClient#subInfo');
export const pubInfo = Symbol.for('ClusterClient#pubInfo');
export const closeHandler = Symbol.for('ClusterClient#closeHandler');
export const close = Symbol.for('ClusterClient#close');
export const subscribeMethodName = Symbol.for('ClusterClient#subscribeMethodName');
export const unSubscribeMethodName = Symbol.for('ClusterClient#unSubscribeMethodName');
export const publishMethodName = Symbol.for('ClusterClient#publishMethodName');
export const closeByUser = Symbol.for('ClusterClient#closeByUser');
export const singleMode = Symbol.for('ClusterClient#singleMode');
export const createClient = Symbol.for('ClusterClient#createClient');
