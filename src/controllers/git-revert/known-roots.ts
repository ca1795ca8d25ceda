import type { GitRevertSpec } from '../../api/index.ts';
import { provenanceOf } from '../../git/provenance/index.ts';
import type { Root } from '../../git/roots.ts';
import { canonicalRepository } from '../../git/url.ts';
import { hashOf } from '../../rollout/index.ts';
import { helmOptionsOf } from '../git-source/check.ts';
import type { GitRevertOptions } from './options.ts';

const PLAIN = /^\.?\/+|\/+$/g;

function rootOf(path: string | undefined, part: Omit<Root, 'path'>): Root {
  return { path: (path ?? '').replace(PLAIN, ''), ...part };
}

/**
 * What is known to be applied from the branch of a record: by GitSources that have applied something, and, for the Rollouts of
 * this cluster, by Argo CD and Flux. What somebody only wrote on an object of theirs does not hold up the reverts of others.
 */
export function knownRoots(
  { sources, rollouts, replicaSets }: Pick<GitRevertOptions, 'sources' | 'rollouts' | 'replicaSets'>,
  { repository, branch }: Pick<GitRevertSpec, 'repository' | 'branch'>,
): Root[] {
  const wanted = canonicalRepository(repository);
  const isHere = (place: { repository: string; branch: string }) =>
    place.branch === branch && canonicalRepository(place.repository) === wanted;

  const bySources = sources.list().flatMap((source): Root[] => {
    const { spec, status, metadata } = source;
    if (status?.lastAppliedCommit === undefined) return [];
    if (!isHere({ repository: spec.repository.url, branch: spec.repository.branch })) return [];
    return [rootOf(spec.path, { namespace: metadata.namespace ?? 'default', helm: helmOptionsOf(source) })];
  });
  const byTools = rollouts.list().flatMap(({ metadata, status }): Root[] => {
    const hashes = [status?.currentPodHash, status?.stableRS];
    const current = replicaSets.ownedBy(metadata.uid ?? '').filter((each) => hashes.includes(hashOf(each)));
    return current.flatMap((replicaSet): Root[] => {
      const noted = provenanceOf(replicaSet.metadata.annotations);
      if (!noted.known || !isHere(noted.provenance)) return [];
      const { learnt, path, helm } = noted.provenance;
      if (learnt !== 'ArgoCD' && learnt !== 'Flux') return [];
      return [rootOf(path, { namespace: metadata.namespace ?? 'default', helm })];
    });
  });
  return [...bySources, ...byTools];
}
