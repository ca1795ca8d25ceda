import { parsedFields } from '../../../api/fields.ts';
import type { Proposal, ProposalBranches, ProposalOutcome } from '../host.ts';
import { type Api, failureOf, typeOf } from './api.ts';
import { beyondWaiting, strategyFor } from './policies.ts';
import { editPull, type Pull, pathOf, pullOf, readPull, shown } from './pulls.ts';

/** Azure DevOps finds out in the background whether it can be merged, and merges there. */
const UNDECIDED = new Set(['notSet', 'queued']);
/** What waiting does not end. */
const HOPELESS = new Set(['conflicts', 'failure']);
/** How long all the options together may be, which leaves some for the others. */
const MESSAGE_CHARACTERS = 3500;
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** The whole message, or where it is too long for Azure DevOps its headline and the trailers by which others know the commit. */
function fitting(message: string): string {
  const whole = message.trim();
  const paragraphs = whole.split(/\n{2,}/);
  const short = [paragraphs[0], paragraphs.at(-1)].join('\n\n');
  const fits = (text: string) => JSON.stringify(text).length <= MESSAGE_CHARACTERS;
  return [whole, short].find(fits) ?? short.slice(-MESSAGE_CHARACTERS / 2).toWellFormed();
}

async function optionsFor(api: Api, pull: Pull, into: string, head: string) {
  const mergeStrategy = await strategyFor(api, pull, into);
  const { message } = await api.commit(head);
  // Azure DevOps' own message would not say on the target what was reverted.
  return { deleteSourceBranch: true, mergeCommitMessage: fitting(message), ...(mergeStrategy && { mergeStrategy }) };
}

/**
 * It is a person's now: what they push to it is not to be merged in our name. What they told the host in their own stays.
 * Answers the pull request as it is then.
 */
function stopWaiting(api: Api, pull: Pull): Pull | Promise<Pull> {
  const isOurs = pull.waitsFor !== undefined && pull.waitsFor === pull.creator;
  return isOurs ? editPull(api, pull, { autoCompleteSetBy: { id: NOBODY } }) : pull;
}

/** As `Proposals.cancelMerge`. What is being merged already is not held up. Throws `Ended` as well. */
export async function cancelMerge(api: Api, wanted: Proposal & ProposalBranches): Promise<ProposalOutcome> {
  const pull = await readPull(api, wanted);
  const now = pull.state === 'open' ? await stopWaiting(api, pull) : pull;
  return shown(now, await api.head(wanted.from));
}

async function leave(api: Api, pull: Pull, kind: 'stale' | 'protected', why: string): Promise<ProposalOutcome> {
  const { state } = await stopWaiting(api, pull);
  // A merge was faster, or a person; whoever asks again sees what came of it.
  if (state !== 'open') return { kind: 'unknown', message: `pull request ${pull.number} is ${state} meanwhile` };
  return { kind, message: `pull request ${pull.number} ${why}` };
}

function elsewhere(head: string | undefined, wanted: string | undefined): string {
  return `has its branch at ${head ?? 'no commit'}, not at ${wanted}`;
}

/** Left to a person where a policy is not fulfilled by waiting. */
async function leftToPeople(api: Api, pull: Pull): Promise<ProposalOutcome | undefined> {
  const policies = await beyondWaiting(api, pull);
  if (policies.length === 0) return undefined;
  return leave(
    api,
    pull,
    'protected',
    `is kept by ${policies.join(', ')}, which waiting does not fulfil. A person decides`,
  );
}

/** Has Azure DevOps merge when the policies are fulfilled. It binds that to no head, so the branch is looked at once more. */
async function schedule(api: Api, pull: Pull, { from, head }: Proposal & ProposalBranches, completionOptions: object) {
  const left = await leftToPeople(api, pull);
  if (left) return left;
  // It takes no other account than the token's, which is the one that opened the pull request.
  const scheduled = await editPull(api, pull, { autoCompleteSetBy: { id: pull.creator }, completionOptions });
  const now = await api.head(from);
  const isMoved = scheduled.state === 'open' && now !== head;
  return isMoved ? leave(api, scheduled, 'stale', elsewhere(now, head)) : shown(scheduled, now);
}

/** Completing it is bound to the head, and happens a moment later. */
async function complete(api: Api, pull: Pull, wanted: Proposal & ProposalBranches, head: string) {
  const completionOptions = await optionsFor(api, pull, wanted.into, head);
  const lastMergeSourceCommit = { commitId: head };
  const answer = await api.patch(pathOf(pull), { status: 'completed', lastMergeSourceCommit, completionOptions });
  if (answer.status === 200) return shown(pullOf(api.page, parsedFields(answer.body)), await api.head(wanted.from));
  if (typeOf(answer) === 'GitPullRequestUpdateRejectedByPolicyException') {
    return schedule(api, pull, wanted, completionOptions);
  }
  const now = answer.status === 400 ? await readPull(api, pull) : pull;
  return now.state === 'open' ? failureOf(answer) : shown(now, await api.head(wanted.from));
}

/** As `Proposals.merge`. Throws `Ended` as well. */
export async function merge(api: Api, wanted: Proposal & ProposalBranches): Promise<ProposalOutcome> {
  const pull = await readPull(api, wanted);
  const head = await api.head(wanted.from);
  if (pull.state !== 'open') return shown(pull, head);
  if (!head || head !== wanted.head) return leave(api, pull, 'stale', elsewhere(head, wanted.head));
  if (pull.isDraft) return leave(api, pull, 'protected', 'is a draft. A person says when it is ready');
  if (HOPELESS.has(pull.tried)) {
    const why = pull.reason && ` (${pull.reason.slice(0, 300)})`;
    return leave(api, pull, 'protected', `cannot be merged: ${pull.tried}${why}. A person resolves it`);
  }
  if (UNDECIDED.has(pull.tried)) return shown(pull, head);
  if (pull.waitsFor) return (await leftToPeople(api, pull)) ?? shown(pull, head);
  return complete(api, pull, wanted, head);
}
