// The agent does background work for the workers. It starts first, so it is the one that holds the real client.
import { close } from 'cluster-client';
import { join, onRelease, report } from './member.js';

const client = await join();
onRelease(() => close(client));
report({ type: 'ready' });
