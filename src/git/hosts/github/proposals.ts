import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import { carriesKey, type Proposal, type ProposalBranches, type ProposalRequest, type Proposals } from '../host.ts';
import { askAtOnceOrEach, asOutcome, createUnlessThere, proposalsOver } from '../host-proposals.ts';
import { branchPath, Ended, type HttpResponse, orFailure, rateLimited, type SendRequest } from '../http.ts';
import { wordsOf, writeFailure } from './answers.ts';
import { type Api, openApi } from './api.ts';
import { checkModes, writeCommit } from './commit.ts';
import { cancelMerge, look, merge } from './merge.ts';

/** `merge_commit_sha` of what is not merged is a commit by which GitHub tries whether it could be. */
function proposalOf(pull: Fields): Proposal {
  const state = textOf(pull.merged_at) ? 'merged' : pull.state === 'open' ? 'open' : 'closed';
  const head = textOf(fieldsOf(pull.head).sha);
  const commit = state === 'merged' ? textOf(pull.merge_commit_sha) : undefined;
  const [number, url] = [Number(pull.number), textOf(pull.html_url)];
  if (!(number > 0) || !url)
    throw new Ended({ kind: 'unknown', message: 'GitHub answered without saying which pull request' });
  return { number, url, state, ...(head && { head }), ...(commit && { commit }) };
}

function listIn(body: string): Fields[] {
  try {
    return listOf(JSON.parse(body)).map(fieldsOf);
  } catch {
    throw new Ended({ kind: 'unknown', message: 'GitHub answered with something that is no list of pull requests' });
  }
}

async function find(api: Api, { from, into }: ProposalBranches): Promise<Proposal | undefined> {
  const head = `${api.owner}:${from}`;
  const query = new URLSearchParams({ state: 'all', head, base: into, sort: 'created', direction: 'desc' });
  // A fork of the same owner may have a branch of that name.
  const pulls = listIn(await api.get(`/pulls?${query}`)).filter((pull) => {
    const [theirs, ours] = [fieldsOf(fieldsOf(pull.head).repo).id, fieldsOf(fieldsOf(pull.base).repo).id];
    return theirs === ours;
  });
  const [newest] = pulls;
  const found = pulls.find(({ state }) => state === 'open') ?? newest;
  if (!found) return undefined;
  const { head: recorded, ...proposal } = proposalOf(found);
  // For those that are no longer open, GitHub remembers the head of then.
  const now = proposal.state === 'open' ? recorded : await api.head(from);
  return { ...proposal, ...(now && { head: now }) };
}

function foreign({ from }: ProposalRequest, what: string): Ended {
  const message = `branch ${from} is there already and ${what}. It is left alone: a person decides what becomes of it`;
  return new Ended({ kind: 'protected', message });
}

/** What an earlier call has left on the branch: our commit, or none yet. Throws `Ended` for anything else. */
async function ourCommit(api: Api, request: ProposalRequest): Promise<string | undefined> {
  const { from, expectedHead, key } = request;
  const head = await api.head(from);
  if (head === undefined) throw new Ended({ kind: 'stale', message: `branch ${from} has gone again` });
  if (head === expectedHead) return undefined;
  const { message, parents } = parsedFields(await api.get(`/git/commits/${head}`));
  if (!carriesKey(textOf(message) ?? '', key)) throw foreign(request, `holds ${head}, which is not of this revert`);
  // The target may have moved since an earlier call made it.
  if (listOf(parents).length === 1) return head;
  throw foreign(request, `holds ${head}, which is a merge`);
}

/** Makes the branch; answers our commit on it where an earlier call was here before. */
async function makeBranch(api: Api, request: ProposalRequest): Promise<string | undefined> {
  const { from, expectedHead } = request;
  const answer = await api.call('POST', '/git/refs', { ref: `refs/heads/${from}`, sha: expectedHead });
  if (answer.status === 201) return undefined;
  const words = wordsOf(answer);
  if (answer.status === 422 && /reference already exists/i.test(words)) return ourCommit(api, request);
  if (answer.status === 422 && /object does not exist/i.test(words)) {
    throw new Ended({ kind: 'stale', message: `GitHub no longer knows the commit ${expectedHead}` });
  }
  throw new Ended(writeFailure(answer));
}

