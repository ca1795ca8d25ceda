/** What a host answers that does not do what it is asked, in its own words; and what git tells of it. */
import type { HttpRequest, HttpResponse } from '../../src/git/hosts/http.ts';
import type { GitResult } from '../../src/git/process.ts';
import type { ServedHost } from '../git/served.ts';

export const HOST_ERRORS = [
  'stale',
  'protected',
  'noRights',
  'rateLimited',
  'gone',
  'broken',
  'redirect',
  'cutBefore',
  'cutAfter',
] as const;
export type HostError = (typeof HOST_ERRORS)[number];
/** Those that are an answer. */
export type ErrorAnswer = Exclude<HostError, 'cutBefore' | 'cutAfter'>;

/** What only a write can be answered. */
const OF_WRITES: readonly HostError[] = ['stale', 'protected'];

export function isWrite({ method, url, body }: HttpRequest): boolean {
  if (method === 'GET') return false;
  return !url.endsWith('/graphql') || String(body).includes('mutation (');
}

export function errorsOf(writes: boolean): HostError[] {
  return HOST_ERRORS.filter((error) => writes || !OF_WRITES.includes(error));
}

const STATUS: Record<ErrorAnswer, number> = {
  stale: 409,
  protected: 422,
  noRights: 403,
  rateLimited: 429,
  gone: 404,
  broken: 500,
  redirect: 301,
};

const WORDS: Record<ErrorAnswer, string> = {
  stale: 'the branch has moved',
  protected: 'the branch is protected: pre-receive hook declined',
  noRights: 'you may not do that',
  rateLimited: 'too many requests',
  gone: 'not found',
  broken: 'internal error',
  redirect: 'moved permanently',
};

type Part = { status?: number; body: object };

const GRAPHQL: Partial<Record<ErrorAnswer, string>> = {
  stale: 'STALE_DATA',
  protected: 'BRANCH_PROTECTION_RULE_VIOLATION',
};

function byGitHub(error: ErrorAnswer, { url }: HttpRequest): Part {
  const message = WORDS[error];
  const type = url.endsWith('/graphql') ? GRAPHQL[error] : undefined;
  if (type) return { status: 200, body: { data: null, errors: [{ type, message }] } };
  return { ...(error === 'protected' && url.endsWith('/merge') && { status: 405 }), body: { message } };
}

function byGitLab(error: ErrorAnswer, { url }: HttpRequest): Part {
  const commits = url.endsWith('/repository/commits');
  if (error === 'stale' && commits)
    return { status: 400, body: { message: 'The file has changed since you started editing it: rollout.yaml' } };
  if (error === 'protected' && url.endsWith('/merge'))
    return { status: 405, body: { message: '405 Method Not Allowed' } };
  if (error === 'protected' && commits) return { status: 400, body: { message: WORDS.protected } };
  return { body: { message: error === 'gone' ? '404 Project Not Found' : WORDS[error] } };
}

function byGitea(error: ErrorAnswer, { url }: HttpRequest): Part {
  if (error === 'protected' && url.endsWith('/merge'))
    return { status: 405, body: { message: 'not all of the rules of the protected branch are met' } };
  if (error === 'protected' && url.endsWith('/contents'))
    return { status: 403, body: { message: 'branch main is protected from being changed' } };
  // The only way in which a branch that is to be made can be in the way of itself: another has just made it.
  if (error === 'stale' && url.endsWith('/branches')) return { body: { message: 'The branch already exists.' } };
  // Its 403 has many meanings, told apart by words alone.
  if (error === 'noRights') return { body: { message: 'user should have a permission to write to the target branch' } };
  return { body: { message: WORDS[error] } };
}

const EXCEPTIONS: Partial<Record<ErrorAnswer, string>> = {
  stale: 'pull.PullRequestOutOfDateException',
  protected: 'pull.PullRequestMergeVetoedException',
  gone: 'repository.NoSuchRepositoryException',
};

function byDataCenter(error: ErrorAnswer): Part {
  const exceptionName = `com.atlassian.bitbucket.${EXCEPTIONS[error] ?? 'ServerException'}`;
  const body = { errors: [{ context: null, message: WORDS[error], exceptionName }] };
  return { ...(error === 'protected' && { status: 409 }), body };
}

const TYPES: Partial<Record<ErrorAnswer, string>> = {
  stale: 'GitReferenceStaleException',
  protected: 'GitRefUpdateRejectedByPolicyException',
  gone: 'GitRepositoryNotFoundException',
};

function byAzure(error: ErrorAnswer): Part {
  return { ...(error === 'protected' && { status: 403 }), body: { typeKey: TYPES[error], message: WORDS[error] } };
}

const BY: Record<ServedHost, (error: ErrorAnswer, request: HttpRequest) => Part> = {
  github: byGitHub,
  gitlab: byGitLab,
  gitea: byGitea,
  'bitbucket-cloud': (error) => ({
    ...(error === 'protected' && { status: 400 }),
    body: { type: 'error', error: { message: WORDS[error] } },
  }),
  'bitbucket-data-center': byDataCenter,
  'azure-devops': byAzure,
};

const RETRY_AFTER_SECONDS = 20;

export function answerOf(host: ServedHost, error: ErrorAnswer, request: HttpRequest): HttpResponse {
  const { status = STATUS[error], body } = BY[host](error, request);
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (error === 'rateLimited') headers['retry-after'] = String(RETRY_AFTER_SECONDS);
  if (error === 'redirect') headers.location = `${request.url}-elsewhere`;
  return { status, headers, body: JSON.stringify(body) };
}

const SAID: Record<HostError, string> = {
  stale: "error: failed to push some refs to 'origin'",
  protected: 'remote: GH006: Protected branch update failed for refs/heads/main.',
  noRights: "fatal: unable to access 'origin': The requested URL returned error: 403",
  rateLimited: "fatal: unable to access 'origin': The requested URL returned error: 429",
  gone: "fatal: repository 'origin' not found",
  broken: "fatal: unable to access 'origin': The requested URL returned error: 500",
  redirect: "fatal: unable to access 'origin': The requested URL returned error: 301",
  cutBefore: "fatal: unable to access 'origin': Recv failure: Connection reset by peer",
  cutAfter: 'error: RPC failed; curl 52 Empty reply from server\nfatal: the remote end hung up unexpectedly',
};
const REJECTED: Partial<Record<HostError, string>> = {
  stale: '[rejected] (stale info)',
  protected: '[remote rejected] (pre-receive hook declined)',
};

/** How git ends that was told so by the origin. */
export function gitFailure(error: HostError): GitResult {
  const rejected = REJECTED[error];
  const stdout = Buffer.from(rejected ? `To origin\n!\tx:refs/heads/main\t${rejected}\nDone\n` : '');
  return { code: rejected ? 1 : 128, stdout, stderr: SAID[error] };
}
