import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import type { Service } from '../helpers/services.js';

/** The programs written for 3.x, and what they have from npm. */
export const FOLDER = resolve('test/acceptance');

/** A package of theirs. */
export function npmPackage(name: string): Service {
  return {
    isThere: existsSync(join(FOLDER, 'node_modules', name, 'package.json')),
    install: `${name} (npm ci --prefix test/acceptance)`,
  };
}

/** What a package of theirs gets as `cluster-client`: the file, and its version. */
export function clusterClientOf(name: string): { file: string; version: string } {
  const entry = createRequire(join(FOLDER, 'package.json')).resolve(name);
  const { resolve: find } = createRequire(realpathSync(entry));
  const manifest = JSON.parse(readFileSync(find('cluster-client/package.json'), 'utf8'));
  return { file: find('cluster-client'), version: manifest.version };
}
