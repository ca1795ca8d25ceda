import type { AbortCause, AnalysisRun, GitRevert, ReplicaSet, Rollout } from '../../api/index.ts';
import type { HelmOptions } from '../../git/app.ts';
import { type Provenance, type ProvenanceAnswer, provenanceOf, trusted } from '../../git/provenance/index.ts';
import { barePath, canonicalRepository } from '../../git/url.ts';
import { analysisRuns } from '../../kube/resources.ts';
import { hashOf, memoryOf } from '../../rollout/index.ts';
import { helmOptionsOf } from '../git-source/check.ts';
import type { GitRevertOptions } from './options.ts';

export function replicaSetOf(
  { replicaSets }: GitRevertOptions,
  rollout: Rollout,
  hash: string,
): ReplicaSet | undefined {
  return replicaSets.ownedBy(rollout.metadata.uid ?? '').find((each) => hashOf(each) === hash);
}

export function causeOf(replicaSet: ReplicaSet): AbortCause | undefined {
  const { abort } = memoryOf(replicaSet);
  return abort && typeof abort === 'object' && typeof abort.kind === 'string' ? abort : undefined;
}

/** The run that gave the verdict, as a record names it; undefined where that one is gone. */
export async function verdictOf(
  { client }: Pick<GitRevertOptions, 'client'>,
  { spec }: Pick<GitRevert, 'spec'>,
): Promise<AnalysisRun | undefined> {
  if (!spec.run) return undefined;
  const { name, uid } = spec.run;
  const run = await client.get(analysisRuns, { namespace: spec.rollout.namespace, name });
  return run?.metadata.uid === uid ? run : undefined;
}

/** `isAsked`: a tool is being asked, and will be heard. */
export type Learnt = ProvenanceAnswer | { known: false; why: string; isAsked: true };

/**
 * Where a ReplicaSet's revision came from. A GitSource counts only where it exists and follows that very place; what another
 * tool is said to have applied, only where that tool says so too.
 */
export function learn(options: GitRevertOptions, rollout: Rollout, { metadata }: ReplicaSet): Learnt {
  const noted = provenanceOf(metadata.annotations);
  if (noted.known && noted.provenance.learnt === 'GitSource')
    return { known: true, provenance: bySource(options, metadata, noted.provenance) };
  const said = options.provenance.said(rollout);
  return said ? trusted(noted, said) : { known: false, why: 'the tool that applied it is being asked', isAsked: true };
}

function bySource(options: GitRevertOptions, metadata: ReplicaSet['metadata'], provenance: Provenance): Provenance {
  const { source } = provenance;
  const found = source && options.sources.get(source.namespace, source.name);
  const confirmed =
    found !== undefined &&
    found.metadata.namespace === metadata.namespace &&
    canonicalRepository(found.spec.repository.url) === canonicalRepository(provenance.repository) &&
    found.spec.repository.branch === provenance.branch &&
    barePath(found.spec.path ?? '') === provenance.path;
  return confirmed ? provenance : { ...provenance, learnt: 'annotations' };
}

/** How a chart was rendered for a revision, where what applied it says so. */
export function helmOf({ sources }: GitRevertOptions, { learnt, source, helm }: Provenance): HelmOptions | undefined {
  if (helm) return helm;
  const found = learnt === 'GitSource' && source ? sources.get(source.namespace, source.name) : undefined;
  return found && helmOptionsOf(found);
}

export function originOf(
  namespace: string,
  { repository, branch, path }: Pick<Provenance, 'repository' | 'branch' | 'path'>,
) {
  return { namespace, repository: canonicalRepository(repository), branch, path };
}
