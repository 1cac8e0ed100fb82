import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Installed, install } from './installed.js';

const STRICT = ['--noEmit', '--strict', '--declaration', '--skipLibCheck', 'false'];
const TARGET = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--types', 'node'];

describe('the types of the installed package', { timeout: 110_000 }, () => {
  let installed: Installed;

  before(async () => {
    installed = await install();
    // What most people write: `import`, in a package of either type, or in one that a bundler reads.
    await copyFile(join(installed.folder, 'types/consumer.mts'), join(installed.folder, 'types/consumer.ts'));
  });

  after(() => installed.remove());

  for (const [resolution, module] of [
    ['node16', 'node16'],
    ['nodenext', 'nodenext'],
    ['bundler', 'preserve'],
  ] as const) {
    it(`serve both kinds of module in ${resolution} resolution, and know no wrong name`, async () => {
      const sources = ['consumer.mts', 'consumer.cts', 'consumer.ts', 'wrong-name.mts', 'wrong-name.cts'];
      const { code, stdout, stderr } = await installed.node(
        ['node_modules/typescript/bin/tsc', ...STRICT, ...TARGET],
        ...['--module', module, '--moduleResolution', resolution],
        ...sources.map((source) => `types/${source}`),
      );
      assert.notEqual(code, 0);
      const errors = stdout.match(/^\S.*$/gm)?.sort() ?? [];
      assert.equal(errors.length, 2, stdout + stderr);
      assert.match(errors[0] ?? '', /^types\/wrong-name\.cts.*TS2551: Property 'getConfg' does not exist/);
      assert.match(errors[1] ?? '', /^types\/wrong-name\.mts.*TS2551: Property 'getConfg' does not exist/);
    });
  }
});
