import type { ParsedFiles } from '../../git/manifests.ts';
import { type Candidate, type Classification, findCulprit } from '../../revert/index.ts';
import { openPolicy } from './access.ts';
import type { Case, Refusal } from './failure.ts';
import type { GitRevertOptions } from './options.ts';
import { templateAt } from './templates.ts';

const MOST_CANDIDATES = 30;

/** The first-parent commits between good and bad that touched the path, with what they did to the template. */
export async function searchCulprit(
  options: GitRevertOptions,
  { failure, policy, bad, good }: Case,
): Promise<Classification> {
  const { repository } = await openPolicy(policy, options);
  await repository.fetch();
  const { name, namespace = 'default' } = failure.rollout.metadata;
  if (!(await repository.commit(bad.commit)) || !(await repository.commit(good.commit))) return { kind: 'none' };
  const commits = await repository.log({
    from: good.commit,
    to: bad.commit,
    path: bad.path,
    limit: MOST_CANDIDATES + 1,
  });
  if (commits.length > MOST_CANDIDATES) return { kind: 'several', commits: commits.map(({ id }) => id) };
  const parsed: ParsedFiles = new Map();
  const rollout = { path: bad.path, namespace, name };
  const candidates: Candidate[] = [];
  for (const { id, parents } of commits) {
    const after = await templateAt(repository, id, rollout, parsed);
    const [parent] = parents;
    const before =
      parent === undefined ? { kind: 'absent' as const } : await templateAt(repository, parent, rollout, parsed);
    candidates.push({ commit: id, before, after });
  }
  return findCulprit(candidates);
}

/** Why a search leads to no revert. */
export function explainSearch(found: Classification): Refusal | undefined {
  if (found.kind === 'none') {
    return {
      reason: 'NotFromGit',
      message:
        'no commit between the stable and the failed revision changes this pod template: the change did not come from Git',
    };
  }
  if (found.kind === 'unreadable') {
    return {
      reason: 'Unreadable',
      message: `what commit ${found.commit.slice(0, 7)} did cannot be told: ${found.message}`,
    };
  }
  return undefined;
}
