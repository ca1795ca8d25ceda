import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { RepositoryAccess } from '../host.ts';
import type { Entry } from '../host-objects.ts';
import {
  answerFailure,
  Ended,
  type Failure,
  type HttpRequest,
  type HttpResponse,
  type SendRequest,
  wayTo,
} from '../http.ts';

/** A push of many files happens within the one request. */
const RELEASED = '7.1';
/** Also answered where the resource has been released. */
const PREVIEW = '7.1-preview.1';
export const NO_COMMIT = '0'.repeat(40);

/** How many folders of an address are above the project: the organization, or where a server has its collection. */
function levelsAbove(host: string, [first]: readonly string[]): number {
  if (host.endsWith('.visualstudio.com')) return first?.toLowerCase() === 'defaultcollection' ? 1 : 0;
  return host !== 'dev.azure.com' && first?.toLowerCase() === 'tfs' ? 2 : 1;
}

/** The addresses that a clone address stands for. Names keep the escapes that they have there. */
function addressOf(text: string) {
  const url = URL.parse(text);
  const path = (url?.pathname ?? '').replace(/\/+$/, '');
  const { before = '', name } = /^(?<before>(?:\/[^/]+)*)\/_git\/(?<name>[^/]+)$/.exec(path)?.groups ?? {};
  const folders = before.split('/').slice(1);
  const above = levelsAbove(url?.hostname ?? '', folders);
  if (url && name && (folders.length === above || folders.length === above + 1)) {
    const organization = [url.origin, ...folders.slice(0, above)].join('/');
    // The address of the repository that is called like its project leaves the project out.
    const project = `${organization}/${folders[above] ?? name}/_apis`;
    return {
      page: `${url.origin}${path}`,
      organization: `${organization}/_apis`,
      project,
      repository: `${project}/git/repositories/${name}`,
    };
  }
  const message = `${JSON.stringify(text)} is not the address of a repository of Azure DevOps; https://dev.azure.com/ORGANIZATION/PROJECT/_git/NAME is, and https://HOST/COLLECTION/PROJECT/_git/NAME`;
  throw new Ended({ kind: 'gone', message });
}

type Kind = Exclude<Failure['kind'], 'rateLimited'>;

/** By what an answer is called. Its words may be in any language. */
const KIND_OF: Readonly<Record<string, Kind>> = {
  GitReferenceStaleException: 'stale',
  GitPullRequestStaleException: 'stale',
  // With status 404 or 500: history was rewritten.
  GitCommitDoesNotExistException: 'stale',
  GitObjectDoesNotExistException: 'stale',
  GitUnresolvableToCommitException: 'stale',
  GitRefUpdateRejectedByPolicyException: 'protected',
  GitPullRequestUpdateRejectedByPolicyException: 'protected',
  GitRefLockedException: 'protected',
  GitForcePushDeniedException: 'protected',
};

function kindOf(status: number): Kind {
  switch (status) {
    case 400:
    case 405:
    case 413:
    case 422:
      return 'protected';
    case 401:
    case 403:
      return 'noRights';
    case 404:
    case 410:
      return 'gone';
    case 409:
      return 'stale';
    default:
      return status >= 300 && status < 400 ? 'gone' : 'unknown';
  }
}

const NOT_VALID =
  'the token is not valid (any more), or not meant for this; one of Microsoft Entra needs the username bearer beside it';

/** What Azure DevOps calls an answer that is not the one hoped for. */
export function typeOf({ body }: HttpResponse): string {
  return textOf(parsedFields(body).typeKey) ?? '';
}

/** Whether an answer is the page on which people sign in: it comes with 203, with 200, or is where a redirect leads. */
function asksToSignIn({ status, headers }: HttpResponse): boolean {
  const isPage = status < 300 && (headers['content-type'] ?? '').startsWith('text/html');
  return status === 203 || isPage || /_signin|login\.microsoftonline/i.test(headers.location ?? '');
}

/** An answer that is not the one hoped for. */
export function failureOf(response: HttpResponse): Failure {
  if (asksToSignIn(response)) return { kind: 'noRights', message: `Azure DevOps asks to sign in: ${NOT_VALID}` };
  const said = textOf(parsedFields(response.body).message)?.slice(0, 300);
  const words = said || (response.status === 401 ? NOT_VALID : 'no explanation');
  return answerFailure('Azure DevOps', response, words, KIND_OF[typeOf(response)] ?? kindOf(response.status));
}

