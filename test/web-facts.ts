import type { PodTemplateSpec, ReplicaSet, Rollout, RolloutStatus } from '../src/api/index.ts';
import { type Facts, factsOf, NOTHING_SEEN } from '../src/rollout/index.ts';

/** What is known of a Rollout `web` that was just looked at. */
export interface WebScene {
  template: PodTemplateSpec;
  strategy: NonNullable<Rollout['spec']['strategy']>;
  status: RolloutStatus | undefined;
  replicaSets: ReplicaSet[];
}

export function webFacts({ template, strategy, status, replicaSets }: WebScene): Facts {
  const rollout: Rollout = {
    metadata: { name: 'web', namespace: 'shop', uid: 'u' },
    spec: { selector: { matchLabels: { app: 'web' } }, template, strategy },
    ...(status && { status }),
  };
  return factsOf({ ...NOTHING_SEEN, now: 0, rollout, replicaSets });
}
