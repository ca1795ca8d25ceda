import type { Clone, Commit } from '../../git/clone.ts';
import { type Candidate, type Classification, findCulprit } from '../../revert/index.ts';
import { openPolicy } from './access.ts';
import type { Case, Refusal } from './failure.ts';
import type { GitRevertOptions } from './options.ts';
import { helmOf } from './revision.ts';
import { type RolloutThere, rolloutAt } from './templates.ts';

const MOST_CANDIDATES = 30;
const NOTHING: RolloutThere = { template: { kind: 'absent' }, inputs: [] };

interface Range {
  good: string;
  bad: string;
}

/** What a commit says of the Rollout; each is asked once. */
type Look = (commit: string | undefined) => Promise<RolloutThere>;

/**
 * The commits between good and bad that touched what the Rollout is made of, each with both its sides. What it is made of is
 * followed at both ends and at each of these commits, until there is nothing new in it. Undefined: there are too many commits,
 * which are answered as they are.
 */
async function candidatesBetween(clone: Clone, { good, bad }: Range, look: Look) {
  const paths = new Set([...(await look(good)).inputs, ...(await look(bad)).inputs]);
  for (;;) {
    const known = paths.size;
    const query = { from: good, to: bad, path: [...paths], limit: MOST_CANDIDATES + 1 };
    const commits: Commit[] = await clone.log(query);
    if (commits.length > MOST_CANDIDATES) return { commits, candidates: undefined };
    const candidates: Candidate[] = [];
    for (const { id, parents } of commits) {
      const [after, before] = [await look(id), await look(parents[0])];
      for (const path of [...after.inputs, ...before.inputs]) paths.add(path);
      candidates.push({ commit: id, before: before.template, after: after.template });
    }
    if (paths.size === known) return { commits, candidates };
  }
}

/** The first-parent commits between good and bad that touched what the Rollout is made of, with what they did to the template. */
export async function searchCulprit(
  options: GitRevertOptions,
  { failure, policy, bad, good }: Case,
): Promise<Classification> {
  const { repository } = await openPolicy(policy, options);
  await repository.fetch();
  const { name, namespace = 'default' } = failure.rollout.metadata;
  if (!(await repository.commit(bad.commit)) || !(await repository.commit(good.commit))) return { kind: 'none' };
  const rollout = { path: bad.path, namespace, name, helm: helmOf(options, bad) };
  const reading = { renderer: options.renderer, parsed: new Map() };
  const seen = new Map<string, Promise<RolloutThere>>();
  const look: Look = async (commit) => {
    if (commit === undefined) return NOTHING;
    const answer = seen.get(commit) ?? rolloutAt(repository, commit, rollout, reading);
    seen.set(commit, answer);
    return answer;
  };
  const found = await candidatesBetween(repository, { good: good.commit, bad: bad.commit }, look);
  return found.candidates
    ? findCulprit(found.candidates)
    : { kind: 'several', commits: found.commits.map(({ id }) => id) };
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
