import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Something outside of this repository that a test needs. */
export interface Service {
  isThere: boolean;
  /** What to do where it is not. */
  install: string;
}

/**
 * Why a test is skipped, for its option `skip`: each service that it needs and that is not there. False: none.
 * @throws instead of skipping, where REQUIRE_SERVICES=1 says that all have to be there.
 */
export function missing(...services: Service[]): string | false {
  const absent = services.filter(({ isThere }) => !isThere).map(({ install }) => install);
  if (absent.length === 0) return false;
  const reason = `needs what is not installed: ${absent.join('; ')}`;
  if (process.env['REQUIRE_SERVICES'] === '1') throw new Error(reason);
  return reason;
}

/** A program that is found by its name, of a package of Debian's. */
export function command(name: string, debianPackage: string): Service {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return {
    isThere: folders.some((folder) => existsSync(join(folder, name))),
    install: `${name} (apt-get install ${debianPackage})`,
  };
}
