import { fieldsOf, listOf, parsedFields } from '../../../api/fields.ts';
import type { Proposal, ProposalBranches, ProposalOutcome, ProposalRequest, Proposals } from '../host.ts';
import { openOnce, proposalsOver } from '../host-proposals.ts';
import { Ended, type SendRequest } from '../http.ts';
import { type Api, failureOf, NO_COMMIT, openApi, typeOf } from './api.ts';
import { writeBranch } from './commit.ts';
import { cancelMerge, merge } from './merge.ts';
import { editPull, findPull, type Pull, pathOf, pullOf, readPull, shown } from './pulls.ts';

/** Azure DevOps takes no longer ones. */
const TITLE_CHARACTERS = 400;
const DESCRIPTION_CHARACTERS = 4000;

function cut(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1).toWellFormed()}…`;
}

async function find(api: Api, branches: ProposalBranches): Promise<ProposalOutcome | { kind: 'none' }> {
  const found = await findPull(api, branches);
  return found ? shown(found, await api.head(branches.from)) : { kind: 'none' };
}

async function create(api: Api, { from, branch: into, title, body }: ProposalRequest): Promise<Pull> {
  const answer = await api.post('/pullrequests', {
    sourceRefName: `refs/heads/${from}`,
    targetRefName: `refs/heads/${into}`,
    title: cut(title, TITLE_CHARACTERS),
    description: cut(body, DESCRIPTION_CHARACTERS),
  });
  if (answer.status === 201) return pullOf(api.page, parsedFields(answer.body));
  // An earlier call made it.
  const found = typeOf(answer) === 'GitPullRequestExistsException' ? await findPull(api, { from, into }) : undefined;
  if (found) return found;
  throw new Ended(failureOf(answer));
}

function open(api: Api, request: ProposalRequest): Promise<ProposalOutcome> {
  return openOnce(request, {
    target: api.branch,
    findNewest: (branches) => findPull(api, branches),
    async findBranch(name) {
      const head = await api.head(name);
      return head === undefined ? undefined : { head };
    },
    messageOf: async ({ head }) => (await api.commit(head)).message,
    makeBranch: () => writeBranch(api, request, request.from),
    deleteBranch: (head) => deleteBranch(api, request.from, head),
    create: () => create(api, request),
    shown: (own, branch) => shown(own, branch?.head),
  });
}

/** Deletes the branch if it is at this commit; answers whether it is gone. A rule, or a person's push, may keep it. */
async function deleteBranch(api: Api, name: string, head: string): Promise<boolean> {
  const answer = await api.post('/refs', [{ name: `refs/heads/${name}`, oldObjectId: head, newObjectId: NO_COMMIT }]);
  if (answer.status !== 200) throw new Ended(failureOf(answer));
  // Refused with 200.
  return fieldsOf(listOf(parsedFields(answer.body).value)[0]).updateStatus === 'succeeded';
}

/** It ends last: asked again after any of these calls, the others have been done, or are done now. */
async function close(api: Api, proposal: Proposal & ProposalBranches, why: string): Promise<ProposalOutcome> {
  const { from, head } = proposal;
  const pull = await readPull(api, proposal);
  const there = await api.head(from);
  if (pull.state !== 'open') return shown(pull, there);
  // An active thread would be one to resolve, where a policy asks for that.
  const comments = [{ parentCommentId: 0, content: why, commentType: 'text' }];
  const said = await api.post(`${pathOf(proposal)}/threads`, { comments, status: 'closed' });
  if (said.status >= 300) return failureOf(said);
  const isGone = there !== undefined && there === head && (await deleteBranch(api, from, head));
  return shown(await editPull(api, proposal, { status: 'abandoned' }), isGone ? undefined : there);
}

/** Azure DevOps makes those that the project does not have yet. */
async function addLabels(api: Api, proposal: Proposal, labels: readonly string[]): Promise<void> {
  for (const name of labels) await api.post(`${pathOf(proposal)}/labels`, { name });
}

/** Pull requests from a branch of the same repository. */
export function createAzureProposals(send: SendRequest): Proposals {
  return proposalsOver((access) => openApi(send, access), { find, open, addLabels, merge, cancelMerge, close });
}
