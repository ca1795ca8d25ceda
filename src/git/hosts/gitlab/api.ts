import { type Fields, fieldsOf, isFields, parsedFields, parsedList, textOf } from '../../../api/fields.ts';
import type { RepositoryAccess } from '../host.ts';
import { type Branch, branchOf, type Entry } from '../host-objects.ts';
import {
  answerFailure,
  Ended,
  type Failure,
  type HttpRequest,
  type HttpResponse,
  type SendRequest,
  wayTo,
} from '../http.ts';

/** A commit of many files, and a merge, happen within the one request. */
const PAGE_ENTRIES = 100;
/** The least that a role must be to write. */
const DEVELOPER = 30;

/**
 * The project's address in the API, by its path: groups and subgroups, as one segment. A GitLab that lives below a path of its
 * host cannot be told from one with another group, and is not reached.
 */
function addressOf(text: string): string {
  const url = URL.parse(text);
  const path = (url?.pathname ?? '').replace(/\/+$/, '').replace(/\.git$/, '');
  if (url && /^(?:\/[^/]+){2,}$/.test(path)) {
    return `${url.origin}/api/v4/projects/${path.slice(1).replaceAll('/', '%2F')}`;
  }
  const message = `${JSON.stringify(text)} is not the address of a GitLab project; https://HOST/GROUP/NAME is, with subgroups or without`;
  throw new Ended({ kind: 'gone', message });
}

/** GitLab says what is wrong as a text, a list of texts, or lists by field; errors of OAuth have fields of their own. */
function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  const within = isFields(value) ? Object.values(value) : value;
  return Array.isArray(within) ? within.flatMap(textsOf) : [];
}

function wordsOf(body: string): string {
  const { message, error, error_description } = parsedFields(body);
  return textsOf([error, error_description, message]).join(': ').slice(0, 300) || 'no explanation';
}

/** `400` is the answer to whatever could not be committed: hooks and push rules too, with words that a team chose. */
const BAD_REQUEST: readonly [RegExp, 'stale' | 'gone'][] = [
  [/changed since you started editing|file with this name|directory with this name/i, 'stale'],
  [/could not update refs\/|cannot find start_sha|branch called .* already exists/i, 'stale'],
  [/when you are on a branch/i, 'gone'],
];

function kindOfForbidden(said: string, branch: Branch | undefined): 'protected' | 'noRights' {
  if (/code.?owners/i.test(said)) return 'protected';
  return /push into this branch/i.test(said) && branch?.isProtected ? 'protected' : 'noRights';
}

function kindOf(status: number, said: string, branch: Branch | undefined): Exclude<Failure['kind'], 'rateLimited'> {
  switch (status) {
    case 400:
      return BAD_REQUEST.find(([sign]) => sign.test(said))?.[1] ?? 'protected';
    case 401:
      return 'noRights';
    case 403:
      return kindOfForbidden(said, branch);
    case 404:
      return /(?:file|tree|revision or path) not found/i.test(said) ? 'stale' : 'gone';
    case 405:
      // Reads of a project with a new address are redirected; writes are answered so.
      return /moved projects/i.test(said) ? 'gone' : 'protected';
    case 409:
      return 'stale';
    case 406:
    case 413:
    case 422:
      return 'protected';
    default:
      return status >= 300 && status < 400 ? 'gone' : 'unknown';
  }
}

/** An answer that is not the one hoped for. `branch`: as it was read right before, for a write to it. */
export function failureOf(response: HttpResponse, branch?: Branch): Failure {
  const said = wordsOf(response.body);
  return answerFailure('GitLab', response, said, kindOf(response.status, said, branch));
}

/** Whether project and group grant less than writing; that is not so where neither says anything, as for administrators. */
function onlyReads(permissions: unknown): boolean {
  const { project_access, group_access } = fieldsOf(permissions);
  const levels = [project_access, group_access].map((access) => fieldsOf(access).access_level);
  const known = levels.filter((level) => typeof level === 'number');
  return known.length > 0 && Math.max(...known) < DEVELOPER;
}

