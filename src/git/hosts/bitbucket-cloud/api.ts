import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { RepositoryAccess } from '../host.ts';
import type { Form } from '../host-form.ts';
import { type Entry, TREE } from '../host-objects.ts';
import {
  answerFailure,
  branchPath,
  Ended,
  type Failure,
  type HttpRequest,
  type HttpResponse,
  type SendRequest,
  wayTo,
} from '../http.ts';

/** A commit of many files, and a merge, happen within the one request. */
const PAGE_ENTRIES = 100;
/** Under this name git takes access tokens of a repository, project or workspace; the API takes them without a name. */
const ACCESS_TOKEN_USER = 'x-token-auth';

/** Where the repository is in the API, and where people look at it. */
function addressOf(text: string): { origin: string; api: string; pages: string } {
  const url = URL.parse(text);
  const path = (url?.pathname ?? '').replace(/\/+$/, '').replace(/\.git$/, '');
  if (url && /^(?:\/[^/]+){2}$/.test(path)) {
    const origin = url.host === 'bitbucket.org' ? 'https://api.bitbucket.org' : url.origin;
    return { origin, api: `${origin}/2.0/repositories${path}`, pages: `${url.origin}${path}` };
  }
  const message = `${JSON.stringify(text)} is not the address of a Bitbucket Cloud repository; https://bitbucket.org/WORKSPACE/REPOSITORY is`;
  throw new Ended({ kind: 'gone', message });
}

function authorizationOf({ token, username }: RepositoryAccess): Record<string, string> {
  if (!token) return {};
  if (!username || username === ACCESS_TOKEN_USER) return { authorization: `Bearer ${token}` };
  return { authorization: `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}` };
}

/** Bitbucket says what is wrong, sometimes more of it, and which scopes a token lacks. */
function wordsOf(body: string): string {
  const error = fieldsOf(parsedFields(body).error);
  const required = listOf(fieldsOf(error.detail).required).map(String);
  const lacks = required.length > 0 ? `give the token the scope ${required.join(', ')}` : undefined;
  const words = [textOf(error.message), textOf(error.detail), lacks].filter((each) => each !== undefined);
  return words.join(': ').slice(0, 300) || 'no explanation';
}

/** Restrictions of a branch are told by nothing but words: who only writes may not read them. */
const RESTRICTION = /permission denied to (?:create|delete|update) branch|restrict|pre-receive|protected/i;

/** Whether the rules of a branch forbid it, to a credential that may write to others. */
export function isRestricted({ status, body }: HttpResponse): boolean {
  return (status === 400 || status === 403) && RESTRICTION.test(wordsOf(body));
}

function kindOf(status: number): Exclude<Failure['kind'], 'rateLimited'> {
  switch (status) {
    case 401:
    case 403:
      return 'noRights';
    case 404:
    case 410:
      return 'gone';
    case 409:
      return 'stale';
    case 400:
    case 405:
    case 413:
    case 415:
    case 422:
      return 'protected';
    default:
      // 555 is Bitbucket's own for what took too long.
      return status >= 300 && status < 400 ? 'gone' : 'unknown';
  }
}

/** An answer that is not the one hoped for. */
export function failureOf(response: HttpResponse): Failure {
  const rule = isRestricted(response) ? ' (the branch is protected by a branch restriction)' : '';
  const said = `${wordsOf(response.body)}${rule}`;
  return answerFailure('Bitbucket', response, said, rule ? 'protected' : kindOf(response.status));
}

export interface Branch {
  head: string;
  /** Of the commit at its head. */
  message: string;
  /** Of the commit at its head. */
  parents: string[];
  /** How the repository has pull requests into it merged, where Bitbucket says so. */
  mergeStrategy?: string | undefined;
}

function branchIn({ target, default_merge_strategy }: Fields): Branch {
  const { hash, message, parents } = fieldsOf(target);
  return {
    head: textOf(hash) ?? '',
    message: textOf(message) ?? '',
    parents: listOf(parents).map((parent) => textOf(fieldsOf(parent).hash) ?? ''),
    mergeStrategy: textOf(default_merge_strategy),
  };
}

/** What lies in a folder. The API tells no ids of contents. */
export interface SizedEntry extends Pick<Entry, 'mode'> {
  /** In bytes. */
  size: number;
}

function modeOf({ type, attributes }: Fields): string {
  if (type === 'commit_directory') return TREE;
  const has = (attribute: string) => listOf(attributes).includes(attribute);
  if (type !== 'commit_file' || has('subrepository')) return '160000';
  if (has('link')) return '120000';
  return has('executable') ? '100755' : '100644';
}

