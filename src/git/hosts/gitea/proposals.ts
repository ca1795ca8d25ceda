import { fieldsOf, parsedFields, parsedList, textOf } from '../../../api/fields.ts';
import {
  carriesKey,
  type Proposal,
  type ProposalBranches,
  type ProposalRequest,
  type Proposals,
  type RepositoryAccess,
} from '../host.ts';
import type { Branch } from '../host-objects.ts';
import { askAtOnceOrEach, asOutcome, createUnlessThere, proposalsOver } from '../host-proposals.ts';
import { branchPath, Ended, type HttpResponse } from '../http.ts';
import { type Api, branchIn, failureOf } from './api.ts';
import { operationsFor, writeCommit } from './commit.ts';
import { cancelMerge, mergePull } from './merge.ts';
import { findPull, pullOf, readPull } from './pulls.ts';

function messageOf(answer: HttpResponse): string {
  return textOf(parsedFields(answer.body).message) ?? '';
}

function holdsSomethingElse(from: string): Ended {
  const message = `the branch ${from} is there and holds something else: whoever made it must delete it first`;
  return new Ended({ kind: 'protected', message });
}

/** Deletes a branch; answers false where rules keep it. */
async function deleteBranch(api: Api, name: string): Promise<boolean> {
  const answer = await api.send('DELETE', `branches/${branchPath(name)}`);
  if (answer.status === 204 || answer.status === 404) return true;
  if (answer.status === 403 && /branch protected|can not delete/i.test(messageOf(answer))) return false;
  throw new Ended(failureOf(answer));
}

/** Makes the branch where the expected head is; Gitea's own way to a branch with a commit starts at the target's head. */
async function createBranch(api: Api, { from, expectedHead }: ProposalRequest) {
  const body = JSON.stringify({ new_branch_name: from, old_ref_name: expectedHead });
  const answer = await api.send('POST', 'branches', body);
  if (answer.status === 201) return;
  const failure = failureOf(answer);
  const message = `${from} could not be made. ${failure.message}`;
  // Also where rules for branches of that name forbid it; Gitea does not say so.
  if (failure.kind === 'unknown') throw new Ended({ kind: 'unknown', message });
  // Made by another in the meantime; any other conflict is one of names, and stays.
  if (failure.kind === 'stale' && !/^The branch already exists/i.test(messageOf(answer))) {
    throw new Ended({ kind: 'protected', message });
  }
  throw new Ended(failure);
}

/** Makes the branch with its one commit; `there` is what an earlier call may have left of it. */
async function makeBranch(api: Api, request: ProposalRequest, there: Branch | undefined) {
  const { from, expectedHead } = request;
  const operations = await operationsFor(api, request);
  if (there && there.head !== expectedHead) {
    const own = await api.list(`commits?sha=${there.head}&not=${expectedHead}&limit=1&stat=false&files=false`);
    // Without commits of its own, it is of a call that got no further, when the target was at an older head.
    if (own.length > 0 || !(await deleteBranch(api, from))) throw holdsSomethingElse(from);
  }
  if (there?.head !== expectedHead) await createBranch(api, request);
  const written = await writeCommit(api, { ...request, branch: from }, operations);
  if (written.kind !== 'written') throw new Ended(written);
  if (written.message) throw holdsSomethingElse(from);
}

async function requestPull(api: Api, { branch: into, from, title, body }: ProposalRequest): Promise<Proposal> {
  const answer = await api.send('POST', 'pulls', JSON.stringify({ head: from, base: into, title, body }));
  if (answer.status === 201) return pullOf(parsedFields(answer.body)).proposal;
  if (answer.status === 409) {
    const other = await findPull(api, { from, into });
    if (other) return other.proposal;
  }
  const failure = failureOf(answer);
  // Both branches are there.
  if (failure.kind === 'gone' && answer.status === 404) {
    const message = `Gitea answered 404: the repository takes no pull requests, or one of ${from} and ${into} has just gone`;
    throw new Ended({ kind: 'protected', message });
  }
  throw new Ended(failure);
}