/** The branch with our one commit; answers that commit. `isThere`: the branch is, as it has a pull request. */
async function makeCommit(api: Api, request: ProposalRequest, isThere: boolean): Promise<string> {
  const there = await (isThere ? ourCommit(api, request) : makeBranch(api, request));
  if (there) return there;
  const outcome = await orFailure(() => writeCommit(api, { ...request, branch: request.from }));
  if (outcome.kind === 'written') return outcome.commit;
  // Someone was faster on our branch: the same call elsewhere, or a person.
  const faster = outcome.kind === 'stale' ? await ourCommit(api, request) : undefined;
  if (faster) return faster;
  throw new Ended(outcome);
}

async function create(api: Api, request: ProposalRequest): Promise<Proposal> {
  const { from, branch: into, title, body } = request;
  const answer = await api.call('POST', '/pulls', { title, body, head: from, base: into });
  if (answer.status === 201) return proposalOf(parsedFields(answer.body));
  const message = `GitHub opens no pull request: ${wordsOf(answer)}`;
  if (answer.status !== 422) throw new Ended(writeFailure(answer));
  if (/already exists/i.test(message)) {
    const found = await find(api, { from, into });
    if (found) return found;
  }
  if (/submitted too quickly/i.test(message)) throw new Ended(rateLimited(answer, message));
  if (/base is invalid/i.test(message)) throw new Ended({ kind: 'gone', message: `${message} (${into})` });
  if (/no commits between/i.test(message)) throw new Ended({ kind: 'stale', message });
  if (/\bhead\b/i.test(message)) throw new Ended({ kind: 'unknown', message });
  throw new Ended({ kind: 'protected', message });
}

async function open(api: Api, request: ProposalRequest): Promise<Proposal> {
  checkModes(request.changes);
  const branches = { from: request.from, into: request.branch };
  const found = await find(api, branches);
  if (found && found.state !== 'open') return found;
  const head = await makeCommit(api, request, found !== undefined);
  if (found) return { ...found, head };
  const opened = await createUnlessThere({
    findNewest: () => find(api, branches),
    create: () => create(api, request),
    deleteBranch: () => deleteBranch(api, request.from),
  });
  return opened.state === 'open' ? { ...opened, head } : opened;
}

/** `forgiven`: words of a refusal after which the rest is done all the same. */
async function write(answer: Promise<HttpResponse>, forgiven?: RegExp): Promise<HttpResponse> {
  const response = await answer;
  if (response.status >= 300 && !forgiven?.test(wordsOf(response))) throw new Ended(writeFailure(response));
  return response;
}

/** Answers whether the branch is gone; a rule may keep it. */
async function deleteBranch(api: Api, branch: string): Promise<boolean> {
  const answer = api.call('DELETE', `/git/refs/heads/${branchPath(branch)}`);
  const response = await write(answer, /reference does not exist|rule|protected/i);
  return response.status < 300 || /does not exist/i.test(wordsOf(response));
}

async function close(api: Api, { number, head, from }: Proposal & ProposalBranches, why: string): Promise<Proposal> {
  const { proposal } = await look(api, number);
  if (proposal.state !== 'open') return proposal;
  await write(api.call('POST', `/issues/${number}/comments`, { body: why }), /issue is locked/i);
  // The branch goes first: with it GitHub closes the pull request, so that nothing is left over if this ends here.
  const isOurs = head !== undefined && proposal.head === head;
  const isGone = isOurs && (await deleteBranch(api, from));
  const closed = await write(api.call('PATCH', `/pulls/${number}`, { state: 'closed' }));
  const { head: recorded, ...now } = proposalOf(parsedFields(closed.body));
  return { ...now, ...(!isGone && recorded && { head: recorded }) };
}

/** Pull requests from branches of the repository itself. */
export function createGitHubProposals(send: SendRequest): Proposals {
  return proposalsOver((access) => openApi(send, access), {
    async find(api, branches) {
      const found = await find(api, branches);
      return found ? asOutcome(found) : { kind: 'none' };
    },
    open: async (api, request) => asOutcome(await open(api, request)),
    requestReviews: (api, { number }, reviewers) =>
      askAtOnceOrEach(reviewers, (some) =>
        api.call('POST', `/pulls/${number}/requested_reviewers`, { reviewers: some }),
      ),
    /** GitHub makes those that the repository does not have yet. */
    addLabels: (api, { number }, labels) =>
      askAtOnceOrEach(labels, (some) => api.call('POST', `/issues/${number}/labels`, { labels: some })),
    merge,
    cancelMerge,
    close: async (api, proposal, why) => asOutcome(await close(api, proposal, why)),
  });
}
