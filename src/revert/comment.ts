/** What is said on the pull request that brought the change: one comment, which tells how things are now. */
import type { Culprit, GitRevert, GitRevertState } from '../api/index.ts';
import { derive } from './decide.ts';
import { type Evidence, evidenceTable } from './evidence.ts';
import { codeSpan, link } from './markdown.ts';

const MESSAGE_CHARACTERS = 500;
const NAME_CHARACTERS = 80;
/** As hosts spell those whom they can notify. */
const LOGIN = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$/;

/** States in which something is said. What was said before is told anew in those of the second kind, and else nothing. */
const SAID: ReadonlySet<GitRevertState> = new Set(['proposed', 'landed', 'needsHuman']);
const TOLD_ANEW: ReadonlySet<GitRevertState> = new Set(['vetoed', 'superseded', 'skipped']);
const OUT_OF_GIT: ReadonlySet<GitRevertState> = new Set(['landed', 'merged', 'observed', 'done']);

/** The state of which the comment has to speak; undefined where it says that already, or there is nothing to say. */
export function commentDue({ status }: GitRevert): GitRevertState | undefined {
  const state = derive(status);
  const says = status?.reported?.comment?.says;
  const due = OUT_OF_GIT.has(state) && status?.commit !== undefined ? 'landed' : state;
  if (due === says) return undefined;
  return SAID.has(due) || (says !== undefined && TOLD_ANEW.has(due)) ? due : undefined;
}

export interface CommentFacts {
  revert: GitRevert;
  state: GitRevertState;
  evidence: Evidence;
  /** Whether the policy lets the author be notified. */
  mentionsAuthor: boolean;
  graphUrl: string | undefined;
}

function outcome({ spec, status = {} }: GitRevert, state: GitRevertState): string {
  const { proposal, commit, url, message } = status;
  const why = message ? `: ${codeSpan(message, MESSAGE_CHARACTERS)}` : '';
  const request = proposal && link(`pull request ${proposal.number}`, proposal.url);
  // Of what was proposed, only the proposal's own address is known.
  const address = url === proposal?.url ? undefined : url;
  switch (state) {
    case 'proposed':
      return `The change is still in Git: ${request} takes it out, and has to be merged.`;
    case 'landed':
      return `The change is out of Git: ${link(`commit ${commit?.slice(0, 7)}`, address)} takes it back${request ? `, by ${request}` : ''}. To have it after all, fix it forward, or revert that commit.`;
    case 'needsHuman':
      return `The change is still in Git, and a person has to decide what becomes of it${why}.`;
    case 'vetoed':
      return `The change stays in Git: ${request ?? 'the pull request'} to take it out was closed. The cluster stays on what ran before until the pod template changes.`;
    default:
      return `Nothing more is done about it in branch ${codeSpan(spec.branch, NAME_CHARACTERS)}${why}.`;
  }
}

/** What has the host notify who opened the pull request of the change, where the policy has them mentioned. */
export function mentionOf({ status }: GitRevert, mentionsAuthor: boolean): string {
  const { author } = status?.culprit?.pullRequest ?? {};
  return mentionsAuthor && author && LOGIN.test(author) ? `@${author}: ` : '';
}

/** Markdown. All text from outside is in code spans, but for the author's login, where the policy has them mentioned. */
export function commentText({ revert, state, evidence, mentionsAuthor, graphUrl }: CommentFacts): string {
  const { rollout, culprits } = revert.spec;
  const which = codeSpan(`${rollout.namespace}/${rollout.name}`, 2 * NAME_CHARACTERS);
  const failed = `${mentionOf(revert, mentionsAuthor)}The release of ${which} with ${codeSpan((culprits[0] ?? '').slice(0, 7), 7)} failed, and its traffic is back on what ran before.`;
  return [failed, outcome(revert, state), evidenceTable(evidence, graphUrl)].filter(Boolean).join('\n\n');
}

/** Who stands behind the change, in words without links: for texts that many read. */
export function behindText({ author, pullRequest, reviewers = [] }: Culprit): string {
  const name = (text: string) => codeSpan(text, NAME_CHARACTERS);
  const request = pullRequest && `pull request ${pullRequest.number}`;
  const reviewed = reviewers.length > 0 && `reviewed by ${reviewers.map(name).join(', ')}`;
  return [`by ${name(author)}`, request, reviewed].filter(Boolean).join(', ');
}
