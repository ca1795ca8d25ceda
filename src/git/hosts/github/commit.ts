import { fieldsOf, textOf } from '../../../api/fields.ts';
import type { CommitOutcome, CommitRequest, FileChange } from '../host.ts';
import { Ended } from '../http.ts';
import type { Api } from './api.ts';
import { writeObjects } from './objects.ts';

const MUTATION = `mutation ($input: CreateCommitOnBranchInput!) {
  createCommitOnBranch(input: $input) { commit { oid url } }
}`;

/** The only mode that createCommitOnBranch writes. */
const PLAIN = '100644';

/** A commit's message as GitHub takes it. */
export function headlineAndBody(message: string): { headline: string; body: string } {
  const [headline = '', ...body] = message.split('\n');
  return { headline, body: body.join('\n').replace(/^\n+/, '') };
}

function inputFor({ owner, name }: Api, { branch, expectedHead, message, changes, key }: CommitRequest) {
  const additions = changes.flatMap(({ path, content }) =>
    content === undefined ? [] : [{ path, contents: content.toString('base64') }],
  );
  const deletions = changes.flatMap(({ path, content }) => (content === undefined ? [{ path }] : []));
  return {
    branch: { repositoryNameWithOwner: `${owner}/${name}`, branchName: branch },
    expectedHeadOid: expectedHead,
    message: headlineAndBody(message),
    // An empty list is left out: GitHub fails on null.
    fileChanges: { ...(additions.length > 0 ? { additions } : {}), ...(deletions.length > 0 ? { deletions } : {}) },
    clientMutationId: key.slice(0, 40),
  };
}

const MODES = new Set([PLAIN, '100755', '120000']);

/** Throws `Ended` for what is neither a file nor a symbolic link. */
export function checkModes(changes: readonly FileChange[]) {
  const bad = changes.find(({ content, mode }) => content !== undefined && !MODES.has(mode));
  if (!bad) return;
  const message = `${bad.path} has mode ${bad.mode}: on GitHub only files (${[...MODES].join(', ')}) are written. A person decides`;
  throw new Ended({ kind: 'protected', message });
}

/** One commit, bound to the head it was planned on. Throws `Ended` for all that is no answer. */
export async function writeCommit(api: Api, request: CommitRequest): Promise<CommitOutcome> {
  checkModes(request.changes);
  // One call, and signed whoever writes: the other way is for what this one cannot say.
  const hasModes = request.changes.some(({ content, mode }) => content !== undefined && mode !== PLAIN);
  if (hasModes) return writeObjects(api, request);
  const data = await api.graphql(MUTATION, { input: inputFor(api, request) });
  const commit = fieldsOf(fieldsOf(data.createCommitOnBranch).commit);
  const id = textOf(commit.oid);
  const url = textOf(commit.url);
  if (!id) return { kind: 'unknown', message: 'GitHub answered without saying which commit it made' };
  return { kind: 'written', commit: id, ...(url ? { url } : {}) };
}
