import { parsedFields } from '../../api/fields.ts';
import type { CommitOutcome, CommitRequest, FileChange, GitHost, RepositoryAccess } from './host.ts';
import {
  ask,
  branchPath,
  type Failure,
  type HttpRequest,
  type HttpResponse,
  probeFailure,
  rateLimited,
  reportFailure,
  type SendRequest,
} from './http.ts';

export interface GitHubOptions {
  send: SendRequest;
}

const TIMEOUT_MILLISECONDS = 30_000;
/** GitHub takes no longer ones. */
const DESCRIPTION_CHARACTERS = 140;
const MUTATION = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } }
}`;

interface Address {
  owner: string;
  name: string;
  /** Of the repository. */
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
  const rest = `${isPublic ? api : `${api}/v3`}/repos/${owner}/${name}`;
  return { owner, name, rest, graphql: `${api}/graphql` };
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

interface Answer {
  message?: string;
  data?: { createCommitOnBranch?: { commit?: { oid?: string; url?: string } } | null } | null;
  errors?: { type?: string; message?: string }[];
}

function parse(body: string): Answer {
  return parsedFields(body);
}

function isRateLimited({ status, headers }: HttpResponse): boolean {
  return status === 429 || (status === 403 && (headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers));
}

/** An answer that is not 200. */
function statusFailure(response: HttpResponse): Failure {
  const { status } = response;
  const said = (parse(response.body).message ?? 'no explanation').slice(0, 300);
  const message = `GitHub answered ${status}: ${said}`;
  if (isRateLimited(response)) return rateLimited(response, message);
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
      return rateLimited(response, words);
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

/** GitHub and GitHub Enterprise: one signed commit by createCommitOnBranch, bound to the head it was planned on. */
export function createGitHubHost({ send }: GitHubOptions): GitHost {
  const request = (call: Omit<HttpRequest, 'timeoutMilliseconds'>) =>
    ask(send, 'GitHub', { ...call, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
  const get = async (access: RepositoryAccess, url: string) =>
    request({ method: 'GET', url, headers: headersFor(access) });

  return {
    type: 'github',
    async probe(access, branch) {
      const address = addressOf(access.url);
      if (!address) return { ok: false, reason: 'gone', message: isNotAddress(access.url) };
      const repository = await get(access, address.rest);
      if ('kind' in repository) return probeFailure(repository);
      if (repository.status !== 200) return probeFailure(statusFailure(repository));
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
      const found = await get(access, `${address.rest}/git/ref/heads/${branchPath(branch)}`);
      if ('kind' in found) return probeFailure(found);
      return found.status === 200 ? { ok: true } : probeFailure(statusFailure(found));
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
    async report(access, { commit, state, context, description, url }) {
      const address = addressOf(access.url);
      if (!address) return { ok: false, again: false, message: isNotAddress(access.url) };
      const short = description.slice(0, DESCRIPTION_CHARACTERS);
      const body = JSON.stringify({ state, context, description: short, target_url: url });
      const headers = headersFor(access);
      const answer = await request({ method: 'POST', url: `${address.rest}/statuses/${commit}`, headers, body });
      if ('kind' in answer) return reportFailure(answer);
      return answer.status === 201 ? { ok: true } : reportFailure(statusFailure(answer));
    },
  };
}
