import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { Proposal, ProposalBranches, ProposalOutcome, ProposalRequest, Proposals } from '../host.ts';
import { asOutcome, openOnce, proposalsOver } from '../host-proposals.ts';
import { Ended, type Failure, type HttpResponse, type SendRequest } from '../http.ts';
import { type Api, failureOf, openApi } from './api.ts';
import { writeBranch } from './commit.ts';

/** GitLab finds out in the background whether a merge request can be merged; reading one makes it do so. */
const UNDECIDED = new Set(['unchecked', 'checking', 'preparing', 'approvals_syncing']);
/** What waiting does not end. */
const HOPELESS = new Set(['conflict', 'need_rebase', 'broken_status', 'commits_status']);
/** GitLab takes no longer ones. */
const TITLE_CHARACTERS = 255;

interface MergeRequest extends Proposal {
  /** Why GitLab would not merge it, in one word; `mergeable` where it would. */
  status: string;
  /** GitLab was told to merge it when its rules allow. */
  isWaiting: boolean;
}

function stateOf(state: unknown): Proposal['state'] {
  // `locked`: it is being merged right now.
  return state === 'merged' || state === 'closed' ? state : 'open';
}

function mergeRequestOf(found: Fields): MergeRequest {
  const state = stateOf(found.state);
  // Where the target was only moved forward, there is no commit of its own.
  const commit = textOf(found.merge_commit_sha) ?? textOf(found.squash_commit_sha) ?? textOf(found.sha);
  return {
    number: Number(found.iid),
    url: textOf(found.web_url) ?? '',
    state,
    ...(state === 'merged' && commit && { commit }),
    status: textOf(found.detailed_merge_status) ?? 'mergeable',
    isWaiting: found.merge_when_pipeline_succeeds === true,
  };
}

/** As others know it. The merge request itself keeps the last head of a branch that is gone, and lags behind one that moves. */
function shown({ number, url, state, commit }: MergeRequest, branch: { head: string } | undefined): ProposalOutcome {
  const head = branch?.head;
  return asOutcome({ number, url, state, ...(head && { head }), ...(commit && { commit }) });
}