function branchIn(found: Fields): Branch {
  return branchOf(found, found.can_push);
}

/** One project's API with one credential. All of it throws `Ended` for any answer but the one hoped for. */
export function openApi(send: SendRequest, access: RepositoryAccess) {
  const { url, token } = access;
  const way = wayTo('GitLab', send, access);
  const base = addressOf(url);
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'headgate',
    // GitLab's own PRIVATE-TOKEN header takes access tokens only; this one takes those and OAuth's.
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
  const call = async (path: string, part: Pick<HttpRequest, 'body' | 'method'>, from = base): Promise<HttpResponse> => {
    return way({ ...part, url: `${from}${path}`, headers });
  };
  const get = async (path: string): Promise<string> => {
    const answer = await call(path, { method: 'GET' });
    if (answer.status !== 200) throw new Ended(failureOf(answer));
    return answer.body;
  };
  const instance = base.replace(/\/projects\/[^/]*$/, '');
  const branchPath = (name: string) => `/repository/branches/${encodeURIComponent(name)}`;
  return {
    get: async (path: string) => parsedFields(await get(path)),
    list: async (path: string) => parsedList(await get(path)).map(fieldsOf),
    post: (path: string, body: object) => call(path, { method: 'POST', body: JSON.stringify(body) }),
    put: (path: string, body: object) => call(path, { method: 'PUT', body: JSON.stringify(body) }),
    /** Whose credential it is; undefined where GitLab does not say. */
    async login(): Promise<string | undefined> {
      const answer = await call('/user', { method: 'GET' }, instance);
      return answer.status === 200 ? textOf(parsedFields(answer.body).username) : undefined;
    },
    /** The id of the account with this name; undefined where there is none any more. */
    async userId(name: string): Promise<number | undefined> {
      const answer = await call(`/users?username=${encodeURIComponent(name)}`, { method: 'GET' }, instance);
      const [found] = answer.status === 200 ? parsedList(answer.body) : [];
      const { id } = fieldsOf(found);
      return typeof id === 'number' ? id : undefined;
    },
    async project() {
      const { archived, permissions, merge_requests_access_level, merge_requests_enabled } = parsedFields(
        await get(''),
      );
      return {
        isArchived: archived === true,
        onlyReads: onlyReads(permissions),
        // The second name is the older one.
        takesMergeRequests: merge_requests_access_level !== 'disabled' && merge_requests_enabled !== false,
      };
    },
    branch: async (name: string): Promise<Branch> => branchIn(parsedFields(await get(branchPath(name)))),
    /** Undefined where the project has no such branch. */
    async findBranch(name: string): Promise<Branch | undefined> {
      const answer = await call(branchPath(name), { method: 'GET' });
      if (answer.status === 200) return branchIn(parsedFields(answer.body));
      if (answer.status === 404 && /branch not found/i.test(wordsOf(answer.body))) return undefined;
      throw new Ended(failureOf(answer));
    },
    deleteBranch: (name: string) => call(branchPath(name), { method: 'DELETE' }),
    /** What lies in one folder that is there, '' for the root, by name. */
    async folder(commit: string, path: string): Promise<Map<string, Entry>> {
      const entries = new Map<string, Entry>();
      const query = `ref=${commit}&path=${encodeURIComponent(path)}&per_page=${PAGE_ENTRIES}`;
      for (let page = 1, more = true; more; page++) {
        const found = parsedList(await get(`/repository/tree?${query}&page=${page}`)).map(fieldsOf);
        for (const { name, mode, id } of found) entries.set(String(name), { mode: String(mode), id: String(id) });
        more = found.length === PAGE_ENTRIES;
      }
      return entries;
    },
    /** The last commit that changed a file which this commit has. */
    async lastChange(commit: string, path: string): Promise<string> {
      const found = parsedFields(await get(`/repository/files/${encodeURIComponent(path)}?ref=${commit}`));
      const id = textOf(found.last_commit_id);
      if (id) return id;
      throw new Ended({ kind: 'unknown', message: `GitLab answered without saying which commit changed ${path} last` });
    },
  };
}

export type Api = ReturnType<typeof openApi>;
