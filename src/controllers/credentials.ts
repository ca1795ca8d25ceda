import type { Secret } from '../api/index.ts';
import { type Credentials, certificatesIn, identityIn } from '../git/credentials.ts';

/**
 * What a Secret holds for a repository: its values `token` and `username`, for ssh `identity` and `known_hosts`, and `ca.crt`.
 * Throws `Waiting` for what cannot be used, by the names of Secret and key.
 */
export function credentialsIn({ data, metadata }: Secret): Credentials {
  const value = (key: string) =>
    Buffer.from(data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim() || undefined;
  const where = (key: string) => `Secret ${metadata.name}, key ${key}`;
  const [identity, ca] = [value('identity'), value('ca.crt')];
  return {
    token: value('token'),
    username: value('username'),
    identity: identity === undefined ? undefined : identityIn(identity, where('identity')),
    knownHosts: value('known_hosts'),
    ca: ca === undefined ? undefined : certificatesIn(ca, where('ca.crt')),
  };
}
