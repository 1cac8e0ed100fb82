// Builds what is published: an ES module tree in dist/{lib,protocol} and a CommonJS tree in dist/cjs.
// With --test, builds dist/test as well, beside the ES modules that it imports.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const run = (project) => execFileSync(process.execPath, [tsc, '-p', project], { stdio: 'inherit' });

// Programs may be running from dist/ meanwhile: but for tests, files are written over. `npm run clean` removes all.
rmSync('dist/test', { recursive: true, force: true });
mkdirSync('dist/cjs', { recursive: true });
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
run(process.argv.includes('--test') ? 'tsconfig.json' : 'tsconfig.esm.json');
run('tsconfig.cjs.json');
