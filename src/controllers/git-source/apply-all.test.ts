import { expect, it } from 'vitest';
import type { GitSource, KubeObject } from '../../api/index.ts';
import { type ApplyAllOptions, applyAll } from './apply-all.ts';
import { newMemory } from './memory.ts';

it('remembers nothing of what is in Git no more', async () => {
  const client = { get: async () => undefined, apply: async (_: unknown, object: KubeObject) => object };
  const memory = newMemory(1);
  const repository = { url: 'https://git.example/team/shop', branch: 'main' };
  const apply = (...names: string[]) =>
    applyAll({
      options: { client: { as: () => client }, rollouts: { list: () => [] } },
      source: { metadata: { name: 'web', namespace: 'shop' }, spec: { repository } } as GitSource,
      checked: { user: 'deployer', path: '', namespace: 'shop' },
      memory,
      manifests: names.map((name) => ({
        ...{ file: 'a.yaml', line: 1 },
        object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } },
      })),
      modeOf: () => 'heal',
      wasApplied: async () => false,
    } as unknown as ApplyAllOptions);
  await apply('a', 'b');
  expect(memory.applied.size).toBe(2);
  await apply('b', 'c');
  expect([...memory.applied.keys()]).toEqual(['/ConfigMap shop/b', '/ConfigMap shop/c']);
});
