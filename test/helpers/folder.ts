import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const folders = new Set<string>();

// Not with the test: a leader that it has yet to end makes its part of the folder anew, also while that is removed.
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** A new folder of this user alone; gone with the process of the test. */
export function temporaryFolder(_t?: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-client-test-'));
  folders.add(folder);
  return folder;
}
