// What the figures were measured on.
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';

const GIB = 2 ** 30;

/** @returns as in `AMD EPYC, 2 cores, 24 GiB, Linux 6.1, Node 20.20.2`. */
export function machine() {
  const model = cpus()[0]?.model.trim() ?? process.arch;
  const system = `${type()} ${release().split('.').slice(0, 2).join('.')}`;
  const memory = `${Math.round(totalmem() / GIB)} GiB`;
  return `${model}, ${availableParallelism()} cores, ${memory}, ${system}, Node ${process.versions.node}`;
}
