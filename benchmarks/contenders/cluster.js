// What both versions of cluster-client share. Their options are the default ones, but for the time that a call may take.
import { createRequire } from 'node:module';
import { freePort } from '../harness/free-port.js';

const require = createRequire(import.meta.url);
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Where the real client lives: who listens to what, and what a new listener finds there. */
const listeners = new Map();
let kept;
/** The real client shall not count where it is asked what the library keeps. */
let keepsNothing = false;

/** @param packageName or its folder. */
export function clusterContender(packageName) {
  const cluster = require(packageName);
  const sdkBase = require(require.resolve('sdk-base', { paths: [require.resolve(packageName)] }));
  const Base = sdkBase.Base ?? sdkBase;

  class Echo extends Base {
    constructor(options) {
      super(options);
      this.ready(true);
    }

    subscribe({ key }, listener) {
      if (keepsNothing) return;
      listeners.set(key, listener);
      if (kept) process.nextTick(listener, kept.value);
    }

    unSubscribe({ key }) {
      listeners.delete(key);
    }

    async echo(value) {
      return value;
    }

    async never() {
      return new Promise(() => {});
    }
  }

  const create = ({ port, folder }, isLeader) =>
    cluster(Echo, { port, isLeader, runtimeDir: folder, responseTimeout: 60_000, logger: silent }).create({});

  /** A port that was free may be an outgoing connection's a moment later. */
  const leadAnywhere = async (folder, attempts = 3) => {
    const address = { port: await freePort(), folder };
    try {
      await create(address, true).ready();
      return address;
    } catch (error) {
      if (attempts === 1) throw error;
      return leadAnywhere(folder, attempts - 1);
    }
  };

  return {
    async lead({ folder, forgets = false }) {
      keepsNothing = forgets;
      const address = await leadAnywhere(folder);
      return {
        address,
        publisher(keys) {
          const found = keys.map((key) => listeners.get(key));
          return (index, payload) => found[index]?.(payload.value);
        },
        keep: (payload) => {
          kept = payload;
        },
      };
    },

    async follow(address) {
      const client = create(address, false);
      await client.ready();
      return {
        echo: (payload) => client.echo(payload.value),
        never: (payload) => client.never(payload.value),
        subscribe: (key, listener) => client.subscribe({ key }, listener),
      };
    },
  };
}
