import { parsedFields } from '../../api/fields.ts';
import { messageOf } from '../../errors.ts';
import type { CommitOutcome, CommitRequest, FileChange, GitHost, ProbeOutcome, RepositoryAccess } from './host.ts';
import type { HttpRequest, HttpResponse, SendRequest } from './http.ts';

export interface GitHubOptions {
  send: SendRequest;
}

const TIMEOUT_MILLISECONDS = 30_000;
const DEFAULT_WAIT_SECONDS = 60;
const MUTATION = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } }
}`;

interface Address {
  owner: string;
  name: string;
  rest: string;
  graphql: string;
}

function addressOf(text: string): Address | undefined {
  const url = URL.parse(text);
  const [owner, name, ...more] = (url?.pathname ?? '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(1);
  if (!url || !owner || !name || more.length > 0) return undefined;
  const isPublic = url.host === 'github.com';
  const api = isPublic ? 'https://api.github.com' : `${url.origin}/api`;
  return { owner, name, rest: isPublic ? api : `${api}/v3`, graphql: `${api}/graphql` };
}

function headersFor({ token }: RepositoryAccess): Record<string, string> {
  return {
    accept: 'application/vnd.github+json',
    'content-type': 'application/json',
    'user-agent': 'headgate',
    'x-github-api-version': '2022-11-28',
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
}

type Failure = Exclude<CommitOutcome, { kind: 'written' }>;

interface Answer {
  message?: string;
  data?: { createCommitOnBranch?: { commit?: { oid?: string; url?: string } } | null } | null;
  errors?: { type?: string; message?: string }[];
}

function parse(body: string): Answer {
  return parsedFields(body);
}

function waitSeconds({ headers }: HttpResponse): number {
  const seconds = Number(headers['retry-after']);
  return Number.isFinite(seconds) && seconds > 0 ? seconds : DEFAULT_WAIT_SECONDS;
}

function isRateLimited({ status, headers }: HttpResponse): boolean {
  return status === 429 || (status === 403 && (headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers));
}

/** An answer that is not 200. */
function statusFailure(response: HttpResponse): Failure {
  const { status } = response;
  const said = (parse(response.body).message ?? 'no explanation').slice(0, 300);
  const message = `GitHub answered ${status}: ${said}`;
  if (isRateLimited(response)) return { kind: 'rateLimited', message, retryAfterSeconds: waitSeconds(response) };
  if (status === 401 || status === 403) return { kind: 'noRights', message };
  if (status === 404 || (status >= 300 && status < 400)) return { kind: 'gone', message };
  return { kind: 'unknown', message };
}

/** GitHub answers a refused mutation with 200 and a typed error; the type decides, its words are for people. */
function typedFailure(
  response: HttpResponse,
  { type = '', message = 'no explanation' }: { type?: string; message?: string },
): Failure {
  const words = message.slice(0, 500);
  switch (type) {
    case 'STALE_DATA':
      return { kind: 'stale', message: words };
    case 'BRANCH_PROTECTION_RULE_VIOLATION':
      return { kind: 'protected', message: words };
    case 'RATE_LIMITED':
      return { kind: 'rateLimited', message: words, retryAfterSeconds: waitSeconds(response) };
    case 'FORBIDDEN':
    case 'INSUFFICIENT_SCOPES':
      return { kind: 'noRights', message: words };
    case 'NOT_FOUND':
      return { kind: 'gone', message: words };
    case 'UNPROCESSABLE':
      return { kind: 'protected', message: words };
    default:
      // Rulesets answer with another type than classic protection.
      return { kind: /rule|protect/i.test(`${type} ${message}`) ? 'protected' : 'unknown', message: words };
  }
}

function outcomeOf(response: HttpResponse): CommitOutcome {
  if (response.status !== 200) return statusFailure(response);
  const { data, errors } = parse(response.body);
  const [error] = errors ?? [];
  if (error) return typedFailure(response, error);
  const commit = data?.createCommitOnBranch?.commit;
  if (!commit?.oid) return { kind: 'unknown', message: 'GitHub answered without saying which commit it made' };
  return { kind: 'written', commit: commit.oid, ...(commit.url ? { url: commit.url } : {}) };
}

function inputFor(address: Address, { branch, expectedHead, message, changes, key }: CommitRequest) {
  const [headline = '', ...body] = message.split('\n');
  const additions = changes.flatMap(({ path, content }) =>
    content === undefined ? [] : [{ path, contents: content.toString('base64') }],
  );
  const deletions = changes.flatMap(({ path, content }) => (content === undefined ? [{ path }] : []));
  return {
    branch: { repositoryNameWithOwner: `${address.owner}/${address.name}`, branchName: branch },
    expectedHeadOid: expectedHead,
    message: { headline, body: body.join('\n').replace(/^\n+/, '') },
    // An empty list is left out: GitHub fails on null.
    fileChanges: { ...(additions.length > 0 ? { additions } : {}), ...(deletions.length > 0 ? { deletions } : {}) },
    clientMutationId: key.slice(0, 40),
  };
}

function inexpressible(changes: readonly FileChange[]): FileChange | undefined {
  return changes.find(({ content, mode }) => content !== undefined && mode !== '100644');
}

function isNotAddress(url: string): string {
  return `${JSON.stringify(url)} is not the address of a GitHub repository; https://github.com/OWNER/NAME is`;
}

