import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

const root = dirname(createRequire(import.meta.url).resolve('cluster-client/package.json'));
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const readme = read('README.md');

/** What the pattern's group finds, each once, sorted. */
function all(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, found]) => found ?? ''))].sort();
}

/** The rows of the table whose heading has these words in its first cell. */
function rows(heading: string): string {
  const table = new RegExp(`^\\|\\s*${heading}\\s*\\|.*\\n(?:\\|.*(?:\\n|$))+`, 'im').exec(readme)?.[0];
  assert.ok(table, `README.md has no table "${heading}"`);
  return table;
}

describe('README.md', () => {
  it('lists every code that the sources can give, and no other', () => {
    const sources = ['lib', 'protocol'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true })
        .map(String)
        .filter((name) => name.endsWith('.ts'))
        .map((name) => read(folder, name)),
    );
    const codes = all(sources.join('\n'), /['"`](ERR_CLUSTER_[A-Z0-9_]+)['"`]/g);
    assert.ok(codes.length > 20);
    assert.deepEqual(all(readme, /^\|\s*`(ERR_CLUSTER_[A-Z0-9_]+)`\s*\|/gm), codes);
  });

  it('lists every option, and no other', () => {
    const [, options = ''] =
      /export interface ClusterOptions \{\n(.*?)\n\}/s.exec(read('lib', 'options.ts')) ?? [];
    const names = all(options, /^ {2}(\w+)\?:/gm);
    assert.ok(names.length > 20);
    assert.deepEqual(all(rows('option'), /^\|\s*`(\w+)`\s*\|/gm), names);
  });
});
