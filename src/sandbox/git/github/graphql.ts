import {
  type Answer,
  asWrite,
  type GitHubWorld,
  type HostedRepository,
  type MergeMethod,
  mayWrite,
  mutationError,
  NOT_ACCESSIBLE,
  notFound,
  type PullRequest,
  type TokenRights,
} from '../world.ts';
import { type CommitInput, createCommit } from './commit.ts';
import { addComment, associatedPulls, changeComment, readComments } from './discussion.ts';
import { allowedMethods, mergeStateOf, refreshPulls } from './merging.ts';
import { lookAtBranch, type UpdateRefsInput, updateRefs } from './move.ts';

export interface Variables {
  owner?: string;
  name?: string;
  number?: number;
  /** Of a commit. */
  oid?: string;
  /** Of a commit, too. */
  head?: string;
  /** Fully qualified. */
  ref?: string;
  /** Where a page begins. */
  after?: string;
  input?: object;
}

interface ArmInput {
  pullRequestId: string;
  expectedHeadOid?: string;
  mergeMethod?: string;
  commitHeadline?: string;
  commitBody?: string;
}

const STATES = { open: 'OPEN', merged: 'MERGED', closed: 'CLOSED' };
const REFUSED = 'Pull request';

async function readPull(world: GitHubWorld, { owner, name, number = 0 }: Variables): Promise<Answer> {
  const fullName = `${owner}/${name}`;
  const hosted = world.repositories.get(fullName);
  if (!hosted) return notFound(`Repository with the name '${fullName}'`);
  await refreshPulls(hosted);
  const pull = hosted.pulls?.[number - 1];
  if (!pull) return notFound(`PullRequest with the number of ${number}`);
  const head = await hosted.bare.head(pull.from);
  const message = (await hosted.bare.git(['log', '-1', '--format=%B', pull.head])).toString('utf8').trimEnd();
  const methods = allowedMethods(hosted);
  const pullRequest = {
    id: `PR_${fullName}#${number}`,
    number,
    url: `https://github.com/${fullName}/pull/${number}`,
    state: STATES[pull.state],
    isDraft: false,
    isMergeQueueEnabled: false,
    isInMergeQueue: false,
    mergeStateStatus: await mergeStateOf(hosted, pull),
    headRef: head ? { target: { oid: head } } : null,
    mergeCommit: pull.mergeCommit ? { oid: pull.mergeCommit } : null,
    autoMergeRequest: pull.armed ? { enabledAt: new Date(world.now()).toISOString() } : null,
    commits: { nodes: [{ commit: { message } }] },
  };
  const repository = {
    autoMergeAllowed: hosted.allowsAutoMerge === true,
    mergeCommitAllowed: methods.includes('merge'),
    squashMergeAllowed: methods.includes('squash'),
    rebaseMergeAllowed: methods.includes('rebase'),
    pullRequest,
  };
  return { status: 200, body: { data: { repository } } };
}

async function arm(hosted: HostedRepository, pull: PullRequest, by: string, input: ArmInput): Promise<Answer> {
  const mutation = 'enablePullRequestAutoMerge';
  const refuse = (why: string) => mutationError(mutation, 'UNPROCESSABLE', `${REFUSED} ${why}`);
  if (!hosted.allowsAutoMerge) return refuse('Auto merge is not allowed for this repository');
  if (input.expectedHeadOid !== undefined && input.expectedHeadOid !== pull.head) return refuse('head has changed');
  const method = (input.mergeMethod ?? 'MERGE').toLowerCase() as MergeMethod;
  if (!allowedMethods(hosted).includes(method)) return refuse(`${method} commits are not allowed on this repository`);
  const status = await mergeStateOf(hosted, pull);
  if (status !== 'BLOCKED') return refuse(`Pull request is in ${status.toLowerCase()} status`);
  const { commitHeadline: headline, commitBody: body } = input;
  pull.armed = { method, by, ...(headline && { headline }), ...(body && { body }) };
  return { status: 200, body: { data: { [mutation]: { clientMutationId: null } } } };
}

async function disarm(pull: PullRequest): Promise<Answer> {
  const mutation = 'disablePullRequestAutoMerge';
  if (!pull.armed) return mutationError(mutation, 'UNPROCESSABLE', "Can't disable auto-merge for this pull request");
  delete pull.armed;
  return { status: 200, body: { data: { [mutation]: { clientMutationId: null } } } };
}

async function autoMerge(world: GitHubWorld, rights: TokenRights, isOn: boolean, input: ArmInput): Promise<Answer> {
  const mutation = isOn ? 'enablePullRequestAutoMerge' : 'disablePullRequestAutoMerge';
  const { name = '', number = '' } = /^PR_(?<name>.*)#(?<number>\d+)$/.exec(input.pullRequestId)?.groups ?? {};
  const hosted = world.repositories.get(name);
  const pull = hosted?.pulls?.[Number(number) - 1];
  if (!hosted || !pull)
    return mutationError(mutation, 'NOT_FOUND', `Could not resolve to a node '${input.pullRequestId}'.`);
  if (!mayWrite(rights, 'pull_requests')) return mutationError(mutation, 'FORBIDDEN', NOT_ACCESSIBLE);
  const limited = mutationError(mutation, 'RATE_LIMITED', 'API rate limit exceeded for user ID 1.');
  return asWrite(world, limited, async () => {
    await refreshPulls(hosted);
    return isOn ? arm(hosted, pull, rights.login, input) : disarm(pull);
  });
}

/** Answers the queries of the sandbox: the ones that move a branch, read a pull request, and arm and disarm auto-merge. */
export async function graphql(world: GitHubWorld, rights: TokenRights, text: string): Promise<Answer> {
  const { query, variables = {} } = JSON.parse(text) as { query: string; variables?: Variables };
  const { input } = variables;
  if (input && rights.scopes && !rights.scopes.some((scope) => scope === 'repo' || scope === 'public_repo')) {
    const message = 'Your token has not been granted the required scopes to execute this query.';
    return { status: 200, body: { errors: [{ type: 'INSUFFICIENT_SCOPES', message }] } };
  }
  if (/\bcreateCommitOnBranch\b/.test(query) && input) return createCommit(world, rights, input as CommitInput);
  if (/\bupdateRefs\b/.test(query) && input) return updateRefs(world, rights, input as UpdateRefsInput);
  if (/\benablePullRequestAutoMerge\b/.test(query) && input) return autoMerge(world, rights, true, input as ArmInput);
  if (/\bdisablePullRequestAutoMerge\b/.test(query) && input) return autoMerge(world, rights, false, input as ArmInput);
  if (/\baddComment\b/.test(query) && input)
    return addComment(world, rights, input as { subjectId: string; body: string });
  if (/\bupdateIssueComment\b/.test(query) && input)
    return changeComment(world, rights, input as { id: string; body: string });
  if (/\bassociatedPullRequests\b/.test(query)) return associatedPulls(world, variables);
  if (/\bcomments\(first:/.test(query)) return readComments(world, rights, variables);
  if (/\bref\(qualifiedName:/.test(query)) return lookAtBranch(world, variables);
  if (/\bpullRequest\(number:/.test(query)) return readPull(world, variables);
  return { status: 200, body: { errors: [{ message: 'This query is not part of the sandbox.' }] } };
}
