import type { BareRepository } from './repository.ts';

/** Whether merging a head brought a commit that its target did not have. */
export async function brings(bare: BareRepository, merge: string | undefined, head: string, commit: string) {
  if (merge === undefined || merge === commit) return merge === commit;
  const own = await bare.git(['rev-list', head, '--not', `${merge}^1`]);
  return own.toString('utf8').split('\n').includes(commit);
}
