import { generateKeyPairSync } from 'node:crypto';
import { expect, it } from 'vitest';
import { keys, pemOf } from '../../../test/conformance/github-app.ts';
import type { RevertPolicy } from '../../api/index.ts';
import { locateRepository } from '../../git/url.ts';
import { asPolicy, openPolicy } from './access.ts';
import type { GitRevertOptions } from './options.ts';

const locked = keys.privateKey
  .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
  .toString();
const elliptic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

const policyOf = (host: string, url: string) =>
  asPolicy({
    metadata: { name: 'shop' },
    spec: { namespaces: ['shop'], repository: { host, url, branch: 'main' } },
  } as RevertPolicy);
const options = {
  hosts: new Map(['git', 'github'].map((type) => [type, { type }])),
  locate: (url: string) => locateRepository(url, { localRoots: [] }),
  repositories: { open: (location: object) => ({ location }) },
} as unknown as GitRevertOptions;

it("a host's API is not reached over ssh, and no key is sent there", async () => {
  await expect(openPolicy(policyOf('github', 'git@github.com:team/shop'), options)).rejects.toMatchObject({
    name: 'Stalled',
    reason: 'InvalidRepository',
    message: expect.stringContaining('https://HOST/PATH'),
  });
});

it("what is written to is the policy's own address, however the Rollout's is spelled", async () => {
  const policy = policyOf('git', 'git@github.com:team/shop.git');
  expect(policy.repository).toBe('https://github.com/team/shop');
  const { access, repository } = await openPolicy(policy, options);
  expect(access.url).toBe('git@github.com:team/shop.git');
  expect(repository.location).toMatchObject({ kind: 'ssh', url: 'git@github.com:team/shop.git' });
});

const withSecret = (host: string, data: Record<string, string>) => {
  const policy = asPolicy({
    metadata: { name: 'shop' },
    spec: {
      namespaces: ['shop'],
      repository: { host, url: 'https://host.example/team/shop', branch: 'main', secretRef: { name: 'host' } },
    },
  } as RevertPolicy);
  const values = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const client = { get: async () => ({ metadata: { name: 'host' }, data: Object.fromEntries(values) }) };
  return openPolicy(policy, { ...options, client, namespace: 'headgate' } as unknown as GitRevertOptions);
};

it.each([
  ['another host than GitHub', 'git', {}, 'which host git does not know. Write host: github'],
  ['a token beside it', 'github', { token: 'SECRET' }, 'Take one out'],
  ['no ID', 'github', { appId: '' }, 'key appId: is not there'],
  ['no key', 'github', { privateKey: '' }, 'key privateKey: is not there'],
  ['an ID that is none', 'github', { appId: 'SECRET/..' }, 'key appId: is no ID'],
  [
    'an installation that is no number',
    'github',
    { installationId: '../SECRET' },
    'key installationId: is not a number',
  ],
  ['a key that is none', 'github', { privateKey: 'SECRET' }, 'key privateKey: holds no whole private key'],
  ['half a key', 'github', { privateKey: pemOf(keys.privateKey).slice(0, 400) }, 'holds no whole private key'],
  ['a key with a passphrase', 'github', { privateKey: locked }, 'protected by a passphrase'],
  ['a key of another kind', 'github', { privateKey: elliptic }, 'holds a key of type ec'],
])('a GitHub App with %s is refused in words', async (_, host, data, words) => {
  const opened = withSecret(host, { appId: '4711', privateKey: pemOf(keys.privateKey), ...data });
  const error = await opened.catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'Waiting', reason: 'InvalidGitHubApp', message: expect.stringContaining(words) });
  expect(String(error)).not.toMatch(/SECRET|MII/);
});
