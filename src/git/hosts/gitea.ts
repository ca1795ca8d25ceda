import { createHash } from 'node:crypto';
import { fieldsOf, listOf, parsedFields, textOf } from '../../api/fields.ts';
import { type Api, type Branch, type Entry, failureOf, openApi } from './gitea-api.ts';
import {
  AUTHOR,
  type CommitOutcome,
  type CommitRequest,
  type FileChange,
  type GitHost,
  type RepositoryAccess,
} from './host.ts';
import { Ended, endedAs, type HttpResponse, probeFailure, reportFailure, type SendRequest } from './http.ts';

export interface GiteaOptions {
  send: SendRequest;
}

const DESCRIPTION_CHARACTERS = 255;
const TREE = '040000';
const PLAIN_MODES = new Set(['100644', '100755']);

/** Finds files of a commit, reading each folder on their ways once. */
function openTree(api: Api, commit: string) {
  const folders = new Map<string, Promise<Map<string, Entry>>>();
  const read = async (path: string): Promise<Map<string, Entry>> => {
    if (path === '') return api.folder(commit);
    const entry = await find(path);
    return entry?.mode === TREE ? api.folder(entry.id) : new Map();
  };
  const find = async (path: string): Promise<Entry | undefined> => {
    const slash = path.lastIndexOf('/');
    const folder = path.slice(0, Math.max(slash, 0));
    const entries = folders.get(folder) ?? read(folder);
    folders.set(folder, entries);
    return (await entries).get(path.slice(slash + 1));
  };
  return find;
}

function blobId(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
}

/**
 * What Gitea is asked to do with one file; undefined where the branch holds it so already. It is always told which content
 * is replaced: without that it overwrites whatever is there.
 */
function operationOf({ path, content, mode }: FileChange, there: Entry | undefined) {
  const refuse = (why: string): never => {
    const message = `${path} ${why}: Gitea's API keeps the mode that a file has and sets none. Use host: git in the policy`;
    throw new Ended({ kind: 'protected', message });
  };
  if (there?.mode === TREE) refuse('is a folder on the branch');
  if (content === undefined) return there && { operation: 'delete', path, sha: there.id };
  if (there?.mode === mode && there.id === blobId(content)) return undefined;
  const encoded = content.toString('base64');
  if (!there) return mode === '100644' ? { operation: 'create', path, content: encoded } : refuse(`has mode ${mode}`);
  if (there.mode !== mode) refuse(`has mode ${mode}, and ${there.mode} on the branch`);
  // A submodule would become a file without a word.
  if (!PLAIN_MODES.has(mode)) refuse(`has mode ${mode}`);
  return { operation: 'update', path, sha: there.id, content: encoded };
}

async function operationsFor(api: Api, { changes, expectedHead, branch }: CommitRequest) {
  const find = openTree(api, expectedHead);
  const operations: object[] = [];
  for (const change of changes) {
    const operation = operationOf(change, await find(change.path));
    if (operation) operations.push(operation);
  }
  // Gitea would make an empty commit.
  if (operations.length > 0) return operations;
  throw new Ended({ kind: 'stale', message: `${branch} holds all of it already: there is nothing to write` });
}

function outcomeOf(response: HttpResponse, branch: Branch): CommitOutcome {
  if (response.status !== 201) return failureOf(response, branch);
  const { sha, html_url, parents } = fieldsOf(parsedFields(response.body).commit);
  const commit = textOf(sha);
  if (!commit) return { kind: 'unknown', message: 'Gitea answered without saying which commit it made' };
  const parent = textOf(fieldsOf(listOf(parents)[0]).sha);
  const url = textOf(html_url);
  const between = parent !== undefined && parent !== branch.head;
  const message = `it lies on ${parent?.slice(0, 7)}, which came in after the plan was made and changed none of its files`;
  return { kind: 'written', commit, ...(url && { url }), ...(between && { message }) };
}

/**
 * Gitea and Forgejo: one commit by the API for many files. The API knows no expected head, so the write is bound by two
 * things: the head is read right before it, and each file is bound to its content at that head. What comes in between is
 * refused where it touches the same files; where it touches others, the commit lies on it.
 */
export function createGiteaHost({ send }: GiteaOptions): GitHost {
  const write = async (access: RepositoryAccess, request: CommitRequest): Promise<CommitOutcome> => {
    const api = openApi(send, access);
    const { branch: name, expectedHead, message } = request;
    const files = await operationsFor(api, request);
    const branch = await api.branch(name);
    if (branch.head !== expectedHead) {
      return { kind: 'stale', message: `${name} is at ${branch.head}, not at ${expectedHead}` };
    }
    const body = JSON.stringify({ branch: name, message, files, author: AUTHOR, committer: AUTHOR });
    return outcomeOf(await api.post('contents', body), branch);
  };
  const probe: GitHost['probe'] = async (access, name) => {
    const api = openApi(send, access);
    const { isProtected, mayPush } = await api.branch(name);
    if (!mayPush) {
      const rule = `${name} is protected: it takes changes by pull request only, or by others`;
      const message = isProtected ? rule : 'the token may read the repository but not write to it';
      return { ok: false, reason: 'noRights', message };
    }
    // What a token is for is asked before the body is read, and a body that is no JSON can write nothing.
    const answer = await api.post('contents', '{');
    return answer.status === 422 ? { ok: true } : probeFailure(failureOf(answer));
  };
  const report: GitHost['report'] = async (access, { commit, state, context, description, url }) => {
    const short = description.slice(0, DESCRIPTION_CHARACTERS);
    const body = JSON.stringify({ state, context, description: short, target_url: url });
    const answer = await openApi(send, access).post(`statuses/${commit}`, body);
    return answer.status === 201 ? { ok: true } : reportFailure(failureOf(answer));
  };
  return {
    type: 'gitea',
    probe: (access, branch) => endedAs(() => probe(access, branch), probeFailure),
    commit: (access, request) =>
      endedAs<CommitOutcome>(
        () => write(access, request),
        (failure) => failure,
      ),
    report: (access, it) => endedAs(() => report(access, it), reportFailure),
  };
}
