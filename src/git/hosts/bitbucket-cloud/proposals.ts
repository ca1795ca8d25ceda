import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { Proposal, ProposalBranches, ProposalOutcome, ProposalRequest, Proposals } from '../host.ts';
import { asOutcome, openOnce, proposalsOver } from '../host-proposals.ts';
import { Ended, type HttpResponse, type SendRequest } from '../http.ts';
import { type Api, failureOf, openApi } from './api.ts';
import { writeBranch } from './commit.ts';

/** Bitbucket gives no longer pages of pull requests. */
const PAGE_ENTRIES = 50;
/** Bitbucket takes no longer ones. */
const TITLE_CHARACTERS = 255;
/** Bitbucket shows open ones only, unless asked for the others by name. */
const STATES = ['OPEN', 'MERGED', 'DECLINED', 'SUPERSEDED'];

interface PullRequest extends Omit<Proposal, 'head' | 'commit'> {
  /** The beginning of the id of the commit at the head of its branch, as the pull request knows it: Bitbucket shortens them there. */
  source?: string | undefined;
  /** The beginning of the id of the commit that brought it to its target. */
  merge?: string | undefined;
}

function pullRequestOf(found: Fields): PullRequest {
  const hashOf = (commit: unknown) => textOf(fieldsOf(commit).hash);
  const source = hashOf(fieldsOf(found.source).commit);
  return {
    number: Number(found.id),
    url: textOf(fieldsOf(fieldsOf(found.links).html).href) ?? '',
    state: found.state === 'OPEN' ? 'open' : found.state === 'MERGED' ? 'merged' : 'closed',
    source,
    // Where the target was only moved forward, there is no commit of its own.
    merge: hashOf(found.merge_commit) ?? source,
  };
}

/** As others know it. The pull request itself has no head of a branch that is gone, or an old one. */
async function shown(
  api: Api,
  { number, url, state, merge }: PullRequest,
  branch: { head: string } | undefined,
): Promise<ProposalOutcome> {
  const commit = state === 'merged' && merge ? await api.findCommit(merge) : undefined;
  return asOutcome({ number, url, state, ...(branch && { head: branch.head }), ...(commit && { commit }) });
}

function pathOf({ number }: Pick<Proposal, 'number'>): string {
  return `/pullrequests/${number}`;
}

async function read(api: Api, proposal: Pick<Proposal, 'number'>): Promise<PullRequest> {
  return pullRequestOf(await api.get(pathOf(proposal)));
}

/** Of Bitbucket's language for queries. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}

/** A pull request from a fork's branch of the same name is none of ours. */
function isOwn({ source, destination }: Fields): boolean {
  const [from, into] = [source, destination].map((end) => textOf(fieldsOf(fieldsOf(end).repository).full_name));
  return from !== undefined && from === into;
}

/** The newest one in any state, open ones first. */
async function findNewest(api: Api, { from, into }: ProposalBranches): Promise<PullRequest | undefined> {
  const filter = `source.branch.name = ${quoted(from)} AND destination.branch.name = ${quoted(into)}`;
  const states = STATES.map((state) => `state=${state}`).join('&');
  const query = `q=${encodeURIComponent(filter)}&${states}&sort=-created_on&pagelen=${PAGE_ENTRIES}`;
  const { values } = await api.get(`/pullrequests?${query}`);
  const requests = listOf(values).map(fieldsOf).filter(isOwn).map(pullRequestOf);
  return requests.find(({ state }) => state === 'open') ?? requests[0];
}

async function find(api: Api, branches: ProposalBranches): Promise<ProposalOutcome | { kind: 'none' }> {
  const found = await findNewest(api, branches);
  return found ? shown(api, found, await api.findBranch(branches.from)) : { kind: 'none' };
}

