import { expect, it } from 'vitest';
import { rollout as rolloutOf } from '../../test/sandbox-cluster.ts';
import type { Rollout } from '../api/index.ts';
import { decide, firstReplicaSet, NOTHING_SEEN } from './index.ts';

const plain = rolloutOf('registry.example/web:1');
const web: Rollout = {
  ...plain,
  metadata: { ...plain.metadata, uid: 'one', annotations: { team: 'shop' } },
  spec: {
    ...plain.spec,
    minReadySeconds: 5,
    strategy: {
      canary: { stableMetadata: { labels: { part: 'stable' } }, canaryMetadata: { labels: { part: 'new' } } },
    },
  },
};

it('is the one that the controller makes, but without pods and owner', () => {
  const { effects } = decide({ ...NOTHING_SEEN, now: 0, rollout: web });
  const made = effects.flatMap((effect) => (effect.kind === 'createReplicaSet' ? [effect.object] : []));
  const { ownerReferences, ...metadata } = made[0]?.metadata ?? { name: '' };
  expect(ownerReferences).toHaveLength(1);
  const first = firstReplicaSet(web);
  expect(first).toEqual({ ...made[0], metadata, spec: { ...made[0]?.spec, replicas: 0 } });
  expect(first.spec.template.metadata?.labels).toMatchObject({ app: 'web', part: 'stable' });
});

it('does not depend on a status that stands in a manifest', () => {
  const status = { stableRS: 'abc', collisionCount: 3, currentPodHash: 'abc' };
  expect(firstReplicaSet({ ...web, status })).toEqual(firstReplicaSet(web));
});
