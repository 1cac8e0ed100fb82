import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

const folders = new Set<string>();
const remove = (folder: string) => rmSync(folder, { recursive: true, force: true });

// Once more at the end: what a test closes after its folder was removed may make part of it anew.
process.once('exit', () => folders.forEach(remove));

/** A new folder of this user alone; gone with the test. */
export function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cluster-client-test-'));
  folders.add(folder);
  t.after(() => remove(folder));
  return folder;
}
