import { listOf, parsedFields, textOf } from '../../../api/fields.ts';
import { authorOf, type CommitRequest, type FileChange } from '../host.ts';
import { type Branch, blobId, type Entry, openTree, TREE } from '../host-objects.ts';
import { Ended } from '../http.ts';
import { type Api, failureOf } from './api.ts';

const EXECUTABLE = '100755';
const PLAIN_MODES = new Set(['100644', EXECUTABLE]);

function checkModes({ path, content, mode }: FileChange, there: Entry | undefined) {
  const refuse = (what: string): never => {
    const message = `${path} ${what}: GitLab's API writes files only, executable ones or not. Use host: git in the policy`;
    throw new Ended({ kind: 'protected', message });
  };
  if (there?.mode === TREE) refuse('is a folder on the branch');
  if (there?.mode === '160000') refuse('is a submodule on the branch');
  if (content === undefined) return;
  if (!PLAIN_MODES.has(mode)) refuse(`has mode ${mode}`);
  // GitLab would keep the link, and write into where it points.
  if (there && !PLAIN_MODES.has(there.mode)) refuse(`has mode ${there.mode} on the branch`);
}

/** Whether the branch holds the file so already. */
function isThere({ content, mode }: FileChange, there: Entry | undefined): boolean {
  if (content === undefined) return there === undefined;
  return there?.mode === mode && there.id === blobId(content);
}

/**
 * What GitLab is asked to do with one file, in this order. Modes have an action of their own: the others keep what the file
 * has, and make new files plain.
 */
function actionsOf({ path, content, mode }: FileChange, there: Entry | undefined, bound: object): object[] {
  if (content === undefined) return [{ action: 'delete', file_path: path, ...bound }];
  const written = { file_path: path, content: content.toString('base64'), encoding: 'base64' };
  const write = there ? { action: 'update', ...written, ...bound } : { action: 'create', ...written };
  if (mode === (there?.mode ?? '100644')) return [write];
  return [write, { action: 'chmod', file_path: path, execute_filemode: mode === EXECUTABLE }];
}

/** `isBound`: each file to the last commit that changed it at the expected head. */
async function actionsFor(api: Api, { changes, expectedHead, branch }: CommitRequest, isBound: boolean) {
  const find = openTree((path) => api.folder(expectedHead, path));
  const actions: object[] = [];
  for (const change of changes) {
    const there = await find(change.path);
    checkModes(change, there);
    if (isThere(change, there)) continue;
    const bound = isBound && there ? { last_commit_id: await api.lastChange(expectedHead, change.path) } : {};
    actions.push(...actionsOf(change, there, bound));
  }
  // GitLab would make an empty commit.
  if (actions.length > 0) return actions;
  throw new Ended({ kind: 'stale', message: `${branch} holds all of it already: there is nothing to write` });
}

export interface WrittenCommit {
  id: string;
  parent?: string | undefined;
  url?: string | undefined;
}

async function post(api: Api, body: object, branch?: Branch): Promise<WrittenCommit> {
  const answer = await api.post('/repository/commits', { ...body, stats: false });
  if (answer.status !== 201) throw new Ended(failureOf(answer, branch));
  const { id, parent_ids, web_url } = parsedFields(answer.body);
  const commit = textOf(id);
  if (!commit) throw new Ended({ kind: 'unknown', message: 'GitLab answered without saying which commit it made' });
  return { id: commit, parent: textOf(listOf(parent_ids)[0]), url: textOf(web_url) };
}

function authorship(request: CommitRequest) {
  const { name, email } = authorOf(request);
  return { author_name: name, author_email: email };
}

/** Adds the commit to the branch, whose head is read right before. */
export async function writeCommit(api: Api, request: CommitRequest): Promise<WrittenCommit> {
  const { branch: name, expectedHead, message } = request;
  const actions = await actionsFor(api, request, true);
  const branch = await api.branch(name);
  if (branch.head !== expectedHead) {
    throw new Ended({ kind: 'stale', message: `${name} is at ${branch.head}, not at ${expectedHead}` });
  }
  return post(api, { branch: name, commit_message: message, actions, ...authorship(request) }, branch);
}

/**
 * Makes the branch `name`, which must not be there yet, from the expected head with this commit. Files are not bound one by
 * one: GitLab would look for their last changes on the default branch.
 */
export async function writeBranch(api: Api, request: CommitRequest, name: string): Promise<WrittenCommit> {
  const { expectedHead, message } = request;
  const actions = await actionsFor(api, request, false);
  return post(api, { branch: name, start_sha: expectedHead, commit_message: message, actions, ...authorship(request) });
}
