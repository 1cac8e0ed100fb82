import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';

const root = dirname(createRequire(import.meta.url).resolve('cluster-client/package.json'));
const read = (...path: string[]) => readFileSync(join(root, ...path), 'utf8');
const page = read('docs', 'migrating-from-3.md');

/** Of aborted signals, which 3.x does not know. */
const OURS = 'AbortError';

describe('docs/migrating-from-3.md', () => {
  it('has each name that an error keeps from 3.x, with its codes, and no other', () => {
    const kept = new Map<string, Set<string>>();
    for (const file of readdirSync(join(root, 'lib'), { recursive: true }).map(String)) {
      if (!file.endsWith('.ts')) continue;
      const source = read('lib', file);
      for (const { 1: name = '', index } of source.matchAll(/\bname: '(\w+Error)'/g)) {
        if (name === OURS) continue;
        // The code is the first argument of what has the name among its last.
        const code = [...source.slice(0, index).matchAll(/'(ERR_CLUSTER_\w+)'/g)].at(-1)?.[1];
        assert.ok(code, `${file}: ${name} has no code`);
        kept.set(name, (kept.get(name) ?? new Set()).add(code));
      }
    }
    assert.ok(kept.size > 5);
    const [, table = ''] = /^\| name in 3\.x .*\n((?:\|.*\n)+)/m.exec(page) ?? [];
    const said = new Map<string, Set<string>>();
    for (const [, name = '', codes = ''] of table.matchAll(/^\| `(\w+)` \| (.*`ERR_.*) \|$/gm))
      said.set(name, new Set([...codes.matchAll(/`(ERR_CLUSTER_\w+)`/g)].map(([, code]) => code ?? '')));
    const sorted = (map: typeof kept) =>
      [...map].map(([name, codes]) => [name, [...codes].sort().join()]).sort();
    assert.deepEqual(sorted(said), sorted(kept));
  });

  it('names only codes that there are', () => {
    const readme = read('README.md');
    for (const [, code = ''] of page.matchAll(/`(ERR_CLUSTER_\w+)`/g))
      assert.ok(readme.includes(`| \`${code}\` |`), code);
  });
});
