import { randomUUID } from 'node:crypto';
import type { TestContext } from 'node:test';
import type { ClusterOptions, Logger } from 'cluster-client';
import { temporaryFolder } from './folder.js';

/** Takes warnings and keeps them. */
export function quietLogger(): Logger & { warnings: string[] } {
  const warnings: string[] = [];
  const keep = (...args: unknown[]) => warnings.push(args.map(String).join(' '));
  return { warnings, info: () => {}, warn: keep, error: keep };
}

/** Options of a group that no other test has: its own folder, key and derived port. Gone with the test. */
export function isolated(
  t: TestContext,
): ClusterOptions & { group: string; runtimeDir: string; logger: Logger } {
  return { group: randomUUID(), runtimeDir: temporaryFolder(t), logger: quietLogger() };
}
