import { type Fields, fieldsOf, textOf } from '../../../api/fields.ts';
import type { Proposal, ProposalBranches } from '../host.ts';
import { branchPath, Ended } from '../http.ts';
import type { Api } from './api.ts';

/** Every way in which Gitea brings commits to a branch by itself, and the repository's field that allows it. */
const STYLES = [
  ['merge', 'allow_merge_commits'],
  ['squash', 'allow_squash_merge'],
  ['rebase', 'allow_rebase'],
  ['rebase-merge', 'allow_rebase_explicit'],
  ['fast-forward-only', 'allow_fast_forward_only_merge'],
] as const;

export type MergeStyle = (typeof STYLES)[number][0];

/** A pull request as Gitea's API tells of it. */
export interface Pull {
  proposal: Proposal;
  into: string;
  /** False also while Gitea is still looking, and true for a moment before it has looked at all. */
  isMergeable: boolean;
  isDraft: boolean;
  /** Whether the credential may write to the repository. */
  mayWrite: boolean;
  /** How the repository has it merged: by its default style, where that is allowed and works; undefined where none does. */
  style: MergeStyle | undefined;
}

function styleFor(repository: Fields, isBehind: boolean): MergeStyle | undefined {
  const allowed = STYLES.filter(([, field]) => repository[field] === true).map(([style]) => style);
  const working = allowed.filter((style) => style !== 'fast-forward-only' || !isBehind);
  return working.find((style) => style === repository.default_merge_style) ?? working[0];
}

function stateOf({ merged, state }: Fields): Proposal['state'] {
  if (merged === true) return 'merged';
  return state === 'closed' ? 'closed' : 'open';
}

/** Throws `Ended` for what is no pull request. */
export function pullOf(fields: Fields): Pull {
  const number = Number(fields.number);
  if (!Number.isSafeInteger(number)) {
    throw new Ended({ kind: 'unknown', message: 'Gitea answered without saying which pull request it means' });
  }
  const head = fieldsOf(fields.head);
  const base = fieldsOf(fields.base);
  const repository = fieldsOf(base.repo);
  const state = stateOf(fields);
  const commit = state === 'merged' ? textOf(fields.merge_commit_sha) : undefined;
  // Once the branch is gone, its last commit is told with the ref that Gitea keeps for itself.
  const at = head.ref === head.label ? textOf(head.sha) : undefined;
  const url = textOf(fields.html_url) ?? '';
  return {
    proposal: { number, url, state, ...(at && { head: at }), ...(commit && { commit }) },
    into: textOf(base.ref) ?? '',
    isMergeable: fields.mergeable === true,
    isDraft: fields.draft === true,
    mayWrite: fieldsOf(repository.permissions).push !== false,
    style: styleFor(repository, fields.merge_base !== base.sha),
  };
}

function isBetween({ head, base }: Fields, { from, into }: ProposalBranches): boolean {
  const [source, target] = [fieldsOf(head), fieldsOf(base)];
  return source.label === from && target.ref === into && source.repo_id === target.repo_id;
}

const PAGE_LENGTH = 50;

/**
 * The pull request for these branches; undefined where there never was one. Gitea answers with the first one ever made. Where
 * that is not open, later ones are among the newer pull requests only: no filter knows the branch they come from.
 */
export async function findPull(api: Api, branches: ProposalBranches): Promise<Pull | undefined> {
  const { from, into } = branches;
  const first = await api.find(`pulls/${encodeURIComponent(into)}/${branchPath(from)}`);
  if (!first) {
    // Not found is also what a missing repository answers.
    await api.branch(into);
    return undefined;
  }
  if (stateOf(first) === 'open') return pullOf(first);
  const found: Fields[] = [];
  const filter = `state=all&base_branch=${encodeURIComponent(into)}&limit=${PAGE_LENGTH}`;
  for (let page = 1, more = true; more; page++) {
    const pulls = await api.list(`pulls?${filter}&page=${page}`);
    found.push(...pulls.filter((each) => isBetween(each, branches)));
    more = pulls.length > 0 && pulls.every((each) => Number(each.number) > Number(first.number));
  }
  // Newest first.
  return pullOf(found.find((each) => stateOf(each) === 'open') ?? found[0] ?? first);
}

export async function readPull(api: Api, number: number): Promise<Pull> {
  return pullOf(await api.get(`pulls/${number}`));
}
