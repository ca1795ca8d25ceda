import type { GitRevert, Rollout } from '../../api/index.ts';
import { barePath, canonicalRepository } from '../../git/url.ts';
import type { Cluster } from '../../revert/index.ts';
import type { GitRevertOptions } from './options.ts';
import { replicaSetOf } from './revision.ts';

/**
 * Why what would be gone back to does not serve; undefined where it does, or where nobody asks it to. A pod that is available has
 * its image and does not crash; no other proof of that is to be had without pulling it.
 */
export function stableProblem(
  options: GitRevertOptions,
  rollout: Rollout,
  { spec: { templates, stableReplicaSet } }: Pick<GitRevert, 'spec'>,
): string | undefined {
  const stable = replicaSetOf(options, rollout, templates.stable);
  if (!stable) return `ReplicaSet ${stableReplicaSet}, which was stable, is not there any more`;
  const { availableReplicas = 0, conditions = [] } = stable.status ?? {};
  if (availableReplicas > 0 || rollout.spec?.replicas === 0) return undefined;
  const failure = conditions.find(({ type, status }) => type === 'ReplicaFailure' && status === 'True');
  const why = failure?.message ? ` (${failure.message.slice(0, 300)})` : '';
  return `ReplicaSet ${stable.metadata.name}, which is stable, has no available pod of ${stable.spec.replicas ?? 1}${why}`;
}

/** Who applies the Rollout, and what they say of it; undefined as long as a tool is being asked. */
function applierOf(options: GitRevertOptions, rollout: Rollout, { spec }: GitRevert): string | undefined {
  const source = options.sources
    .list(rollout.metadata.namespace)
    .find(
      ({ spec: { repository, path = '' } }) =>
        canonicalRepository(repository.url) === canonicalRepository(spec.repository) &&
        repository.branch === spec.branch &&
        barePath(path) === spec.path,
    );
  if (source) {
    const { lastAppliedCommit, conditions = [] } = source.status ?? {};
    const ready = conditions.find(({ type }) => type === 'Ready');
    const says = ready ? `, and says ${ready.reason}: ${(ready.message ?? '').replace(/\.$/, '')}` : '';
    return `GitSource ${source.metadata.name} has applied ${lastAppliedCommit?.slice(0, 7) ?? 'nothing'}${says}`;
  }
  const said = options.provenance.said(rollout);
  return said && (said.known ? said.provenance.evidence : `Who applies it is not known: ${said.why}`);
}

/** What the cluster shows of a change that is out of Git. */
export function clusterOf(options: GitRevertOptions, rollout: Rollout, revert: GitRevert): Cluster {
  const { currentPodHash, stableRS } = rollout.status ?? {};
  const { canary, stable } = revert.spec.templates;
  const isAsked = currentPodHash === canary;
  // Once another release has taken its place, it is to serve no more.
  const isStable = stableRS === stable;
  return {
    asksForFailed: isAsked ? { applier: applierOf(options, rollout, revert) } : undefined,
    stableProblem: isStable ? stableProblem(options, rollout, revert) : undefined,
  };
}
