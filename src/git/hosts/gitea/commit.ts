import { fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import { authorOf, type CommitOutcome, type CommitRequest, type FileChange } from '../host.ts';
import { type Branch, blobId, type Entry, openTree, TREE } from '../host-objects.ts';
import { Ended, type HttpResponse } from '../http.ts';
import { type Api, failureOf } from './api.ts';

const PLAIN_MODES = new Set(['100644', '100755']);

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

/** What Gitea is asked to do for a commit on its expected head. Throws `Ended` where that is nothing, or cannot be done. */
export async function operationsFor(api: Api, { changes, expectedHead, branch }: CommitRequest) {
  const find = openTree((_, entry) => api.folder(entry?.id ?? expectedHead));
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

/** Writes one commit of these operations, if the branch is still at the expected head. */
export async function writeCommit(api: Api, request: CommitRequest, files: readonly object[]): Promise<CommitOutcome> {
  const { branch: name, expectedHead, message } = request;
  const branch = await api.branch(name);
  if (branch.head !== expectedHead) {
    return { kind: 'stale', message: `${name} is at ${branch.head}, not at ${expectedHead}` };
  }
  const author = authorOf(request);
  const body = JSON.stringify({ branch: name, message, files, author, committer: author });
  return outcomeOf(await api.send('POST', 'contents', body), branch);
}
