import { derive } from '../../revert/index.ts';
import { splitKey } from '../keys.ts';
import type { PassResult } from '../queue.ts';
import type { GitRevertOptions } from './options.ts';
import { learn, replicaSetOf } from './revision.ts';

/** Out of Git, and not yet seen to be out of the cluster. */
const ON_THE_WAY: ReadonlySet<string> = new Set(['landed', 'merged']);

/**
 * Has Flux bring what was taken out of Git to the cluster now, and not at its next interval. What it says of itself counts, not
 * the record. A GitSource of Headgate's own looks by itself; Argo CD is left to its own pace.
 */
export function createSyncAsker(options: GitRevertOptions) {
  const { reverts, rollouts, syncRequests } = options;
  return {
    async reconcile(key: string): Promise<PassResult | undefined> {
      const { namespace, name } = splitKey(key);
      const revert = reverts.get(namespace, name);
      const { commit, takenOutAt } = revert?.status ?? {};
      if (!revert || !commit || !takenOutAt || !ON_THE_WAY.has(derive(revert.status))) return undefined;
      const { rollout: ref, templates } = revert.spec;
      const rollout = rollouts.get(ref.namespace, ref.name);
      const canary = rollout && replicaSetOf(options, rollout, templates.canary);
      const learnt = rollout && canary && learn(options, rollout, canary);
      // What is still being asked leads here again.
      if (!learnt?.known || learnt.provenance.learnt !== 'Flux' || !learnt.provenance.source) return undefined;
      // It was some time in this second: who asked in it may have asked before.
      const since = Date.parse(takenOutAt) + 1000;
      return { lookAgainAt: await syncRequests.ask(learnt.provenance.source, { commit, since }) };
    },
  };
}
