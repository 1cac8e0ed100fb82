import { identify } from './identity.js';
import type { ClusterOptions, ResolvedOptions } from './options.js';

/** What a client says of its channel. */
export interface ChannelIdentity {
  /** Its name; of one that its user did not name, the class and, after an @, the digest of its settings. */
  readonly channel: string;
  /** The same without the digest. */
  readonly name: string;
  readonly settings: readonly string[];
  /** Whether it refuses to share a real client that has other settings. */
  readonly isStrict: boolean;
}

type ChannelNaming = Pick<ResolvedOptions, 'name' | 'isNamed' | 'identity'> & Pick<ClusterOptions, 'interop'>;

/**
 * @param settings what makes two clients of a class the same.
 * @param key only the processes of the group know it.
 */
export function channelIdentity(
  { name, isNamed, identity, interop }: ChannelNaming,
  settings: unknown,
  key: Buffer,
): ChannelIdentity {
  const { digest, settings: list } = identify(settings, key);
  return {
    // 3.x knows plain names only.
    channel: isNamed || interop ? name : `${name}@${digest}`,
    name,
    settings: list,
    isStrict: identity === 'strict',
  };
}
