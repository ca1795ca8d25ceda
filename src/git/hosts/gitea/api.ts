import { type Fields, fieldsOf, listOf, parsedFields, parsedList, textOf } from '../../../api/fields.ts';
import type { RepositoryAccess } from '../host.ts';
import { type Branch, branchOf, type Entry } from '../host-objects.ts';
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

/** The repository's address in the API; Gitea may live below a path of its host. */
function addressOf(text: string): string {
  const url = URL.parse(text);
  const path = (url?.pathname ?? '').replace(/\/+$/, '').replace(/\.git$/, '');
  const parts = /^(?<prefix>.*)\/(?<owner>[^/]+)\/(?<name>[^/]+)$/.exec(path)?.groups;
  if (url && parts) return `${url.origin}${parts.prefix}/api/v1/repos/${parts.owner}/${parts.name}`;
  const message = `${JSON.stringify(text)} is not the address of a repository; https://HOST/OWNER/NAME is`;
  throw new Ended({ kind: 'gone', message });
}

/** What `403` means is in its words, where it is not in the branch's own rules. */
const FORBIDDEN: readonly [RegExp, 'stale' | 'noRights'][] = [
  [/cannot lock ref|non-fast-forward|fetch first/i, 'stale'],
  [/required scope|should have a permission|token is required/i, 'noRights'],
];

const UNPROCESSABLE_STALE = /sha does not match|commit ?id does not match|already exists|sha not found/i;
const MISSING_FILE = /object does not exist.*rel_path: [^\]]/i;

function kindOf(status: number, said: string, branch: Branch | undefined): Exclude<Failure['kind'], 'rateLimited'> {
  switch (status) {
    case 401:
    case 423:
      return 'noRights';
    case 403: {
      const kind = FORBIDDEN.find(([sign]) => sign.test(said))?.[1];
      const isRule = branch && (branch.isProtected || branch.mayPush);
      return kind ?? (isRule ? 'protected' : 'noRights');
    }
    case 404:
      return MISSING_FILE.test(said) ? 'stale' : 'gone';
    case 409:
      return 'stale';
    case 400:
    case 422:
      return UNPROCESSABLE_STALE.test(said) ? 'stale' : 'protected';
    default:
      return status >= 300 && status < 400 ? 'gone' : 'unknown';
  }
}

/** An answer that is not the one hoped for. Gitea hides from all but administrators why it answered 500. */
export function failureOf(response: HttpResponse, branch?: Branch): Failure {
  const said = (textOf(parsedFields(response.body).message) || 'no explanation').slice(0, 300);
  return answerFailure('Gitea', response, said, kindOf(response.status, said, branch));
}

export function branchIn(found: Fields): Branch {
  return branchOf(found, found.user_can_push);
}

/** JSON in ASCII: before 1.26, Gitea garbles characters of several bytes where what it reads of a long body ends within one. */
function asAscii(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** One repository's API with one credential. All of it throws `Ended` for any answer but the one hoped for. */
export function openApi(transport: SendRequest, access: RepositoryAccess) {
  const { url, token } = access;
  const way = wayTo('Gitea', transport, access);
  const base = addressOf(url);
  const headers = {
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'headgate',
    ...(token ? { authorization: `token ${token}` } : {}),
  };
  const send = async (
    method: HttpRequest['method'],
    path: string,
    body?: string,
    from = base,
  ): Promise<HttpResponse> => {
    const content = body === undefined ? {} : { body: asAscii(body) };
    return way({ method, url: `${from}/${path}`, headers, ...content });
  };
  const read = async (path: string): Promise<HttpResponse> => {
    const answer = await send('GET', path);
    if (answer.status !== 200) throw new Ended(failureOf(answer));
    return answer;
  };
  const get = async (path: string) => parsedFields((await read(path)).body);
  return {
    send,
    get,
    /** Whose credential it is; undefined where Gitea does not say: that asks for a scope of its own. */
    async login(): Promise<string | undefined> {
      const answer = await send('GET', 'user', undefined, base.replace(/\/repos\/[^/]*\/[^/]*$/, ''));
      return answer.status === 200 ? textOf(parsedFields(answer.body).login) : undefined;
    },
    /** Undefined for what is not there: also where the whole repository is not. */
    async find(path: string): Promise<Fields | undefined> {
      const answer = await send('GET', path);
      if (answer.status === 200) return parsedFields(answer.body);
      if (answer.status === 404) return undefined;
      throw new Ended(failureOf(answer));
    },
    list: async (path: string): Promise<Fields[]> => parsedList((await read(path)).body).map(fieldsOf),
    branch: async (name: string): Promise<Branch> => branchIn(await get(`branches/${branchPath(name)}`)),
    /** What lies in one folder, by name. */
    async folder(id: string): Promise<Map<string, Entry>> {
      const entries = new Map<string, Entry>();
      for (let page = 1, more = true; more; page++) {
        const { tree, truncated } = await get(`git/trees/${id}?page=${page}`);
        for (const { path, mode, sha } of listOf(tree).map(fieldsOf)) {
          entries.set(String(path), { mode: String(mode), id: String(sha) });
        }
        more = truncated === true && listOf(tree).length > 0;
      }
      return entries;
    },
  };
}

export type Api = ReturnType<typeof openApi>;
