import { fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { Proposal, ProposalOutcome } from '../host.ts';
import { Ended, type Failure } from '../http.ts';
import { wordsOf, writeFailure } from './answers.ts';
import type { Api } from './api.ts';
import { headlineAndBody } from './commit.ts';

const LOOK = `query ($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name, followRenames: false) {
    autoMergeAllowed mergeCommitAllowed squashMergeAllowed rebaseMergeAllowed
    pullRequest(number: $number) {
      id number url state isDraft mergeStateStatus isMergeQueueEnabled isInMergeQueue
      headRef { target { oid } } mergeCommit { oid } autoMergeRequest { enabledAt }
      commits(last: 1) { nodes { commit { message } } }
    }
  }
}`;
const ARM = `mutation ($input: EnablePullRequestAutoMergeInput!) {
  enablePullRequestAutoMerge(input: $input) { clientMutationId }
}`;
const DISARM = `mutation ($input: DisablePullRequestAutoMergeInput!) {
  disablePullRequestAutoMerge(input: $input) { clientMutationId }
}`;
const ENQUEUE = `mutation ($input: EnqueuePullRequestInput!) { enqueuePullRequest(input: $input) { clientMutationId } }`;
const DEQUEUE = `mutation ($input: DequeuePullRequestInput!) { dequeuePullRequest(input: $input) { clientMutationId } }`;

type Method = 'merge' | 'squash' | 'rebase';

/** A pull request as GitHub shows it now, and what the repository lets one do with it. */
export interface Seen {
  proposal: Proposal;
  id: string;
  /** MergeStateStatus. */
  status: string;
  isDraft: boolean;
  isArmed: boolean;
  hasQueue: boolean;
  isQueued: boolean;
  mayArm: boolean;
  /** Those that the repository allows; what keeps our commit as it is comes first. */
  methods: Method[];
  /** Of the branch's last commit. */
  message: string;
}

const STATES: Record<string, Proposal['state']> = { OPEN: 'open', MERGED: 'merged', CLOSED: 'closed' };

/** Throws `Ended` where it cannot be seen. */
export async function look(api: Api, number: number): Promise<Seen> {
  const data = await api.graphql(LOOK, { owner: api.owner, name: api.name, number });
  const repository = fieldsOf(data.repository);
  const pull = fieldsOf(repository.pullRequest);
  const [id, url, state] = [textOf(pull.id), textOf(pull.url), STATES[String(pull.state)]];
  if (!id || !url || !state) {
    throw new Ended({ kind: 'unknown', message: `GitHub answered without saying how pull request ${number} is` });
  }
  const head = textOf(fieldsOf(fieldsOf(pull.headRef).target).oid);
  const commit = state === 'merged' ? textOf(fieldsOf(pull.mergeCommit).oid) : undefined;
  const methods: Method[] = [
    ...(repository.mergeCommitAllowed === true ? ['merge' as const] : []),
    ...(repository.squashMergeAllowed === true ? ['squash' as const] : []),
    ...(repository.rebaseMergeAllowed === true ? ['rebase' as const] : []),
  ];
  const [last] = listOf(fieldsOf(pull.commits).nodes);
  return {
    proposal: { number, url, state, ...(head && { head }), ...(commit && { commit }) },
    id,
    status: textOf(pull.mergeStateStatus) ?? 'UNKNOWN',
    isDraft: pull.isDraft === true,
    isArmed: textOf(fieldsOf(pull.autoMergeRequest).enabledAt) !== undefined,
    hasQueue: pull.isMergeQueueEnabled === true,
    isQueued: pull.isInMergeQueue === true,
    mayArm: repository.autoMergeAllowed === true,
    methods,
    message: textOf(fieldsOf(fieldsOf(last).commit).message) ?? '',
  };
}

/** Another method may still be allowed: on the repository, or by a rule for a linear history. */
const METHOD_REFUSED =
  /(merge commits|squash merg\w+|rebase merg\w+) (are|is) not allowed|must not contain merge commits/i;
/** GitHub is not done with what happened a moment ago, or is not to wait for what lacks nothing by now. */
const NOT_NOW = /base branch was modified|in (clean|unstable|has_hooks|unknown) status|unstable state|try again/i;
const WAITS =
  'and GitHub does not wait for it, as auto-merge is off in the settings of the repository. A person merges';

/** Squashing makes a commit of its own; left alone, a setting of the repository decides whether it keeps the trailers. */
function squashed({ message, proposal }: Seen): { headline: string; body: string } {
  const { headline, body } = headlineAndBody(message);
  return { headline: `${headline} (#${proposal.number})`, body };
}

async function putMerge(api: Api, seen: Seen, method: Method): Promise<ProposalOutcome> {
  const { number, head } = seen.proposal;
  const { headline, body } = squashed(seen);
  const words = method === 'squash' ? { commit_title: headline, commit_message: body } : {};
  const answer = await api.call('PUT', `/pulls/${number}/merge`, { sha: head, merge_method: method, ...words });
  const message = `GitHub does not merge pull request ${number}: ${wordsOf(answer)}`;
  if (answer.status === 405) return { kind: 'protected', message };
  if (answer.status === 409) return { kind: 'stale', message };
  if (answer.status !== 200) return writeFailure(answer);
  const commit = textOf(parsedFields(answer.body).sha);
  if (!commit) return { kind: 'unknown', message: 'GitHub answered without saying which commit merged it' };
  return { kind: 'proposal', proposal: { ...seen.proposal, state: 'merged', commit } };
}

async function arm(api: Api, seen: Seen, method: Method): Promise<ProposalOutcome> {
  const { headline, body } = squashed(seen);
  const words = method === 'squash' ? { commitHeadline: headline, commitBody: body } : {};
  const bound = { pullRequestId: seen.id, expectedHeadOid: seen.proposal.head };
  await api.graphql(ARM, { input: { ...bound, mergeMethod: method.toUpperCase(), ...words } });
  return { kind: 'proposal', proposal: seen.proposal };
}

async function enqueue(api: Api, seen: Seen): Promise<ProposalOutcome> {
  await api.graphql(ENQUEUE, { input: { pullRequestId: seen.id, expectedHeadOid: seen.proposal.head } });
  return { kind: 'proposal', proposal: seen.proposal };
}

/** Carries it out, unless it is refused: there is nothing to end any more. */
async function end(api: Api, mutation: string, input: object) {
  try {
    await api.graphql(mutation, { input });
  } catch (error) {
    if (!(error instanceof Ended && error.failure.kind === 'protected')) throw error;
  }
}

/** Auto-merge that is armed takes whatever the branch holds then, so a foreign push ends it. */
async function disarm(api: Api, { id, isArmed, isQueued }: Seen) {
  if (isArmed) await end(api, DISARM, { pullRequestId: id });
  if (isQueued) await end(api, DEQUEUE, { id });
}

/** As `Proposals.cancelMerge`. Throws `Ended` as well. */
export async function cancelMerge(api: Api, { number }: Proposal): Promise<ProposalOutcome> {
  const seen = await look(api, number);
  const waits = (each: Seen) => each.proposal.state === 'open' && (each.isArmed || each.isQueued);
  if (!waits(seen)) return { kind: 'proposal', proposal: seen.proposal };
  await disarm(api, seen);
  // GitHub may have merged it first, or keep it for a reason that it does not say.
  const now = await look(api, number);
  if (!waits(now)) return { kind: 'proposal', proposal: now.proposal };
  return { kind: 'unknown', message: `GitHub still waits to merge pull request ${number}` };
}

/** The first method that is not refused as such; each is one bound write that did or did not happen. */
async function byMethod(seen: Seen, step: (method: Method) => Promise<ProposalOutcome>): Promise<ProposalOutcome> {
  let outcome: ProposalOutcome = { kind: 'protected', message: 'the repository allows no way to merge' };
  for (const method of seen.methods) {
    outcome = await step(method).catch((error) => {
      if (error instanceof Ended) return error.failure;
      throw error;
    });
    if (outcome.kind !== 'protected' || !METHOD_REFUSED.test(outcome.message)) break;
  }
  return outcome;
}

/** What the branch lacks is found out by the queue, which also brings it up to date. */
function intoQueue(api: Api, seen: Seen): Promise<ProposalOutcome> {
  return seen.status === 'BLOCKED' && seen.mayArm
    ? byMethod(seen, (method) => arm(api, seen, method))
    : enqueue(api, seen);
}

async function attempt(api: Api, seen: Seen): Promise<ProposalOutcome> {
  const { status, proposal } = seen;
  const refused = (why: string): ProposalOutcome => ({
    kind: 'protected',
    message: `pull request ${proposal.number} ${why}`,
  });
  if (seen.isDraft) return refused('is a draft. A person says when it is ready');
  if (status === 'DIRTY') return refused('conflicts with what has come to the branch meanwhile. A person resolves it');
  const isKnown = ['CLEAN', 'UNSTABLE', 'HAS_HOOKS', 'BLOCKED', 'BEHIND'].includes(status);
  const waits = seen.isQueued || (seen.isArmed && status === 'BLOCKED');
  if (waits || !isKnown) return { kind: 'proposal', proposal };
  if (seen.hasQueue) return intoQueue(api, seen);
  if (status === 'BEHIND')
    return refused('must be up to date with the branch, says a rule of GitHub. A person updates it');
  if (status !== 'BLOCKED') return byMethod(seen, (method) => putMerge(api, seen, method));
  if (!seen.mayArm) return refused(`lacks what a rule of GitHub asks for, such as a check or a review, ${WAITS}`);
  return byMethod(seen, (method) => arm(api, seen, method));
}

function moved(number: number, expected: string | undefined, { proposal }: Seen): Failure {
  const message = `the branch of pull request ${number} is at ${proposal.head ?? 'no commit'}, not at ${expected ?? 'any'}`;
  return { kind: 'stale', message };
}

/** As `Proposals.merge`. Throws `Ended` as well. */
export async function merge(api: Api, { number, head }: Proposal): Promise<ProposalOutcome> {
  const seen = await look(api, number);
  if (seen.proposal.state !== 'open') return { kind: 'proposal', proposal: seen.proposal };
  if (head === undefined || seen.proposal.head !== head) {
    await disarm(api, seen);
    return moved(number, head, seen);
  }
  const outcome = await attempt(api, seen);
  if (outcome.kind !== 'protected' && outcome.kind !== 'stale') return outcome;
  // What was refused may have been overtaken: by a person, by a push, by GitHub itself.
  const now = await look(api, number);
  if (now.proposal.state !== 'open') return { kind: 'proposal', proposal: now.proposal };
  if (now.proposal.head !== head) return moved(number, head, now);
  return now.isQueued || NOT_NOW.test(outcome.message) ? { kind: 'proposal', proposal: now.proposal } : outcome;
}
