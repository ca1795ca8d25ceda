import type { GitRevert } from '../../api/index.ts';
import type { HelmOptions } from '../../git/app.ts';
import type { Clone } from '../../git/clone.ts';
import { type App, touchesApp } from './touched.ts';

interface Named {
  revert: GitRevert;
  helm: HelmOptions | undefined;
  /** Where the stable ReplicaSet came from; undefined where that is not known. */
  stableCommit: string | undefined;
}

const appOf = ({ revert: { spec }, helm }: Named): App => ({
  path: spec.path,
  namespace: spec.rollout.namespace,
  helm,
});

async function isCulprit(clone: Clone, id: string, named: Named): Promise<boolean> {
  const { goodRevision, badRevision: bad } = named.revert.spec;
  if (!(await clone.isAncestor(id, bad))) return false;
  // The record may name another stable revision; the ReplicaSet's own may lie behind the failed one by now, and says nothing then.
  for (const good of [goodRevision, named.stableCommit]) {
    if (good && (await clone.isAncestor(good, bad)) && (await clone.isAncestor(id, good))) return false;
  }
  return touchesApp(clone, id, appOf(named));
}

/**
 * Whether the commits that a record names can be what it says: culprits between its two revisions, and a commit that takes them
 * out, each of which has changed this app. Whoever may write records may name any commit of the repository, and nobody is to be
 * told of a failure who has nothing to do with it. What is to be asked is fetched before.
 */
export async function isOfRelease(clone: Clone, named: Named): Promise<boolean> {
  const { spec, status } = named.revert;
  for (const id of spec.culprits) if (!(await isCulprit(clone, id, named))) return false;
  return status?.commit === undefined || touchesApp(clone, status.commit, appOf(named));
}
