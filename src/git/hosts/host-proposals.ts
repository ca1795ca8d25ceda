import {
  carriesKey,
  type Proposal,
  type ProposalBranches,
  type ProposalOutcome,
  type ProposalRequest,
  type Proposals,
  type RepositoryAccess,
} from './host.ts';
import { Ended, type HttpResponse, orFailure } from './http.ts';

/** The calls of `Proposals` on one opened API. Each may end early by `Ended`. */
export interface ProposalCalls<Api> {
  find(api: Api, branches: ProposalBranches): Promise<ProposalOutcome | { kind: 'none' }>;
  open(api: Api, request: ProposalRequest): Promise<ProposalOutcome>;
  /** What it does not come to is no failure. Left out where people are known by other things than names. */
  requestReviews?(api: Api, proposal: Proposal, reviewers: readonly string[]): Promise<void>;
  /** What it does not come to is no failure. Left out where proposals have no labels. */
  addLabels?(api: Api, proposal: Proposal, labels: readonly string[]): Promise<void>;
  merge(api: Api, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome>;
  cancelMerge(api: Api, proposal: Proposal & ProposalBranches): Promise<ProposalOutcome>;
  close(api: Api, proposal: Proposal & ProposalBranches, why: string): Promise<ProposalOutcome>;
}

export function asOutcome(proposal: Proposal): ProposalOutcome {
  return { kind: 'proposal', proposal };
}

/** Asks for all names at once, and for each by itself where the host refuses all for one of them. */
export async function askAtOnceOrEach(
  names: readonly string[],
  ask: (some: readonly string[]) => Promise<HttpResponse>,
): Promise<void> {
  const { status } = await ask(names);
  if (status !== 422 && status !== 404) return;
  for (const each of names.length > 1 ? names : []) await ask([each]);
}

async function openAndAsk<Api>(api: Api, request: ProposalRequest, calls: ProposalCalls<Api>) {
  const outcome = await calls.open(api, request);
  if (outcome.kind !== 'proposal' || outcome.proposal.state !== 'open') return outcome;
  const { proposal } = outcome;
  const { reviewers = [], labels = [] } = request;
  // First, for those who are asked to look at it.
  if (labels.length > 0) await orFailure(async () => calls.addLabels?.(api, proposal, labels));
  if (reviewers.length > 0) await orFailure(async () => calls.requestReviews?.(api, proposal, reviewers));
  return outcome;
}

/** Proposals by an API that is opened anew for each call, whose credential may be another one each time. */
export function proposalsOver<Api>(openApi: (access: RepositoryAccess) => Api, calls: ProposalCalls<Api>): Proposals {
  const on = <T>(access: RepositoryAccess, work: (api: Api) => Promise<T>) =>
    orFailure(async () => work(openApi(access)));
  return {
    find: (access, branches) => on(access, (api) => calls.find(api, branches)),
    open: (access, request) => on(access, (api) => openAndAsk(api, request, calls)),
    merge: (access, proposal) => on(access, (api) => calls.merge(api, proposal)),
    cancelMerge: (access, proposal) => on(access, (api) => calls.cancelMerge(api, proposal)),
    close: (access, proposal, why) => on(access, (api) => calls.close(api, proposal, why)),
  };
}

/**
 * Looks for another cluster's proposal last of all, whoever made the branch: that one may have been opened, merged and its
 * branch deleted since the first look, and from now on there is a branch that would be in its way.
 */
export async function createUnlessThere<Own extends Pick<Proposal, 'state'>>(calls: {
  findNewest(): Promise<Own | undefined>;
  create(): Promise<Own>;
  deleteBranch(): Promise<unknown>;
}): Promise<Own> {
  const theirs = await calls.findNewest();
  if (theirs && theirs.state !== 'open') await calls.deleteBranch();
  return theirs ?? calls.create();
}

/** What a host is asked for to open a proposal; `Own` and `Branch` are as it knows them. Each may end early by `Ended`. */
export interface OpeningCalls<Own extends Pick<Proposal, 'state'>, Branch extends { head: string }> {
  /** Ends where the target is not there. */
  target(name: string): Promise<unknown>;
  findNewest(branches: ProposalBranches): Promise<Own | undefined>;
  findBranch(name: string): Promise<Branch | undefined>;
  messageOf(branch: Branch): string | Promise<string>;
  /** Makes the branch with its one commit, and answers that. */
  makeBranch(): Promise<string>;
  /** Takes back the branch of this revert; a rule may keep it. */
  deleteBranch(head: string): Promise<unknown>;
  create(): Promise<Own>;
  shown(own: Own, branch: { head: string } | undefined): ProposalOutcome | Promise<ProposalOutcome>;
}

/**
 * Opens a proposal on a host that makes its branch and commit in one step: goes on from what an earlier call has left, and
 * leaves a branch alone that holds anything else.
 */
export async function openOnce<Own extends Pick<Proposal, 'state'>, Branch extends { head: string }>(
  { from, branch: into, key }: ProposalRequest,
  calls: OpeningCalls<Own, Branch>,
): Promise<ProposalOutcome> {
  await calls.target(into);
  const found = await calls.findNewest({ from, into });
  const branch = await calls.findBranch(from);
  if (found && (found.state !== 'open' || !branch)) return calls.shown(found, branch);
  if (branch && !carriesKey(await calls.messageOf(branch), key)) {
    const message = `${from} holds something else than this revert: it is left alone, and whoever made it decides`;
    throw new Ended({ kind: 'protected', message });
  }
  if (found) return calls.shown(found, branch);
  const head = branch?.head ?? (await calls.makeBranch());
  const opened = await createUnlessThere({
    findNewest: () => calls.findNewest({ from, into }),
    create: calls.create,
    deleteBranch: () => calls.deleteBranch(head),
  });
  return calls.shown(opened, opened.state === 'open' ? { head } : undefined);
}