/** A line that begins so is a command to GitLab, carried out as the owner of the token. */
export function withoutCommands(markdown: string): string {
  return markdown.replace(/^\//gm, '\\/');
}

function pathOf({ number }: Pick<Proposal, 'number'>): string {
  return `/merge_requests/${number}`;
}

async function read(api: Api, proposal: Pick<Proposal, 'number'>): Promise<MergeRequest> {
  return mergeRequestOf(await api.get(pathOf(proposal)));
}

/** The newest one in any state, open ones first, that comes from this project and not from a fork's branch of the same name. */
async function findNewest(api: Api, { from, into }: ProposalBranches): Promise<MergeRequest | undefined> {
  const branches = `source_branch=${encodeURIComponent(from)}&target_branch=${encodeURIComponent(into)}`;
  const found = await api.list(`/merge_requests?${branches}&state=all&order_by=created_at&sort=desc&per_page=100`);
  const own = found.filter(({ source_project_id, target_project_id }) => source_project_id === target_project_id);
  const requests = own.map(mergeRequestOf);
  return requests.find(({ state }) => state === 'open') ?? requests[0];
}

async function find(api: Api, branches: ProposalBranches): Promise<ProposalOutcome | { kind: 'none' }> {
  const found = await findNewest(api, branches);
  return found ? shown(found, await api.findBranch(branches.from)) : { kind: 'none' };
}

/** Where one is open already, GitLab refuses: that one is meant. */
async function create(api: Api, { from, branch: into, title, body }: ProposalRequest): Promise<MergeRequest> {
  const answer = await api.post('/merge_requests', {
    source_branch: from,
    target_branch: into,
    title: title.slice(0, TITLE_CHARACTERS),
    description: withoutCommands(body),
    remove_source_branch: true,
  });
  if (answer.status === 201) return mergeRequestOf(parsedFields(answer.body));
  // Another one is open: an earlier call made it.
  const found = answer.status === 409 ? await findNewest(api, { from, into }) : undefined;
  if (found) return found;
  throw new Ended(failureOf(answer));
}

function open(api: Api, request: ProposalRequest): Promise<ProposalOutcome> {
  return openOnce(request, {
    target: api.branch,
    findNewest: (branches) => findNewest(api, branches),
    findBranch: api.findBranch,
    messageOf: ({ message }) => message,
    makeBranch: async () => (await writeBranch(api, request, request.from)).id,
    deleteBranch: () => api.deleteBranch(request.from),
    create: () => create(api, request),
    shown,
  });
}

/** GitLab takes the whole list, and leaves out by itself who may not review. */
async function requestReviews(api: Api, proposal: Proposal, names: readonly string[]): Promise<void> {
  const { reviewers } = await api.get(pathOf(proposal));
  const ids = new Set(listOf(reviewers).map((each) => Number(fieldsOf(each).id)));
  for (const name of names) {
    const id = await api.userId(name);
    if (id !== undefined) ids.add(id);
  }
  await api.put(pathOf(proposal), { reviewer_ids: [...ids] });
}

/** GitLab makes those that the project does not have yet, and leaves out by itself what can be none. */
async function addLabels(api: Api, proposal: Proposal, labels: readonly string[]): Promise<void> {
  await api.put(pathOf(proposal), { add_labels: labels.join(',') });
}

/** GitLab answers 401 to a valid token whose owner may not merge. */
async function unmergeable(api: Api, answer: HttpResponse): Promise<Failure> {
  const { onlyReads } = await api.project();
  const message = `the token's owner may not merge into that branch (${failureOf(answer).message})`;
  return { kind: onlyReads ? 'noRights' : 'protected', message };
}

function leftToPeople({ status }: MergeRequest, more: string): Failure {
  return { kind: 'protected', message: `GitLab does not merge it by itself: ${status}${more}` };
}

/** What is missing is in the status as it is now, not in the words of the answer. */
async function refused(
  api: Api,
  proposal: Proposal & ProposalBranches,
  answer: HttpResponse,
): Promise<ProposalOutcome> {
  const request = await read(api, proposal);
  const isLeft = request.state === 'open' && !UNDECIDED.has(request.status);
  if (isLeft) return leftToPeople(request, ` (${failureOf(answer).message})`);
  return shown(request, await api.findBranch(proposal.from));
}

async function merge(api: Api, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome> {
  const { from, head } = proposal;
  const request = await read(api, proposal);
  const branch = await api.findBranch(from);
  if (request.state !== 'open') return shown(request, branch);
  if (!branch || branch.head !== head) {
    return { kind: 'stale', message: `${from} is ${branch ? `at ${branch.head}` : 'gone'}, not at ${head}` };
  }
  if (HOPELESS.has(request.status)) return leftToPeople(request, '');
  if (request.isWaiting || UNDECIDED.has(request.status)) return shown(request, branch);
  // GitLab's own messages would not say on the target what was reverted.
  const messages = { merge_commit_message: branch.message, squash_commit_message: branch.message };
  // What can be merged is refused when it is to be waited for. The second name is that of GitLab before 17.11.
  const wait = request.status === 'mergeable' ? {} : { auto_merge: true, merge_when_pipeline_succeeds: true };
  const body = { sha: head, should_remove_source_branch: true, ...messages, ...wait };
  const answer = await api.put(`${pathOf(proposal)}/merge`, body);
  switch (answer.status) {
    case 200:
      return shown(mergeRequestOf(parsedFields(answer.body)), await api.findBranch(from));
    case 401:
      return unmergeable(api, answer);
    case 405:
    case 406:
    case 422:
      return refused(api, proposal, answer);
    default:
      return failureOf(answer);
  }
}

/** GitLab answers 201 also where it has not cancelled anything, so it is read again. */
async function cancelMerge(api: Api, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome> {
  const waits = ({ state, isWaiting }: MergeRequest) => state === 'open' && isWaiting;
  const request = await read(api, proposal);
  if (!waits(request)) return shown(request, await api.findBranch(proposal.from));
  const answer = await api.post(`${pathOf(proposal)}/cancel_merge_when_pipeline_succeeds`, {});
  const now = await read(api, proposal);
  if (!waits(now)) return shown(now, await api.findBranch(proposal.from));
  if (answer.status >= 300) return failureOf(answer);
  return { kind: 'unknown', message: `GitLab still waits to merge ${now.url}` };
}

/**
 * In this order, because GitLab by itself closes what lost its branch: asked again after any of these, the comment is there, and
 * a branch that a person left is never taken for one that we still have to delete.
 */
async function close(api: Api, proposal: Proposal & ProposalBranches, why: string): Promise<ProposalOutcome> {
  const { from, head } = proposal;
  const request = await read(api, proposal);
  const branch = await api.findBranch(from);
  if (request.state !== 'open') return shown(request, branch);
  // Who only reads may comment, and would again each time.
  if (branch?.mayPush === false) return { kind: 'noRights', message: `the token may not write to ${from}` };
  const said = await api.post(`${pathOf(proposal)}/notes`, { body: withoutCommands(why) });
  if (said.status !== 201) return failureOf(said);
  const isOwn = branch !== undefined && branch.head === head;
  const deleted = isOwn ? await api.deleteBranch(from) : undefined;
  if (deleted && deleted.status !== 204 && deleted.status !== 404) return failureOf(deleted);
  const closed = await api.put(pathOf(proposal), { state_event: 'close' });
  if (closed.status !== 200) return failureOf(closed);
  return shown(mergeRequestOf(parsedFields(closed.body)), isOwn ? undefined : branch);
}

/** Merge requests from a branch of the same project. */
export function createGitLabProposals(send: SendRequest): Proposals {
  return proposalsOver((access) => openApi(send, access), {
    find,
    open,
    requestReviews,
    addLabels,
    merge,
    cancelMerge,
    close,
  });
}