async function openPull(api: Api, request: ProposalRequest): Promise<Proposal> {
  const { branch: into, from, key } = request;
  const found = (await findPull(api, { from, into }))?.proposal;
  if (found && found.state !== 'open') return found;
  const fields = await api.find(`branches/${branchPath(from)}`);
  const there = fields && branchIn(fields);
  const isOurs = there !== undefined && carriesKey(there.message, key);
  if (found && isOurs) return found;
  if (found && !there) throw new Ended({ kind: 'stale', message: `${from} is gone, and ${found.url} is being closed` });
  if (found) throw holdsSomethingElse(from);
  if (!isOurs) await makeBranch(api, request, there);
  return createUnlessThere({
    findNewest: async () => (await findPull(api, { from, into }))?.proposal,
    create: () => requestPull(api, request),
    deleteBranch: () => deleteBranch(api, from),
  });
}

/**
 * Closes it last: whoever asks again after a lost answer finds it open and goes on. One without a branch is closed by Gitea
 * itself, a moment later.
 */
async function closePull(api: Api, proposal: Proposal & ProposalBranches, why: string): Promise<Proposal> {
  const { proposal: now, mayWrite } = await readPull(api, proposal.number);
  if (now.state !== 'open') return now;
  if (!mayWrite) throw new Ended({ kind: 'noRights', message: 'the token may read pull requests but not write' });
  const path = `pulls/${proposal.number}`;
  // A review, because a comment asks for another right of the token.
  const said = await api.send('POST', `${path}/reviews`, JSON.stringify({ event: 'COMMENT', body: why }));
  if (said.status !== 200) throw new Ended(failureOf(said));
  if (now.head && now.head === proposal.head) await deleteBranch(api, proposal.from);
  const closed = await api.send('PATCH', path, JSON.stringify({ state: 'closed' }));
  if (closed.status === 201) return pullOf(parsedFields(closed.body)).proposal;
  // Merged in the meantime.
  if (closed.status === 412) return (await readPull(api, proposal.number)).proposal;
  throw new Ended(failureOf(closed));
}

/** Of a label that the repository does not have yet: Gitea makes none without. */
const LABEL_COLOR = '#d93f0b';

/**
 * Of the names that it is asked for, Gitea adds those that the repository or its organisation has as labels, says nothing of the
 * others, and answers with all labels that the pull request has then. It takes names since 1.22.
 */
async function addLabels(api: Api, { number }: Proposal, labels: readonly string[]): Promise<void> {
  const add = (names: readonly string[]) =>
    api.send('POST', `issues/${number}/labels`, JSON.stringify({ labels: names }));
  const answer = await add(labels);
  if (answer.status !== 200) return;
  const added = new Set(parsedList(answer.body).map((label) => fieldsOf(label).name));
  for (const name of labels.filter((each) => !added.has(each))) {
    const made = await api.send('POST', 'labels', JSON.stringify({ name, color: LABEL_COLOR }));
    if (made.status === 201) await add([name]);
  }
}

/** Pull requests of Gitea and Forgejo. */
export function createGiteaProposals(openApi: (access: RepositoryAccess) => Api, pauseMilliseconds: number): Proposals {
  return proposalsOver(openApi, {
    async find(api, branches) {
      const pull = await findPull(api, branches);
      return pull ? asOutcome(pull.proposal) : { kind: 'none' };
    },
    open: async (api, request) => asOutcome(await openPull(api, request)),
    requestReviews: (api, { number }, reviewers) =>
      askAtOnceOrEach(reviewers, (some) =>
        api.send('POST', `pulls/${number}/requested_reviewers`, JSON.stringify({ reviewers: some })),
      ),
    addLabels,
    merge: async (api, proposal) => asOutcome(await mergePull(api, proposal, pauseMilliseconds)),
    cancelMerge: async (api, proposal) => asOutcome(await cancelMerge(api, proposal)),
    close: async (api, proposal, why) => asOutcome(await closePull(api, proposal, why)),
  });
}