function probeOutcome(failure: Failure): ProbeOutcome {
  const reason = failure.kind === 'noRights' || failure.kind === 'gone' ? failure.kind : 'unreachable';
  return { ok: false, reason, message: failure.message };
}

/** GitHub and GitHub Enterprise: one signed commit by createCommitOnBranch, bound to the head it was planned on. */
export function createGitHubHost({ send }: GitHubOptions): GitHost {
  const request = async (call: Omit<HttpRequest, 'timeoutMilliseconds'>): Promise<HttpResponse | Failure> => {
    try {
      return await send({ ...call, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    } catch (error) {
      return { kind: 'unknown', message: `no answer from GitHub: ${messageOf(error).slice(0, 300)}` };
    }
  };
  const get = async (access: RepositoryAccess, url: string) =>
    request({ method: 'GET', url, headers: headersFor(access) });

  return {
    type: 'github',
    async probe(access, branch) {
      const address = addressOf(access.url);
      if (!address) return { ok: false, reason: 'gone', message: isNotAddress(access.url) };
      const base = `${address.rest}/repos/${address.owner}/${address.name}`;
      const repository = await get(access, base);
      if ('kind' in repository) return probeOutcome(repository);
      if (repository.status !== 200) return probeOutcome(statusFailure(repository));
      const { permissions, archived } = parse(repository.body) as {
        permissions?: { push?: boolean };
        archived?: boolean;
      };
      if (archived) return { ok: false, reason: 'noRights', message: 'the repository is archived' };
      if (permissions && !permissions.push) {
        return {
          ok: false,
          reason: 'noRights',
          message: 'the token may read the repository but not write to it (Contents: write)',
        };
      }
      const found = await get(access, `${base}/git/ref/heads/${branch.split('/').map(encodeURIComponent).join('/')}`);
      if ('kind' in found) return probeOutcome(found);
      return found.status === 200 ? { ok: true } : probeOutcome(statusFailure(found));
    },
    async commit(access, commit) {
      const address = addressOf(access.url);
      if (!address) return { kind: 'gone', message: isNotAddress(access.url) };
      const bad = inexpressible(commit.changes);
      if (bad) {
        const message = `${bad.path} has mode ${bad.mode}: GitHub's commit API writes plain files only. Use host: git in the policy`;
        return { kind: 'protected', message };
      }
      const body = JSON.stringify({ query: MUTATION, variables: { input: inputFor(address, commit) } });
      const answer = await request({ method: 'POST', url: address.graphql, headers: headersFor(access), body });
      return 'kind' in answer ? answer : outcomeOf(answer);
    },
  };
}
