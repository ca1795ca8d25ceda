import { fieldsOf, listOf, parsedFields, textOf } from '../../../api/fields.ts';
import { authorOf, type CommitRequest, type FileChange } from '../host.ts';
import { blobId, type Entry, openTree, TREE } from '../host-objects.ts';
import { Ended } from '../http.ts';
import { type Api, failureOf } from './api.ts';

const PLAIN = '100644';
const FILE_MODES = new Set([PLAIN, '100755']);

/** What Azure DevOps is asked to do with one file; undefined where the branch holds it so already. */
function changeOf({ path, content, mode }: FileChange, there: Entry | undefined): object | undefined {
  const refuse = (why: string): never => {
    const message = `${path} ${why}: Azure DevOps' API writes files only, which keep the mode that they have; new ones are plain. Use host: git in the policy`;
    throw new Ended({ kind: 'protected', message });
  };
  if (there?.mode === TREE) refuse('is a folder on the branch');
  if (there?.mode === '160000') refuse('is a submodule on the branch');
  const item = { path: `/${path}` };
  if (content === undefined) return there && { changeType: 'delete', item };
  if (there?.mode === mode && there.id === blobId(content)) return undefined;
  if (!FILE_MODES.has(mode)) refuse(`has mode ${mode}`);
  if (mode !== (there?.mode ?? PLAIN)) refuse(`has mode ${mode}${there ? `, and ${there.mode} on the branch` : ''}`);
  // What is sent as text is brought into the encoding that the file is taken to have.
  const newContent = { content: content.toString('base64'), contentType: 'base64encoded' };
  return { changeType: there ? 'edit' : 'add', item, newContent };
}

async function changesFor(api: Api, { changes, expectedHead, branch }: CommitRequest): Promise<object[]> {
  const { tree } = await api.commit(expectedHead);
  const find = openTree((_, entry) => api.folder(entry?.id ?? tree));
  const changed: object[] = [];
  for (const change of changes) {
    const asked = changeOf(change, await find(change.path));
    if (asked) changed.push(asked);
  }
  // Azure DevOps would make an empty commit.
  if (changed.length > 0) return changed;
  throw new Ended({ kind: 'stale', message: `${branch} holds all of it already: there is nothing to write` });
}

/** A push moves one branch by one commit, and no marker ref with it. */
async function push(api: Api, request: CommitRequest, name: string, changes: object[]) {
  const { expectedHead, message } = request;
  const answer = await api.post('/pushes', {
    refUpdates: [{ name: `refs/heads/${name}`, oldObjectId: expectedHead }],
    commits: [{ comment: message, author: authorOf(request), changes }],
  });
  if (answer.status !== 201) throw new Ended(failureOf(answer));
  const id = textOf(fieldsOf(listOf(parsedFields(answer.body).commits)[0]).commitId);
  if (id) return id;
  throw new Ended({ kind: 'unknown', message: 'Azure DevOps answered without saying which commit it made' });
}

/**
 * Adds the commit to the branch if that is at the expected head; answers its id. The head is read last, right before the write:
 * a branch that is not there any more would be made again.
 */
export async function writeCommit(api: Api, request: CommitRequest): Promise<string> {
  const { branch, expectedHead } = request;
  const changes = await changesFor(api, request);
  const head = await api.branch(branch);
  if (head !== expectedHead) {
    throw new Ended({ kind: 'stale', message: `${branch} is at ${head}, not at ${expectedHead}` });
  }
  return push(api, request, branch, changes);
}

/** Makes the branch `name` from the expected head with this commit; `stale` where one is there that is elsewhere. */
export async function writeBranch(api: Api, request: CommitRequest, name: string): Promise<string> {
  return push(api, request, name, await changesFor(api, request));
}
