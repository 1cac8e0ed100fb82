/** ms of CLOCK_MONOTONIC: unlike performance.now(), the same in all processes of a host. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;
