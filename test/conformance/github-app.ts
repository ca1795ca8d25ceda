import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import type { GitHubApp } from '../../src/git/credentials.ts';
import type { GitHost, RepositoryAccess } from '../../src/git/hosts/host.ts';
import type { HostedApp, Permissions } from '../../src/sandbox/git/index.ts';

export const APP = '4711';
export const INSTALLATION = 77;
export const PERMISSIONS: Permissions = {
  contents: 'write',
  metadata: 'read',
  pull_requests: 'write',
  statuses: 'write',
};

/** One pair for all tests: making one takes longer than most of them. */
export const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

export function pemOf(key: KeyObject): string {
  return key.export({ type: 'pkcs1', format: 'pem' }).toString();
}

/** An App that is installed on all repositories of `team`. */
export function hostedApp(part: Partial<HostedApp> = {}): HostedApp {
  const installations = new Map([[INSTALLATION, { account: 'team', permissions: PERMISSIONS }]]);
  return { login: 'headgate[bot]', keys: [keys.publicKey], installations, ...part };
}

export function signedIn(host: GitHost, access: RepositoryAccess, part: Partial<GitHubApp> = {}): RepositoryAccess {
  const app = { id: APP, key: keys.privateKey, ...part };
  if (!host.signIn) throw new Error('it knows no Apps');
  return host.signIn({ ...access, app });
}
