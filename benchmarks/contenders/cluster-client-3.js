import { clusterContender } from './cluster.js';

export default clusterContender('cluster-client-3');
