// What a process does that calls.
import { payload } from '../payloads.js';
import { quantile } from '../statistics.js';

/** @param here `{ role }`: what the contender has made of this process. */
export function callCommands(here) {
  return {
    /** @returns what each call took, in µs: median and 99th percentile; all together in seconds; CPU in µs. */
    async call({ payload: name, calls, inFlight }) {
      const asked = payload(name);
      const times = new Float64Array(calls);
      let left = calls;
      const cpu = process.cpuUsage();
      const start = process.hrtime.bigint();
      const caller = async () => {
        while (left > 0) {
          left -= 1;
          const at = left;
          times[at] = await timed(here.role, asked);
        }
      };
      await Promise.all(Array.from({ length: inFlight }, caller));
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      const { user, system } = process.cpuUsage(cpu);
      return { seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99), cpu: user + system };
    },

    /**
     * One call after the other with nothing else on the link, then while big ones pass, there and back, for some ms.
     * @returns 99th percentiles in µs, and how many of the small calls ended while the big ones passed.
     */
    async callBeside({ payload: name, big: bigName, calls, passFor }) {
      const [small, big] = [payload(name), payload(bigName)];
      const idle = [];
      for (let n = 0; n < calls; n += 1) idle.push(await timed(here.role, small));
      let isPassing = true;
      const passing = (async () => {
        const end = performance.now() + passFor;
        do await here.role.echo(big);
        while (performance.now() < end);
        isPassing = false;
      })();
      const busy = [];
      while (isPassing) busy.push(await timed(here.role, small));
      await passing;
      return { idle: quantile(idle, 0.99), busy: quantile(busy, 0.99), count: busy.length };
    },

    /** Calls that the leader never answers. What becomes of them when the processes end is nobody's concern. */
    async leavePending({ payload: name, calls }) {
      const asked = payload(name);
      for (let n = 0; n < calls; n += 1) here.role.never(asked).catch(() => {});
      await here.role.echo(asked);
    },
  };
}

async function timed(role, asked) {
  const from = performance.now();
  await role.echo(asked);
  return (performance.now() - from) * 1_000;
}
