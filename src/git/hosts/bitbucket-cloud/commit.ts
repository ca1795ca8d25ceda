import { authorOf, type CommitRequest, type FileChange } from '../host.ts';
import { type FormField, formOf, isFormName } from '../host-form.ts';
import { openTree, TREE } from '../host-objects.ts';
import { Ended, type Failure, type HttpResponse } from '../http.ts';
import { type Api, failureOf, isRestricted, type SizedEntry } from './api.ts';

const PLAIN = '100644';

/**
 * The API takes modes as an attribute of a form's part. Its documents spell that in two ways, and what Bitbucket does not
 * understand it leaves out without a word: a script would no longer be one.
 */
function checkChange({ path, content, mode }: FileChange, there: SizedEntry | undefined) {
  const refuse = (what: string): never => {
    const message = `${path} ${what}. Use host: git in the policy`;
    throw new Ended({ kind: 'protected', message });
  };
  if (!isFormName(path))
    refuse("has a quote, a backslash or a control character in its name, which Bitbucket's API cannot take");
  if (there?.mode === TREE) refuse('is a folder on the branch');
  if (there?.mode === '160000') refuse("is a submodule on the branch, which Bitbucket's API does not change");
  if (content !== undefined && mode !== PLAIN)
    refuse(`has mode ${mode}: plain files only are written by Bitbucket's API`);
}

type Wanted = readonly [FileChange, SizedEntry | undefined];

/** Whether one of these differs from what is there. Contents are read only where nothing else tells, and until one differs. */
async function isDifferent(api: Api, commit: string, wanted: readonly Wanted[]): Promise<boolean> {
  const alike: [string, Buffer][] = [];
  for (const [{ path, content, mode }, there] of wanted) {
    if (content === undefined || there?.mode !== mode || there.size !== content.length) return true;
    alike.push([path, content]);
  }
  for (const [path, content] of alike) {
    if (!(await api.holds(commit, path, content))) return true;
  }
  return false;
}

/** The form's part of the files. A leading slash tells a path from the form's other names. */
async function filesFor(api: Api, { changes, expectedHead, branch }: CommitRequest): Promise<FormField[]> {
  const find = openTree<SizedEntry>((path) => api.folder(expectedHead, path));
  const wanted: Wanted[] = [];
  for (const change of changes) {
    const there = await find(change.path);
    checkChange(change, there);
    if (there || change.content !== undefined) wanted.push([change, there]);
  }
  // Bitbucket would make an empty commit.
  if (!(await isDifferent(api, expectedHead, wanted))) {
    throw new Ended({ kind: 'stale', message: `${branch} holds all of it already: there is nothing to write` });
  }
  return wanted.map(([{ path, content }]) =>
    content === undefined ? { name: 'files', value: `/${path}` } : { name: `/${path}`, value: content },
  );
}

export interface WrittenCommit {
  id: string;
  url: string;
}

/** The answer has no body. Where it does not name the commit either, the branch's head is it, if it is what was asked for. */
async function writtenAs(api: Api, answer: HttpResponse, request: CommitRequest, name: string): Promise<string> {
  const named = /\/commit\/(?<id>[0-9a-f]{40})\b/.exec(answer.headers.location ?? '')?.groups?.id;
  if (named) return named;
  const { head, message, parents } = await api.branch(name);
  if (parents[0] === request.expectedHead && message.trim() === request.message.trim()) return head;
  throw new Ended({ kind: 'unknown', message: 'Bitbucket answered without saying which commit it made' });
}

/** That the head has moved is told by 409, as the documents say; should 400 ever tell it, it must not look like a rule. */
function refusedAs(answer: HttpResponse): Failure {
  const failure = failureOf(answer);
  const isMoved = answer.status === 400 && !isRestricted(answer) && /\bparents?\b|\btip\b/i.test(failure.message);
  return isMoved ? { kind: 'stale', message: failure.message } : failure;
}

async function post(api: Api, request: CommitRequest, name: string): Promise<WrittenCommit> {
  const { expectedHead, message } = request;
  const author = authorOf(request);
  const form = formOf([
    { name: 'branch', value: name },
    { name: 'parents', value: expectedHead },
    { name: 'message', value: message },
    { name: 'author', value: `${author.name} <${author.email}>` },
    ...(await filesFor(api, request)),
  ]);
  const answer = await api.post('/src', form);
  if (answer.status !== 201) throw new Ended(refusedAs(answer));
  const id = await writtenAs(api, answer, request, name);
  return { id, url: `${api.pages}/commits/${id}` };
}

/** Adds the commit to the branch while its head is the expected one: Bitbucket looks at that in the same step. */
export async function writeCommit(api: Api, request: CommitRequest): Promise<WrittenCommit> {
  const { branch: name, expectedHead } = request;
  // A branch that is not there would be made.
  const { head } = await api.branch(name);
  if (head === expectedHead) return post(api, request, name);
  throw new Ended({ kind: 'stale', message: `${name} is at ${head}, not at ${expectedHead}` });
}

/** Makes the branch `name` from the expected head with this commit; of one that is there meanwhile, it is `stale`. */
export function writeBranch(api: Api, request: CommitRequest, name: string): Promise<WrittenCommit> {
  return post(api, request, name);
}
