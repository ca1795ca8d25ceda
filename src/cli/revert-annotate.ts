/** A person's word on a GitRevert, as an annotation. */
import type { GitRevert } from '../api/index.ts';
import { isConflict } from '../kube/client.ts';
import { gitReverts } from '../kube/resources.ts';
import type { Cluster } from './cluster.ts';
import { patchObject } from './patching.ts';
import { readRevert } from './revert.ts';

const MOST_ATTEMPTS = 5;

/**
 * Sets the annotation to `true`, and only onto the very state that was looked at: the next one may be the write. `refuse`
 * throws where the word comes too late, or is not asked for.
 */
export async function annotateRevert(
  cluster: Cluster,
  name: string,
  annotation: string,
  refuse: (revert: GitRevert) => void,
): Promise<GitRevert> {
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt++) {
    const revert = await readRevert(cluster, name);
    refuse(revert);
    const { resourceVersion } = revert.metadata;
    const body = { metadata: { resourceVersion, annotations: { [annotation]: 'true' } } };
    try {
      return await patchObject(cluster, gitReverts, name, body);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
  throw new Error(`gitrevert '${name}' keeps changing, so nothing was written; try again`);
}
