import { describe, expect, it } from 'vitest';
import { checkPath, locateRepository } from '../../src/git/url.ts';
import { type Policy, selectPolicy } from '../../src/revert/index.ts';

describe('a repository address that git would misread', () => {
  it.each([
    ['--upload-pack=touch /tmp/x', 'begins with "-"'],
    ['-oProxyCommand=x', 'begins with "-"'],
    ['ext::sh -c touch% /tmp/x', 'transport helper'],
    ['fd::17', 'transport helper'],
  ])('%s', async (url, why) => {
    const refused = locateRepository(url, { localRoots: ['/'] });
    await expect(refused).rejects.toMatchObject({ reason: 'InvalidRepository' });
    await expect(refused).rejects.toThrow(why);
    await expect(refused).rejects.toThrow(JSON.stringify(url));
    await expect(refused).rejects.toThrow('Allowed are https://host/path');
  });
});

it.each(['../other', 'apps/../../etc', 'apps/.git/hooks', 'a//b'])('a path that leaves the repository: %s', (path) => {
  expect(() => checkPath(path)).toThrow(JSON.stringify(path));
  expect(() => checkPath(path)).toThrow('Allowed are paths such as apps/shop');
});

it('two policies that match: both are named, and what to do', () => {
  const repository = 'https://git.example/shop';
  const policy = (name: string, path?: string): Policy => ({
    name,
    repository,
    spec: {
      mode: 'Direct',
      namespaces: ['default'],
      repository: { host: 'git', url: repository, branch: 'main', ...(path ? { path } : {}) },
    },
  });
  const origin = { namespace: 'default', repository, branch: 'main', path: 'apps/shop' };
  const selection = selectPolicy([policy('wide'), policy('narrow', 'apps'), policy('beside', 'app')], origin);
  expect(selection).toMatchObject({ kind: 'several', reason: 'SeveralPoliciesMatch' });
  const { message } = selection as { message: string };
  for (const text of ['narrow, wide', 'default', repository, 'main', 'apps/shop', 'Exactly one must', 'narrow their']) {
    expect(message).toContain(text);
  }
  expect(message).not.toContain('beside');
});
