import { expect, it } from 'vitest';
import type { RevertPolicy } from '../../api/index.ts';
import { locateRepository } from '../../git/url.ts';
import { asPolicy, openPolicy } from './access.ts';
import type { GitRevertOptions } from './options.ts';

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
