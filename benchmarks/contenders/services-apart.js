// Each process has clients of its own.
import { connected, servicesContender } from './services.js';

export default servicesContender((_service, { port }) => connected(port));
