import { analysisRuns, experiments, pods, replicaSets } from '../kube/resources.ts';
import { type ExperimentView, experimentTree } from '../view/index.ts';
import type { Cluster } from './cluster.ts';
import { drawingOf, type Live, showChanges, showFlags } from './showing.ts';
import { numericFlag, onlyName, type Verb, withCluster } from './verb.ts';

export const getExperiment: Verb = {
  name: 'get',
  noun: ['experiment', 'experiments', 'exp'],
  operands: 'NAME',
  completes: experiments,
  summary: 'show an Experiment: its ReplicaSets, pods and analyses',
  flags: showFlags,
  async run(invocation) {
    const name = onlyName(getExperiment, invocation.names, 'an Experiment');
    const drawing = drawingOf(getExperiment, invocation);
    const show = (view: ExperimentView) => experimentTree(view, drawing());
    const seconds = numericFlag(getExperiment, invocation, 'timeout-seconds');
    return withCluster(invocation, async (cluster) => {
      const view = await readExperiment(cluster, name);
      if (invocation.isSet('watch')) {
        const live = await followExperiment(cluster, name);
        return showChanges(invocation, live, { show, what: `experiment.argoproj.io "${name}"`, seconds });
      }
      invocation.world.stdout(show(view));
      return 0;
    });
  },
};

async function readExperiment({ client, namespace }: Cluster, name: string): Promise<ExperimentView> {
  const experiment = await client.get(experiments, { namespace, name });
  if (experiment === undefined) {
    throw new Error(`experiment.argoproj.io "${name}" not found in namespace "${namespace}"`);
  }
  const [ownReplicaSets, ownPods, runs] = await Promise.all([
    client.list(replicaSets, { namespace }),
    client.list(pods, { namespace }),
    client.list(analysisRuns, { namespace }),
  ]);
  return { experiment, replicaSets: ownReplicaSets, pods: ownPods, analysisRuns: runs };
}

async function followExperiment(cluster: Cluster, name: string): Promise<Live<ExperimentView>> {
  const { namespace } = cluster;
  const caches = cluster.caches(namespace);
  const all = {
    experiments: caches.cache(experiments),
    replicaSets: caches.cache(replicaSets),
    pods: caches.cache(pods),
    analysisRuns: caches.cache(analysisRuns),
  };
  await caches.start();
  return {
    read() {
      const experiment = all.experiments.get(namespace, name);
      if (experiment === undefined) return undefined;
      return {
        experiment,
        replicaSets: all.replicaSets.list(),
        pods: all.pods.list(),
        analysisRuns: all.analysisRuns.list(),
      };
    },
    onChange(listener) {
      for (const cache of Object.values(all)) cache.onChange(listener);
    },
    stop: () => caches.stop(),
  };
}
