import { describe, expect, it } from 'vitest';
import type { GitSource } from './git-source.ts';
import type { RevertPolicy } from './revert-policy.ts';
import { gitSourceProblems, repositoryUrlProblems, revertPolicyProblems } from './validate-git.ts';

describe('the address of a repository', () => {
  it.each([
    'https://host/a/b',
    'ssh://git@host/a/b.git',
    'ssh://host:2222/a/b',
    'ssh://git@[::1]:22/a/b',
    'git@host:a/b.git',
    'deploy@host.example:~/b',
    'file:///srv/a.git',
  ])('%s is one', (url) => {
    expect(repositoryUrlProblems('url', url)).toEqual([]);
  });

  it.each([
    ['https://u@host/a', 'holds credentials'],
    ['ssh://git:word@host/a/b', 'holds credentials'],
    ['ssh://-oProxyCommand=x/a', 'is no repository address'],
    ['-x@host:a', 'is no repository address'],
    ['git@-host:a', 'is no repository address'],
    ['git@host:-a', 'is no repository address'],
    ['host:a/b', 'USER@HOST:PATH'],
    ['ext::sh -c id', 'is no repository address'],
  ])('%s is none', (url, words) => {
    expect(repositoryUrlProblems('url', url)).toEqual([{ path: 'url', message: expect.stringContaining(words) }]);
  });
});

it.each(['github', 'gitea', 'gitlab'] as const)('a policy with host %s is reached by its API, not over ssh', (host) => {
  const repository = { host, url: 'git@host.example:team/shop', branch: 'main' };
  const policy = { metadata: { name: 'p' }, spec: { namespaces: ['shop'], repository } } as RevertPolicy;
  const message = expect.stringContaining('use https://HOST/PATH, or host git');
  expect(revertPolicyProblems(policy)).toEqual([{ path: 'spec.repository.url', message }]);
});

it("the Secret with a source's age keys is in its own namespace", () => {
  const repository = { url: 'git@host.example:team/shop', branch: 'main' };
  const secretRef = { name: 'keys', namespace: 'other' };
  const spec = { repository, serviceAccountName: 'deployer', decryption: { provider: 'sops', secretRef } };
  const problems = gitSourceProblems({ metadata: { name: 's' }, spec } as GitSource);
  expect(problems.map(({ path }) => path)).toEqual(['spec.decryption.secretRef.namespace']);
});

it.each([
  ['github', 0],
  ['bitbucket-data-center', 0],
  ['bitbucket-cloud', 1],
  ['azure-devops', 1],
] as const)('a policy with host %s that asks for reviews has %i problems', (host, count) => {
  const repository = { host, url: 'https://host.example/team/shop', branch: 'main' };
  const spec = { namespaces: ['shop'], repository, pullRequests: { requestReviews: true } };
  const problems = revertPolicyProblems({ metadata: { name: 'p' }, spec } as RevertPolicy);
  expect(problems).toHaveLength(count);
  for (const { path, message } of problems) {
    expect(path).toBe('spec.pullRequests.requestReviews');
    expect(message).toMatch(/knows people by ids.*github, gitea, gitlab.*remove requestReviews/);
  }
});
