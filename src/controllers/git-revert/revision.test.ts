import { expect, it } from 'vitest';
import type { GitSource, ReplicaSet, Rollout } from '../../api/index.ts';
import type { GitRevertOptions } from './options.ts';
import { learn } from './revision.ts';

const URL = 'https://git.example/team/shop';

/** How the origin is learnt of what a GitSource has applied that follows this path. */
function learntOf(path: string | undefined, noted: string) {
  const repository = { url: `${URL}.git`, branch: 'main' };
  const source = { metadata: { name: 'web', namespace: 'shop' }, spec: { repository, path } } as GitSource;
  const annotations = {
    'headgate.dev/git-repository': URL,
    'headgate.dev/git-branch': 'main',
    'headgate.dev/git-path': noted,
    'headgate.dev/git-commit': 'a'.repeat(40),
    'headgate.dev/git-source': 'GitSource/shop/web',
  };
  const options = { sources: { get: () => source } } as unknown as GitRevertOptions;
  const replicaSet = { metadata: { name: 'web-bbb', namespace: 'shop', annotations } } as unknown as ReplicaSet;
  const answer = learn(options, {} as Rollout, replicaSet);
  return answer.known && answer.provenance.learnt;
}

it.each([
  [undefined, ''],
  ['.', ''],
  ['./', ''],
  ['/', ''],
  ['./apps/shop/', 'apps/shop'],
])('a GitSource counts for the path that it follows, however it is spelled: %j', (path, noted) => {
  expect(learntOf(path, noted)).toBe('GitSource');
  expect(learntOf(path, 'elsewhere')).toBe('annotations');
});