/** A file's or folder's path as part of an address keeps its slashes, too. */
const sourcePath = branchPath;

/** One repository's API with one credential. All of it throws `Ended` for any answer but the one hoped for. */
export function openApi(send: SendRequest, access: RepositoryAccess) {
  const way = wayTo('Bitbucket', send, access);
  const { origin, api, pages } = addressOf(access.url);
  const headers = { 'user-agent': 'headgate', ...authorizationOf(access) };
  const call = async (method: HttpRequest['method'], path: string, content?: Form, at = api): Promise<HttpResponse> => {
    const request = { method, url: `${at}${path}`, headers };
    const sent = content && { body: content.body, headers: { ...headers, 'content-type': content.contentType } };
    return way({ ...request, ...sent });
  };
  const get = async (path: string): Promise<Fields> => {
    const answer = await call('GET', path);
    if (answer.status !== 200) throw new Ended(failureOf(answer));
    return parsedFields(answer.body);
  };
  /** Undefined for what is not there: also where the whole repository is not. */
  const find = async (path: string): Promise<Fields | undefined> => {
    const answer = await call('GET', path);
    if (answer.status === 200) return parsedFields(answer.body);
    if (answer.status === 404) return undefined;
    throw new Ended(failureOf(answer));
  };
  /** All of a list, page by page. */
  async function* pagesOf(path: string, query: string): AsyncGenerator<Fields[]> {
    for (let more: string | undefined = query; more; ) {
      const { values, next } = await get(`${path}${more}`);
      yield listOf(values).map(fieldsOf);
      // Only what it asks for is taken of the address: the credential goes nowhere else.
      more = URL.parse(textOf(next) ?? '')?.search;
    }
  }
  const asJson = (content: object): Form => {
    return { contentType: 'application/json', body: Buffer.from(JSON.stringify(content)) };
  };
  const branchAt = (name: string) => `/refs/branches/${branchPath(name)}`;
  return {
    pages,
    get,
    pagesOf,
    /** The answer, whatever it is. */
    ask: (path: string) => call('GET', path),
    /** `content` that is no form is sent as JSON. */
    post(path: string, content?: object | Form): Promise<HttpResponse> {
      return call('POST', path, content === undefined || 'contentType' in content ? content : asJson(content));
    },
    put: (path: string, content: object) => call('PUT', path, asJson(content)),
    /** Whose credential it is; undefined where Bitbucket does not say: that asks for a scope of its own. */
    async account(): Promise<string | undefined> {
      const answer = await call('GET', '/2.0/user', undefined, origin);
      return answer.status === 200 ? textOf(parsedFields(answer.body).uuid) : undefined;
    },
    branch: async (name: string): Promise<Branch> => branchIn(await get(branchAt(name))),
    /** Undefined where there is no such branch. To be asked once something of the repository was read. */
    async findBranch(name: string): Promise<Branch | undefined> {
      const found = await find(branchAt(name));
      return found && branchIn(found);
    },
    /** The whole id of a commit, by its beginning; undefined where it is not there any more. */
    findCommit: async (beginning: string): Promise<string | undefined> =>
      textOf((await find(`/commit/${beginning}`))?.hash),
    deleteBranch: (name: string) => call('DELETE', branchAt(name)),
    /** What lies in one folder that is there, '' for the root, by name. */
    async folder(commit: string, path: string): Promise<Map<string, SizedEntry>> {
      const entries = new Map<string, SizedEntry>();
      const at = `/src/${commit}/${path === '' ? '' : `${sourcePath(path)}/`}`;
      const fields = 'fields=next,values.path,values.type,values.attributes,values.size';
      for await (const page of pagesOf(at, `?pagelen=${PAGE_ENTRIES}&${fields}`)) {
        for (const each of page) {
          const name = String(each.path).slice(path === '' ? 0 : path.length + 1);
          entries.set(name, { mode: modeOf(each), size: Number(each.size) });
        }
      }
      return entries;
    },
    /** Whether a file of this commit has this content; false also where that cannot be told. */
    async holds(commit: string, path: string, content: Buffer): Promise<boolean> {
      const text = content.toString('utf8');
      if (!Buffer.from(text).equals(content)) return false;
      const answer = await call('GET', `/src/${commit}/${sourcePath(path)}`);
      return answer.status === 200 && answer.body === text;
    },
  };
}

export type Api = ReturnType<typeof openApi>;
