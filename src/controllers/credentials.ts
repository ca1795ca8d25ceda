import type { Secret } from '../api/index.ts';
import { Waiting } from '../errors.ts';
import { type Credentials, certificatesIn, gitHubAppIn, identityIn } from '../git/credentials.ts';

const RETRY_SECONDS = 30;

/**
 * What a Secret holds for a repository: its values `token` and `username`, of a GitHub App `appId`,
 * `installationId` and `privateKey`, for ssh `identity` and `known_hosts`, and `ca.crt`.
 * Throws `Waiting` for what cannot be used, by the names of Secret and key.
 */
export function credentialsIn({ data, metadata }: Secret): Credentials {
  const value = (key: string) =>
    Buffer.from(data?.[key] ?? '', 'base64')
      .toString('utf8')
      .trim() || undefined;
  const where = (key: string) => `Secret ${metadata.name}, key ${key}`;
  const [identity, ca] = [value('identity'), value('ca.crt')];
  const [token, id, installation, privateKey] = ['token', 'appId', 'installationId', 'privateKey'].map(value);
  const app = gitHubAppIn(
    { ...(id && { id }), ...(installation && { installation }), ...(privateKey && { privateKey }) },
    where,
  );
  if (app && token !== undefined) {
    const message = `Secret ${metadata.name} holds a token and a GitHub App (appId, privateKey): which of both counts cannot be told. Take one out`;
    throw new Waiting('InvalidGitHubApp', message, RETRY_SECONDS);
  }
  return {
    token,
    ...(app && { app }),
    username: value('username'),
    identity: identity === undefined ? undefined : identityIn(identity, where('identity')),
    knownHosts: value('known_hosts'),
    ca: ca === undefined ? undefined : certificatesIn(ca, where('ca.crt')),
  };
}
