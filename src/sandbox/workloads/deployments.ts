import { createHash } from 'node:crypto';
import type { KubeObject, LabelSelector, PodTemplateSpec, ReplicaSet } from '../../api/kubernetes.ts';
import { createLoop } from './loop.ts';
import { canonical, controllerOf, controllerReference, keyOf, placeOf, same, suffix } from './objects.ts';
import type { Controller, Surroundings } from './settings.ts';

export interface Deployment extends KubeObject {
  spec: {
    replicas?: number;
    minReadySeconds?: number;
    paused?: boolean;
    selector: LabelSelector;
    template: PodTemplateSpec;
  };
  status?: object;
}

const HASH_LABEL = 'pod-template-hash';

function hashOf(template: PodTemplateSpec): string {
  return suffix(createHash('sha256').update(canonical(template)).digest('hex'));
}

function wanted({ spec }: Pick<ReplicaSet | Deployment, 'spec'>): number {
  return spec.replicas ?? 1;
}

type Counts = NonNullable<ReplicaSet['status']>;

function statusOf(deployment: Deployment, newest: ReplicaSet | undefined, all: ReplicaSet[]): object {
  const sum = (count: keyof Counts) => all.reduce((total, { status }) => total + Number(status?.[count] ?? 0), 0);
  const availableReplicas = sum('availableReplicas');
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: sum('replicas'),
    updatedReplicas: newest?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas,
    unavailableReplicas: Math.max(0, wanted(deployment) - availableReplicas),
  };
}

/** Makes one ReplicaSet per template. The newest gets its pods at once, and the others lose theirs as its pods are there. */
export function runDeployments({ store, clock, log }: Surroundings): Controller {
  const reconcile = (key: string) => {
    const deployment = store.get<Deployment>('Deployment', ...placeOf(key));
    if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return;
    const hash = hashOf(deployment.spec.template);
    const isNewest = ({ metadata }: ReplicaSet) => metadata.labels?.[HASH_LABEL] === hash;
    if (!replicaSetsOf(deployment).some(isNewest) && deployment.spec.paused !== true) createNewest(deployment, hash);
    const all = replicaSetsOf(deployment);
    const newest = all.find(isNewest);
    if (newest) scale(deployment, newest, all);
    report(deployment, statusOf(deployment, newest, replicaSetsOf(deployment)));
  };
  const loop = createLoop({ name: 'deployments', clock, log, reconcile });

  const replicaSetsOf = ({ metadata }: Deployment) => store.ownedBy<ReplicaSet>('ReplicaSet', metadata.uid ?? '');

  const createNewest = (deployment: Deployment, hash: string) => {
    const { name, namespace = '' } = deployment.metadata;
    const { selector, template, minReadySeconds } = deployment.spec;
    const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash };
    store.create('ReplicaSet', {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels,
        ownerReferences: [controllerReference('apps/v1', 'Deployment', deployment)],
      },
      spec: {
        replicas: 0,
        ...(minReadySeconds && { minReadySeconds }),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    });
  };

  const scale = (deployment: Deployment, newest: ReplicaSet, all: ReplicaSet[]) => {
    const count = wanted(deployment);
    let others = Math.max(0, count - (newest.status?.availableReplicas ?? 0));
    for (const replicaSet of all) {
      const kept = replicaSet === newest ? count : Math.min(wanted(replicaSet), others);
      if (replicaSet !== newest) others -= kept;
      const { name, namespace = '' } = replicaSet.metadata;
      if (kept !== wanted(replicaSet)) store.patch('ReplicaSet', { namespace, name }, { spec: { replicas: kept } });
    }
  };

  const report = ({ metadata, status: before }: Deployment, status: object) => {
    const { name, namespace = '' } = metadata;
    if (!same({ ...before, ...status }, before)) store.patchStatus('Deployment', { namespace, name }, status);
  };

  const ends = [
    store.watch<Deployment>('Deployment', (_, object) => loop.add(keyOf(object))),
    store.watch<ReplicaSet>('ReplicaSet', (_, object) => {
      const owner = controllerOf(object);
      if (owner?.kind === 'Deployment') loop.add(`${object.metadata.namespace ?? ''}/${owner.name}`);
    }),
  ];
  return {
    stop() {
      for (const end of ends) end();
      return loop.stop();
    },
  };
}
