import type { Clone, Commit } from '../../git/clone.ts';
import {
  type Candidate,
  type Classification,
  findCulprit,
  isFound,
  lastTurn,
  nextLook,
  type TemplateInGit,
} from '../../revert/index.ts';
import { sameTemplate } from '../../rollout/index.ts';
import { openPolicy } from './access.ts';
import type { Case, Refusal } from './failure.ts';
import type { GitRevertOptions } from './options.ts';
import { helmOf } from './revision.ts';
import { shareOf } from './share.ts';
import { type RolloutThere, rolloutAt } from './templates.ts';

const MOST_CANDIDATES = 30;
/** Of the commits that are not each looked at. */
const MOST_BISECTED = 10_000;
/** Besides the two ends, and the two sides of what was found. */
const MOST_LOOKS = 26;
const NOTHING: RolloutThere = { template: { kind: 'absent' }, inputs: [], others: new Map() };

/** `apart`: the commit changed other Rollouts too, and what is this one's can be taken back by itself. */
export type SearchResult = Exclude<Classification, { kind: 'one' }> | { kind: 'one'; culprit: string; apart: boolean };

interface Range {
  good: string;
  bad: string;
}

/** What a commit says of the Rollout; each is asked once. */
type Look = (commit: string | undefined) => Promise<RolloutThere>;

/**
 * The commits between good and bad that touched what the Rollout is made of, each with both its sides. What it is made of is
 * followed at both ends and at each of these commits, until there is nothing new in it. Undefined: there are too many of them
 * to look at each; `paths` is what is known by then.
 */
async function candidatesBetween(clone: Clone, { good, bad }: Range, look: Look) {
  const paths = new Set([...(await look(good)).inputs, ...(await look(bad)).inputs]);
  for (;;) {
    const known = paths.size;
    const query = { from: good, to: bad, path: [...paths], limit: MOST_CANDIDATES + 1 };
    const commits: Commit[] = await clone.log(query);
    if (commits.length > MOST_CANDIDATES) return { paths, candidates: undefined };
    const candidates: Candidate[] = [];
    for (const { id, parents } of commits) {
      const [after, before] = [await look(id), await look(parents[0])];
      for (const path of [...after.inputs, ...before.inputs]) paths.add(path);
      candidates.push({ commit: id, before: before.template, after: after.template });
    }
    if (paths.size === known) return { paths, candidates };
  }
}

function same(one: TemplateInGit, other: TemplateInGit): boolean {
  return one.kind === 'template' && other.kind === 'template' && sameTemplate(one.template, other.template);
}

/**
 * Of many commits, the one after which there is nothing but the template that failed, as far as a limited number of looks can
 * tell. What was before it must be what was at the stable revision's commit: else others changed the template too.
 */
async function bisect(
  clone: Clone,
  { good, bad }: Range,
  paths: ReadonlySet<string>,
  look: Look,
): Promise<Classification> {
  const query = { from: good, to: bad, path: [...paths], limit: MOST_BISECTED + 1 };
  const commits = (await clone.log(query)).reverse();
  const several: Classification = { kind: 'several', commits: commits.slice(-MOST_CANDIDATES).map(({ id }) => id) };
  if (commits.length > MOST_BISECTED) return several;
  const [start, end] = [(await look(good)).template, (await look(bad)).template];
  if (same(start, end)) return { kind: 'none' };
  const looked: (boolean | undefined)[] = commits.map(() => undefined);
  looked[commits.length - 1] = true;
  for (let count = 0; count < MOST_LOOKS; count++) {
    const next = nextLook(looked);
    const commit = next === undefined ? undefined : commits[next];
    if (next === undefined || commit === undefined) break;
    const { template } = await look(commit.id);
    if (template.kind === 'unreadable') return { kind: 'unreadable', commit: commit.id, message: template.message };
    looked[next] = same(template, end);
  }
  const found = commits[lastTurn(looked)];
  if (!isFound(looked) || found === undefined) return several;
  const [before, after] = [(await look(found.parents[0])).template, (await look(found.id)).template];
  return same(before, start) && same(after, end) ? { kind: 'one', culprit: found.id } : several;
}

/** The first-parent commits between good and bad that touched what the Rollout is made of, with what they did to the template. */
export async function searchCulprit(
  options: GitRevertOptions,
  { failure, policy, bad, good }: Case,
): Promise<SearchResult> {
  const { repository } = await openPolicy(policy, options);
  await repository.fetch();
  const { name, namespace = 'default' } = failure.rollout.metadata;
  for (const { commit } of [good, bad]) if (!(await repository.commit(commit))) return { kind: 'rewritten', commit };
  const rollout = { path: bad.path, namespace, name, helm: helmOf(options, bad) };
  const reading = { renderer: options.renderer, parsed: new Map() };
  const seen = new Map<string, Promise<RolloutThere>>();
  const look: Look = async (commit) => {
    if (commit === undefined) return NOTHING;
    const answer = seen.get(commit) ?? rolloutAt(repository, commit, rollout, reading);
    seen.set(commit, answer);
    return answer;
  };
  const range = { good: good.commit, bad: bad.commit };
  if ((await look(bad.commit)).template.kind === 'absent') return { kind: 'absent', commit: bad.commit };
  const { candidates, paths } = await candidatesBetween(repository, range, look);
  const found = candidates ? findCulprit(candidates) : await bisect(repository, range, paths, look);
  if (found.kind !== 'one') return found;
  const share = await shareOf(repository, found.culprit, rollout, reading, look);
  return { ...found, apart: share !== undefined };
}

/** Why a search leads to no revert. */
export function explainSearch(found: SearchResult): Refusal | undefined {
  if (found.kind === 'none') {
    return {
      reason: 'NotFromGit',
      message:
        'no commit between the stable and the failed revision changes this pod template: the change did not come from Git',
    };
  }
  if (found.kind === 'absent') {
    const message = `commit ${found.commit.slice(0, 7)} does not hold this Rollout in its folder: what makes it of what is there (a HelmRelease whose chart lies elsewhere, or a program that Headgate does not run) is not followed. Revert by hand`;
    return { reason: 'RolloutNotInGit', message };
  }
  if (found.kind === 'rewritten') {
    const message = `commit ${found.commit.slice(0, 7)}, which one of the two revisions came from, is not on the branch any more: its history was rewritten, so what changed this pod template cannot be told. Revert by hand`;
    return { reason: 'HistoryRewritten', message };
  }
  if (found.kind === 'unreadable') {
    return {
      reason: 'Unreadable',
      message: `what commit ${found.commit.slice(0, 7)} did cannot be told: ${found.message}`,
    };
  }
  return undefined;
}
