import type { Experiment } from '../src/api/index.ts';
import { EXPERIMENT_TEMPLATE } from '../src/api/index.ts';
import type { ExperimentView } from '../src/view/index.ts';
import { aborted, lookedAt } from './rollout-pictures.ts';

const ago = (seconds: number) => new Date(lookedAt - seconds * 1000).toISOString().replace('.000Z', 'Z');

/** An Experiment of two templates and one analysis, ten minutes after it began, among the objects of a Rollout. */
export function experimentPicture(): ExperimentView {
  const { replicaSets, pods, analysisRuns, rollout } = aborted();
  const { selector = {}, template = {} } = rollout.spec;
  const experiment: Experiment = {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Experiment',
    metadata: { name: 'compare', namespace: 'shop', uid: 'experiment', creationTimestamp: ago(620) },
    spec: { duration: '1h', templates: [{ name: 'baseline', selector, template }] },
    status: { phase: 'Running', availableAt: ago(600) },
  };
  const owner = { apiVersion: 'argoproj.io/v1alpha1', kind: 'Experiment', name: 'compare', uid: 'experiment' };
  const ownerReferences = [{ ...owner, controller: true }];
  const own = replicaSets.map((replicaSet, index) => {
    const name = `compare-${index === 0 ? 'canary' : 'baseline'}`;
    const annotations = { [EXPERIMENT_TEMPLATE]: index === 0 ? 'canary' : 'baseline' };
    return { ...replicaSet, metadata: { ...replicaSet.metadata, name, uid: name, annotations, ownerReferences } };
  });
  const ownPods = own.map(({ metadata: { name, uid } }) => ({
    ...(pods[0] ?? { spec: { containers: [] } }),
    metadata: {
      name: `${name}-bbbbb`,
      namespace: 'shop',
      creationTimestamp: ago(610),
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid, controller: true }],
    },
  }));
  const runs = analysisRuns.map((run) => ({
    ...run,
    metadata: { ...run.metadata, name: 'compare-latency', uid: 'latency', ownerReferences },
  }));
  return {
    experiment,
    replicaSets: [...replicaSets, ...own],
    pods: [...pods, ...ownPods],
    analysisRuns: [...analysisRuns, ...runs],
  };
}
