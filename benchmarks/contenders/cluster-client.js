import { clusterContender } from './cluster.js';

/** `npm run bench:compare` names the folder of the one that is meant. */
export default clusterContender(process.env.CLUSTER_CLIENT_FROM ?? 'cluster-client');