/** Personal access tokens come as a password, for whatever user; those of Microsoft Entra do not. */
function authorizationFor({ token, username = '' }: RepositoryAccess): string {
  if (username.toLowerCase() === 'bearer') return `Bearer ${token}`;
  return `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}`;
}

/** One repository's API with one credential. All of it throws `Ended` for any answer but the one hoped for. */
export function openApi(transport: SendRequest, access: RepositoryAccess) {
  const way = wayTo('Azure DevOps', transport, access);
  const at = addressOf(access.url);
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'headgate',
    // Else it is people who are expected, and led to the page to sign in.
    'x-tfs-fedauthredirect': 'Suppress',
    ...(access.token ? { authorization: authorizationFor(access) } : {}),
  };
  const call = async (
    method: HttpRequest['method'],
    path: string,
    body?: object,
    { version = RELEASED, isRead = false } = {},
  ) => {
    const url = `${path}${path.includes('?') ? '&' : '?'}api-version=${version}`;
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await way({ method, url, headers, ...content, ...(isRead && { isRead }) });
    if (asksToSignIn(answer)) throw new Ended(failureOf(answer));
    return answer;
  };
  const read = async (method: 'GET' | 'POST', path: string, body?: object): Promise<Fields> => {
    const answer = await call(method, `${at.repository}${path}`, body, { isRead: true });
    if (answer.status !== 200) throw new Ended(failureOf(answer));
    return parsedFields(answer.body);
  };
  const get = (path: string) => read('GET', path);
  const list = async (path: string): Promise<Fields[]> => listOf((await get(path)).value).map(fieldsOf);
  /** What no work hangs on: undefined where the credential may not read it, or the server does not know it. */
  const known = async (path: string): Promise<unknown[] | undefined> => {
    const answer = await call('GET', path, undefined, { version: PREVIEW });
    if (answer.status === 200) return listOf(parsedFields(answer.body).value);
    if (answer.status === 429 || answer.status >= 500) throw new Ended(failureOf(answer));
    return undefined;
  };
  /** Undefined where the repository has no such branch. */
  const head = async (name: string): Promise<string | undefined> => {
    // Whatever begins so is found.
    const found = await list(`/refs?filter=${encodeURIComponent(`heads/${name}`)}`);
    return textOf(found.find((each) => each.name === `refs/heads/${name}`)?.objectId);
  };
  return {
    /** Where people see the repository. */
    page: at.page,
    get,
    list,
    head,
    post: (path: string, body: object) => call('POST', `${at.repository}${path}`, body),
    patch: (path: string, body: object) => call('PATCH', `${at.repository}${path}`, body),
    /** A question that is too long for an address; nothing changes by it. */
    query: (path: string, body: object) => read('POST', path, body),
    /** Whose credential it is; undefined where Azure DevOps does not say. */
    async account(): Promise<string | undefined> {
      const answer = await call('GET', `${at.organization}/connectionData`, undefined, { version: PREVIEW });
      return answer.status === 200 ? textOf(fieldsOf(parsedFields(answer.body).authenticatedUser).id) : undefined;
    },
    knownOfProject: (path: string) => known(`${at.project}${path}`),
    knownOfOrganization: (path: string) => known(`${at.organization}${path}`),
    async branch(name: string): Promise<string> {
      const found = await head(name);
      if (found) return found;
      throw new Ended({ kind: 'gone', message: `Azure DevOps knows no branch ${name}` });
    },
    async commit(id: string): Promise<{ message: string; tree: string }> {
      const { comment, treeId } = await get(`/commits/${id}`);
      return { message: textOf(comment) ?? '', tree: textOf(treeId) ?? '' };
    },
    /** What lies in one folder, by name. */
    async folder(tree: string): Promise<Map<string, Entry>> {
      const entries = listOf((await get(`/trees/${tree}`)).treeEntries).map(fieldsOf);
      return new Map(
        entries.map(({ relativePath, mode, objectId }) => [
          String(relativePath),
          // A folder's is shown as 40000.
          { mode: String(mode).padStart(6, '0'), id: String(objectId) },
        ]),
      );
    },
  };
}

export type Api = ReturnType<typeof openApi>;
