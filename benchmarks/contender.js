// One process of one contender. Arguments: which package, its port, leader or follower. The follower measures.
import { createRequire } from 'node:module';

const [, , packageName, port, role, folder] = process.argv;
const require = createRequire(import.meta.url);
const cluster = require(packageName);
const Base = require(require.resolve('sdk-base', { paths: [require.resolve(packageName)] }));
const SdkBase = Base.Base ?? Base;

class Echo extends SdkBase {
  constructor(options) {
    super(options);
    this.ready(true);
  }

  async echo(value) {
    return value;
  }
}

const PAYLOADS = {
  small: { id: 12345, name: 'db.primary', enabled: true, weight: 0.75, tags: ['a', 'b'] },
  config: {
    version: 'v1',
    entries: Array.from({ length: 100 }, (_, n) => ({
      key: `service.${n}.host`,
      value: `10.0.0.${n}:2088`,
      ttl: n,
      enabled: true,
    })),
  },
};

const options = {
  port: Number(port),
  isLeader: role === 'leader',
  runtimeDir: folder,
  responseTimeout: 60_000,
};
const client = cluster(Echo, options).create({});
await client.ready();
process.send('ready');

process.on('message', async ({ payload, calls, inFlight }) => {
  const value = PAYLOADS[payload];
  const times = [];
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  let left = calls;
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) {
        const from = performance.now();
        await client.echo(value);
        times.push(performance.now() - from);
      }
    }),
  );
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  const { user, system } = process.cpuUsage(cpu);
  times.sort((a, b) => a - b);
  process.send({
    callsPerSecond: calls / seconds,
    p50: times[Math.floor(times.length / 2)] * 1000,
    p99: times[Math.floor(times.length * 0.99)] * 1000,
    cpu: (user + system) / calls,
  });
});
