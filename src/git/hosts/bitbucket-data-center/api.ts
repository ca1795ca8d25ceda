import { type Fields, fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { RepositoryAccess } from '../host.ts';
import type { Branch } from '../host-objects.ts';
import {
  answerFailure,
  Ended,
  type Failure,
  type HttpRequest,
  type HttpResponse,
  type SendRequest,
  wayTo,
} from '../http.ts';

/** A merge happens within the one request. */
const PAGE_ENTRIES = 100;

interface Addresses {
  /** Where the APIs begin. */
  rest: string;
  /** The repository, below any API. */
  path: string;
  /** Where people see the repository. */
  pages: string;
  clone: string;
}

/** Of the clone address; Bitbucket may live below a path of its host, and a personal project is `~NAME`. */
function addressesOf(text: string): Addresses {
  const url = URL.parse(text);
  const path = (url?.pathname ?? '').replace(/\/+$/, '').replace(/\.git$/, '');
  const { context, project, name } =
    /^(?<context>.*)\/scm\/(?<project>[^/]+)\/(?<name>[^/]+)$/.exec(path)?.groups ?? {};
  if (url && project) {
    const below = `/projects/${project}/repos/${name}`;
    const base = `${url.origin}${context}`;
    return { rest: `${base}/rest`, path: below, pages: `${base}${below}`, clone: `${url.origin}${path}.git` };
  }
  const message = `${JSON.stringify(text)} is not a clone address of Bitbucket Data Center; https://HOST/scm/PROJECT/NAME.git is`;
  throw new Ended({ kind: 'gone', message });
}

/** What Bitbucket says of an error, the names of its exceptions among it: they are the only codes it has. */
interface Said {
  words: string;
  exceptions: string;
}

function saidIn(body: string): Said {
  const errors = listOf(parsedFields(body).errors).map(fieldsOf);
  const messages = errors.flatMap(({ message, vetoes }) => [textOf(message), reasonsIn(vetoes)]);
  return {
    words: messages.filter(Boolean).join(' ').slice(0, 300) || 'no explanation',
    exceptions: errors.map(({ exceptionName }) => textOf(exceptionName) ?? '').join(' '),
  };
}

/** What keeps a pull request from being merged; empty where nothing does. */
export function reasonsIn(vetoes: unknown): string {
  const each = listOf(vetoes).map(fieldsOf);
  return each.map(({ summaryMessage, detailedMessage }) => textOf(detailedMessage) ?? textOf(summaryMessage)).join(' ');
}

const LOOK_AGAIN = /OutOfDate|IllegalPullRequestState|DuplicatePullRequest|EmptyPullRequest/;

function kindOf(status: number, { exceptions }: Said): Exclude<Failure['kind'], 'rateLimited'> {
  switch (status) {
    // Also the answer to known people without the right.
    case 401:
    case 403:
      return 'noRights';
    case 404:
      return 'gone';
    case 409:
      return LOOK_AGAIN.test(exceptions) ? 'stale' : 'protected';
    case 400:
    case 413:
      return 'protected';
    default:
      return status >= 300 && status < 400 ? 'gone' : 'unknown';
  }
}

/** An answer that is not the one hoped for. */
export function failureOf(response: HttpResponse): Failure {
  const said = saidIn(response.body);
  return answerFailure('Bitbucket', response, said.words, kindOf(response.status, said));
}

/** A token without a name is a bearer token: those of projects and repositories have no owner. */
function authorization({ token, username }: RepositoryAccess): Record<string, string> {
  if (!token) return {};
  if (username === undefined) return { authorization: `Bearer ${token}` };
  return { authorization: `Basic ${Buffer.from(`${username}:${token}`).toString('base64')}` };
}

interface Page {
  values: Fields[];
  next: number | undefined;
}

function pageIn(body: string): Page {
  const { values, isLastPage, nextPageStart } = parsedFields(body);
  const next = isLastPage === false && typeof nextPageStart === 'number' ? nextPageStart : undefined;
  return { values: listOf(values).map(fieldsOf), next };
}

/** One repository's API with one credential. All of it throws `Ended` for any answer but the one hoped for. */
export function openApi(transport: SendRequest, access: RepositoryAccess) {
  const way = wayTo('Bitbucket', transport, access);
  const { rest, path: repository, pages, clone } = addressesOf(access.url);
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'headgate',
    // Without it, what has no body is taken for a forged request of a browser.
    'x-atlassian-token': 'no-check',
    ...authorization(access),
  };
  const call = async (method: HttpRequest['method'], url: string, body?: object): Promise<HttpResponse> => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    return way({ method, url, headers, ...content });
  };
  const base = `${rest}/api/1.0${repository}`;
  const send = (method: HttpRequest['method'], path: string, body?: object) => call(method, `${base}${path}`, body);
  const read = async (path: string): Promise<string> => {
    const answer = await send('GET', path);
    if (answer.status !== 200) throw new Ended(failureOf(answer));
    return answer.body;
  };
  /** The branch, or the answer that holds none. */
  const lookAtBranch = async (name: string): Promise<HttpResponse | Pick<Branch, 'head' | 'message'>> => {
    const answer = await send('GET', `/commits?until=${encodeURIComponent(`refs/heads/${name}`)}&limit=1`);
    const [commit] = answer.status === 200 ? pageIn(answer.body).values : [];
    const head = textOf(commit?.id);
    return head ? { head, message: textOf(commit?.message) ?? '' } : answer;
  };
  return {
    pages,
    send,
    get: async (path: string) => parsedFields(await read(path)),
    /** All pages. `path` holds a query. */
    async list(path: string): Promise<Fields[]> {
      const found: Fields[] = [];
      for (let start: number | undefined = 0; start !== undefined; ) {
        const page: Page = pageIn(await read(`${path}&limit=${PAGE_ENTRIES}&start=${start}`));
        found.push(...page.values);
        start = page.next !== undefined && page.next > start ? page.next : undefined;
      }
      return found;
    },
    /** The branch's head, by the only question that needs no part of an address for its name. */
    async branch(name: string) {
      const found = await lookAtBranch(name);
      if ('head' in found) return found;
      throw new Ended(failureOf(found));
    },
    /** Undefined where the repository has no such branch. */
    async findBranch(name: string) {
      const found = await lookAtBranch(name);
      if ('head' in found) return found;
      const isMissing = found.status === 404 && /NoSuch(?:Commit|Branch|Object)/.test(saidIn(found.body).exceptions);
      if (isMissing) return undefined;
      throw new Ended(failureOf(found));
    },
    /** Deletes it while it is at this commit; one that is gone is deleted. */
    deleteBranch: (name: string, endPoint: string) =>
      call('DELETE', `${rest}/branch-utils/1.0${repository}/branches`, {
        name: `refs/heads/${name}`,
        endPoint,
        dryRun: false,
      }),
    /** Whether git would let the credential push: no part of the API says it. */
    async mayPush(): Promise<boolean> {
      const answer = await call('GET', `${clone}/info/refs?service=git-receive-pack`);
      if (answer.status === 401 || answer.status === 403) return false;
      if (answer.status !== 200) throw new Ended(failureOf(answer));
      // Refused in git's own protocol.
      return !/^(?:.*\n)?[0-9a-f]{4,8}ERR /.test(answer.body.slice(0, 100));
    },
  };
}

export type Api = ReturnType<typeof openApi>;