/** Where one is open already, Bitbucket answers with that one, or refuses. */
async function create(api: Api, { from, branch: into, title, body }: ProposalRequest): Promise<PullRequest> {
  const answer = await api.post('/pullrequests', {
    title: title.slice(0, TITLE_CHARACTERS),
    description: body,
    source: { branch: { name: from } },
    destination: { branch: { name: into } },
    close_source_branch: true,
  });
  if (answer.status === 201 || answer.status === 200) return pullRequestOf(parsedFields(answer.body));
  const isRefused = answer.status === 400 || answer.status === 409;
  const found = isRefused ? await findNewest(api, { from, into }) : undefined;
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
    shown: (own, branch) => shown(api, own, branch),
  });
}

/** What was merged may have been pushed since the last look: the request to merge cannot name a head. */
async function mergedAs(
  api: Api,
  answer: HttpResponse,
  proposal: Proposal & ProposalBranches,
): Promise<ProposalOutcome> {
  const { from, into, head = '' } = proposal;
  const request = pullRequestOf(parsedFields(answer.body));
  if (request.source && !head.startsWith(request.source)) {
    const message = `${from} moved from ${head} to ${request.source} in the moment of the merge, and Bitbucket merged that: someone should look at ${into}`;
    return { kind: 'stale', message };
  }
  return shown(api, request, await api.findBranch(from));
}

async function merge(api: Api, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome> {
  const { from, into, head } = proposal;
  const request = await read(api, proposal);
  if (request.state !== 'open') return shown(api, request, await api.findBranch(from));
  const { mergeStrategy } = await api.branch(into);
  // Last, because the merge is bound to it by nothing but the short time in between.
  const branch = await api.findBranch(from);
  if (!branch || branch.head !== head) {
    return { kind: 'stale', message: `${from} is ${branch ? `at ${branch.head}` : 'gone'}, not at ${head}` };
  }
  const answer = await api.post(`${pathOf(proposal)}/merge`, {
    // Bitbucket's own message would not say on the target what was reverted.
    message: branch.message,
    close_source_branch: true,
    ...(mergeStrategy && { merge_strategy: mergeStrategy }),
  });
  if (answer.status === 200) return mergedAs(api, answer, proposal);
  // It takes longer, and Bitbucket goes on by itself.
  if (answer.status === 202) return shown(api, await read(api, proposal), await api.findBranch(from));
  return failureOf(answer);
}

/** Bitbucket Cloud's API has no merge that waits: it is merged when asked for, or not at all. */
async function cancelMerge(api: Api, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome> {
  return shown(api, await read(api, proposal), await api.findBranch(proposal.from));
}

/**
 * The branch goes first: that shows whether the token may write, before anything is said. Asked again after any of these, it
 * goes on; a comment may be there twice.
 */
async function close(api: Api, proposal: Proposal & ProposalBranches, why: string): Promise<ProposalOutcome> {
  const { from, head } = proposal;
  const request = await read(api, proposal);
  const branch = await api.findBranch(from);
  if (request.state !== 'open') return shown(api, request, branch);
  const isOurs = branch !== undefined && branch.head === head;
  const deleted = isOurs ? await api.deleteBranch(from) : undefined;
  if (deleted && deleted.status !== 204 && deleted.status !== 404) return failureOf(deleted);
  const said = await api.post(`${pathOf(proposal)}/comments`, { content: { raw: why } });
  if (said.status !== 201) return failureOf(said);
  const declined = await api.post(`${pathOf(proposal)}/decline`);
  const rest = isOurs ? undefined : branch;
  if (declined.status === 200) return shown(api, pullRequestOf(parsedFields(declined.body)), rest);
  // Merged or declined in the meantime.
  const now = await read(api, proposal);
  return now.state === 'open' ? failureOf(declined) : shown(api, now, rest);
}

/** Pull requests from a branch of the same repository. */
export function createBitbucketCloudProposals(send: SendRequest): Proposals {
  return proposalsOver((access) => openApi(send, access), { find, open, merge, cancelMerge, close });
}
