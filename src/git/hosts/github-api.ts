import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../api/fields.ts';
import type { RepositoryAccess } from './host.ts';
import {
  ask,
  branchPath,
  Ended,
  type Failure,
  type HttpRequest,
  type HttpResponse,
  rateLimited,
  type SendRequest,
  trusting,
} from './http.ts';

const TIMEOUT_MILLISECONDS = 30_000;

interface Address {
  owner: string;
  name: string;
  /** Of the repository. */
  rest: string;
  graphql: string;
}

function addressOf(text: string): Address {
  const url = URL.parse(text);
  const [owner, name, ...more] = (url?.pathname ?? '')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split('/')
    .slice(1);
  if (!url || !owner || !name || more.length > 0) {
    const message = `${JSON.stringify(text)} is not the address of a GitHub repository; https://github.com/OWNER/NAME is`;
    throw new Ended({ kind: 'gone', message });
  }
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

function isRateLimited({ status, headers }: HttpResponse): boolean {
  return status === 429 || (status === 403 && (headers['x-ratelimit-remaining'] === '0' || 'retry-after' in headers));
}

/** GitHub's words: what it says of each field is more than "Validation Failed". */
export function wordsOf({ body }: HttpResponse): string {
  const { message, errors } = parsedFields(body);
  const details = listOf(errors).map((error) => {
    const { message: text, field, code } = fieldsOf(error);
    return textOf(error) ?? textOf(text) ?? `${field} is ${code}`;
  });
  return [textOf(message) ?? 'no explanation', ...details].join(': ').slice(0, 300);
}

/** An answer that is not the one hoped for. */
export function statusFailure(response: HttpResponse): Failure {
  const { status } = response;
  const message = `GitHub answered ${status}: ${wordsOf(response)}`;
  if (isRateLimited(response)) return rateLimited(response, message);
  if (status === 401 || status === 403) return { kind: 'noRights', message };
  if (status === 404 || (status >= 300 && status < 400)) return { kind: 'gone', message };
  return { kind: 'unknown', message };
}

/** What a write to a repository answered that was readable a moment ago: 404 hides it from those who may not write. */
export function writeFailure(response: HttpResponse): Failure {
  const failure = statusFailure(response);
  if (response.status === 404) return { ...failure, kind: 'noRights', message: `${failure.message}: may it write?` };
  return response.status === 422 ? { kind: 'protected', message: failure.message } : failure;
}

/** GitHub answers a refused query with 200 and a typed error; the type decides, its words are for people. */
function typedFailure(response: HttpResponse, error: Fields): Failure {
  const type = textOf(error.type) ?? '';
  const message = (textOf(error.message) ?? 'no explanation').slice(0, 500);
  switch (type) {
    case 'STALE_DATA':
      return { kind: 'stale', message };
    case 'BRANCH_PROTECTION_RULE_VIOLATION':
    case 'UNPROCESSABLE':
      return { kind: 'protected', message };
    case 'RATE_LIMITED':
      return rateLimited(response, message);
    case 'FORBIDDEN':
    case 'INSUFFICIENT_SCOPES':
      return { kind: 'noRights', message };
    case 'NOT_FOUND':
      return { kind: 'gone', message };
    default:
      // Rulesets answer with another type than classic protection.
      return { kind: /rule|protect/i.test(`${type} ${message}`) ? 'protected' : 'unknown', message };
  }
}

/** One repository's API with one credential. Throws `Ended` where there is no answer, or no repository at the address. */
export function openApi(send: SendRequest, access: RepositoryAccess) {
  const address = addressOf(access.url);
  const headers = headersFor(access);
  const way = trusting(send, access);
  const request = async (part: Pick<HttpRequest, 'method' | 'url' | 'body'>): Promise<HttpResponse> => {
    const answer = await ask(way, 'GitHub', { ...part, headers, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
    if ('kind' in answer) throw new Ended(answer);
    return answer;
  };
  const call = (method: HttpRequest['method'], path: string, body?: object) =>
    request({ method, url: `${address.rest}${path}`, ...(body ? { body: JSON.stringify(body) } : {}) });
  return {
    owner: address.owner,
    name: address.name,
    call,
    /** The JSON text of what is at `path`, below the repository. Throws `Ended` for any answer but that. */
    async get(path: string): Promise<string> {
      const answer = await call('GET', path);
      if (answer.status !== 200) throw new Ended(statusFailure(answer));
      return answer.body;
    },
    /** A branch's head; undefined where there is no such branch. */
    async head(branch: string): Promise<string | undefined> {
      const answer = await call('GET', `/git/ref/heads/${branchPath(branch)}`);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw new Ended(statusFailure(answer));
      return textOf(fieldsOf(parsedFields(answer.body).object).sha);
    },
    /** The data that is asked for. Throws `Ended` for any error in it. */
    async graphql(query: string, variables: object): Promise<Fields> {
      const body = JSON.stringify({ query, variables });
      const answer = await request({ method: 'POST', url: address.graphql, body });
      if (answer.status !== 200) throw new Ended(statusFailure(answer));
      const { data, errors } = parsedFields(answer.body);
      const [error] = listOf(errors);
      if (error) throw new Ended(typedFailure(answer, fieldsOf(error)));
      return fieldsOf(data);
    },
  };
}

export type Api = ReturnType<typeof openApi>;
