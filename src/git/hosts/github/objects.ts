/** A commit with modes, which createCommitOnBranch does not know: objects first, then the branch is moved to them. */
import { type Fields, fieldsOf, parsedFields, textOf } from '../../../api/fields.ts';
import type { CommitOutcome, CommitRequest, FileChange } from '../host.ts';
import { blobId } from '../host-objects.ts';
import { Ended, type Failure } from '../http.ts';
import { writeFailure } from './answers.ts';
import type { Api } from './api.ts';

const LOOK = `query ($owner: String!, $name: String!, $ref: String!, $head: GitObjectID!) {
  repository(owner: $owner, name: $name, followRenames: false) {
    id ref(qualifiedName: $ref) { target { oid } } object(oid: $head) { ... on Commit { tree { oid } } }
  }
}`;
const MOVE = 'mutation ($input: UpdateRefsInput!) { updateRefs(input: $input) { clientMutationId } }';

/** One of several ways in which GitHub was seen to say that the branch is not where the update begins. */
const NOT_THERE = /does not match the specified expected oid/i;

function unsaid(what: string): Ended {
  return new Ended({ kind: 'unknown', message: `GitHub answered without saying ${what}` });
}

function movedAway({ branch, expectedHead }: CommitRequest, head: string): Failure {
  return { kind: 'stale', message: `${branch} is at ${head}, not at ${expectedHead}` };
}

function noBranch({ branch }: CommitRequest): Failure {
  return { kind: 'gone', message: `GitHub knows no branch ${branch}` };
}

/** What the commit begins with. Throws `Ended` where the branch is not at the expected head, before anything is written. */
async function look(api: Api, request: CommitRequest): Promise<{ repository: string; tree: string }> {
  const { branch, expectedHead } = request;
  const names = { owner: api.owner, name: api.name, ref: `refs/heads/${branch}` };
  const { repository } = await api.graphql(LOOK, { ...names, head: expectedHead });
  const { id, ref, object } = fieldsOf(repository);
  if (ref === null) throw new Ended(noBranch(request));
  const head = textOf(fieldsOf(fieldsOf(ref).target).oid);
  if (!head) throw unsaid(`where ${branch} is`);
  if (head !== expectedHead) throw new Ended(movedAway(request, head));
  const [node, tree] = [textOf(id), textOf(fieldsOf(fieldsOf(object).tree).oid)];
  if (!node || !tree) throw unsaid(`what ${branch} holds`);
  return { repository: node, tree };
}

/** Makes one object, which is nowhere to be seen until a branch leads to it: what a crash leaves over does no harm. */
async function make(api: Api, kind: 'blobs' | 'trees' | 'commits', body: object): Promise<Fields & { sha: string }> {
  const answer = await api.call('POST', `/git/${kind}`, body);
  if (answer.status !== 201) throw new Ended(writeFailure(answer));
  const made = parsedFields(answer.body);
  const sha = textOf(made.sha);
  if (!sha) throw unsaid(`which of the ${kind} it made`);
  return { ...made, sha };
}

async function makeBlob(api: Api, { path, content }: FileChange & { content: Buffer }): Promise<string> {
  const { sha } = await make(api, 'blobs', { content: content.toString('base64'), encoding: 'base64' });
  if (sha !== blobId(content)) throw unsaid(`that it keeps the bytes of ${path}`);
  return sha;
}

async function makeTree(api: Api, { branch, changes }: CommitRequest, base: string): Promise<string> {
  const entries: object[] = [];
  for (const { path, content, mode } of changes) {
    // Null deletes.
    const sha = content === undefined ? null : await makeBlob(api, { path, content, mode });
    entries.push({ path, mode, type: 'blob', sha });
  }
  // Without a base, all that is not named would be deleted.
  const { sha } = await make(api, 'trees', { base_tree: base, tree: entries });
  if (sha !== base) return sha;
  // GitHub would make an empty commit.
  throw new Ended({ kind: 'stale', message: `${branch} holds all of it already: there is nothing to write` });
}

/**
 * What GitHub says when the branch has moved meanwhile is one thing or another, or that something went wrong and no more: the
 * branch itself tells. Undefined: it is at our commit.
 */
async function whyNotMoved(
  api: Api,
  request: CommitRequest,
  commit: string,
  refused: Failure,
): Promise<Failure | undefined> {
  if (refused.kind !== 'protected' && refused.kind !== 'unknown') return refused;
  const head = await api.head(request.branch);
  if (head === commit) return undefined;
  if (head === undefined) return noBranch(request);
  if (head !== request.expectedHead) return movedAway(request, head);
  // What was read may be older than what was refused.
  return NOT_THERE.test(refused.message) ? { kind: 'stale', message: refused.message } : refused;
}

/** Moves the branch from the expected head to the commit, and from no other. */
async function move(api: Api, repository: string, request: CommitRequest, commit: string) {
  const { branch, expectedHead, key } = request;
  const update = { name: `refs/heads/${branch}`, beforeOid: expectedHead, afterOid: commit, force: false };
  const clientMutationId = key.slice(0, 40);
  const answer = await api.answerTo(MOVE, {
    input: { repositoryId: repository, refUpdates: [update], clientMutationId },
  });
  if ('refused' in answer) return whyNotMoved(api, request, commit, answer.refused);
  if (fieldsOf(answer.data.updateRefs).clientMutationId === clientMutationId) return undefined;
  return whyNotMoved(api, request, commit, unsaid(`whether ${branch} has moved`).failure);
}

/**
 * One commit of Git's own objects, bound to the head it was planned on. Without an author of ours, so that GitHub signs what an
 * App writes. Throws `Ended` as well.
 */
export async function writeObjects(api: Api, request: CommitRequest): Promise<CommitOutcome> {
  const { repository, tree: base } = await look(api, request);
  const tree = await makeTree(api, request, base);
  const { message, expectedHead } = request;
  const { sha: commit, html_url } = await make(api, 'commits', { message, tree, parents: [expectedHead] });
  const failure = await move(api, repository, request, commit);
  if (failure) return failure;
  const url = textOf(html_url);
  return { kind: 'written', commit, ...(url && { url }) };
}
