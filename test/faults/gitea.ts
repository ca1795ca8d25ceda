/** As much of a Gitea as a revert needs, over a bare repository, for many cheap runs. The conformance suites run on a real one. */
import type { HttpRequest, HttpResponse, SendRequest } from '../../src/git/hosts/http.ts';
import type { BareRepository, PullRequest } from '../../src/sandbox/git/index.ts';
import { oneAtATime } from '../../src/sandbox/git/one-at-a-time.ts';
import type { Loop } from '../git/loop.ts';

const BOT = 'headgate';
const LISTED = '--format=%(objectmode) %(objectname) %(path)';

interface Stage {
  bare: BareRepository;
  pulls: PullRequest[];
  url: string;
  now: number;
  body: Record<string, unknown>;
  query: URLSearchParams;
}

const answer = (status: number, body?: unknown): HttpResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: body === undefined ? '' : JSON.stringify(body),
});
const refused = (status: number, message: string) => answer(status, { message });
const notFound = () => refused(404, 'not found');
const text = async (output: Promise<Buffer>) => (await output).toString().trim();

async function messageOf(bare: BareRepository, commit: string): Promise<string> {
  return text(bare.git(['log', '-1', '--format=%B', commit]));
}

async function shown({ bare, pulls, url }: Stage, pull: PullRequest) {
  const number = pulls.indexOf(pull) + 1;
  const head = await bare.head(pull.from);
  if (head && pull.state === 'open') pull.head = head;
  const base = await bare.head(pull.into);
  const repo = { permissions: { push: true }, allow_merge_commits: true, default_merge_style: 'merge' };
  return {
    number,
    html_url: `${url}/pulls/${number}`,
    title: pull.title,
    user: { login: pull.author },
    state: pull.state === 'open' ? 'open' : 'closed',
    merged: pull.state === 'merged',
    merge_commit_sha: pull.mergeCommit ?? null,
    mergeable: pull.state === 'open' && base !== undefined && (await bare.mergedTree(base, pull.head)) !== undefined,
    draft: false,
    merge_base: await text(bare.git(['merge-base', pull.head, base ?? pull.head])),
    // Of a branch that is gone, Gitea keeps the last commit below a ref of its own.
    head: { label: pull.from, ref: head ? pull.from : `refs/pull/${number}/head`, sha: pull.head, repo_id: 1 },
    base: { label: pull.into, ref: pull.into, sha: base, repo_id: 1, repo },
  };
}

async function readBranch({ bare }: Stage, name: string): Promise<HttpResponse> {
  const id = await bare.head(name);
  if (!id) return notFound();
  return answer(200, {
    name,
    commit: { id, message: await messageOf(bare, id) },
    protected: false,
    user_can_push: true,
  });
}

async function createBranch({ bare, body }: Stage): Promise<HttpResponse> {
  const name = String(body.new_branch_name);
  if (await bare.head(name)) return refused(409, 'The branch already exists.');
  await bare.git(['update-ref', `refs/heads/${name}`, String(body.old_ref_name), '0'.repeat(40)]);
  return answer(201, { name });
}

async function deleteBranch({ bare }: Stage, name: string): Promise<HttpResponse> {
  if (!(await bare.head(name))) return notFound();
  await bare.git(['update-ref', '-d', `refs/heads/${name}`]);
  return answer(204);
}

async function readTree({ bare }: Stage, id: string): Promise<HttpResponse> {
  const listed = await text(bare.git(['ls-tree', LISTED, id]));
  const tree = listed.split('\n').map((line) => {
    const [mode, sha, ...path] = line.split(' ');
    return { mode, sha, path: path.join(' ') };
  });
  return answer(200, { tree, truncated: false });
}

/** What its own commits are, as `git log` tells them. */
async function listCommits({ bare, query }: Stage): Promise<HttpResponse> {
  const range = [String(query.get('sha')), `^${query.get('not')}`];
  const ids = (await text(bare.git(['rev-list', '-n', String(query.get('limit') ?? 50), ...range]))).split('\n');
  return answer(
    200,
    ids.filter(Boolean).map((sha) => ({ sha })),
  );
}

interface Operation {
  operation: 'create' | 'update' | 'delete';
  path: string;
  sha?: string;
  content?: string;
}

/** Each file is bound to the content that it replaces. */
async function writeContents({ bare, body, now, url }: Stage): Promise<HttpResponse> {
  const branch = String(body.branch);
  const parent = await bare.head(branch);
  if (!parent) return notFound();
  const files: Record<string, Buffer | null> = {};
  for (const { operation, path, sha, content = '' } of body.files as Operation[]) {
    const there = await text(bare.git(['rev-parse', '--verify', '--quiet', `${parent}:${path}`])).catch(
      () => undefined,
    );
    if (operation === 'create' ? there : there !== sha) {
      return refused(422, there ? `sha does not match [given: ${sha}, expected: ${there}]` : 'sha not found');
    }
    files[path] = operation === 'delete' ? null : Buffer.from(content, 'base64');
  }
  const by = { author: `${BOT} <${BOT}@example.com>`, time: now, message: String(body.message) };
  const sha = await bare.commit({ ...by, branch, parent, files });
  return answer(201, { commit: { sha, html_url: `${url}/commit/${sha}`, parents: [{ sha: parent }] } });
}

async function openPull(stage: Stage): Promise<HttpResponse> {
  const { bare, pulls, body, now } = stage;
  const [from, into] = [String(body.head), String(body.base)];
  const head = await bare.head(from);
  if (!head) return notFound();
  const other = pulls.find((each) => each.from === from && each.into === into && each.state === 'open');
  if (other) return refused(409, 'pull request already exists for these targets');
  const [title, said] = [String(body.title), String(body.body)];
  const pull: PullRequest = {
    ...{ title, body: said, from, into, head, state: 'open', createdAt: now, author: BOT, comments: [] },
  };
  pulls.push(pull);
  return answer(201, await shown(stage, pull));
}

async function mergePull({ bare, body, now }: Stage, pull: PullRequest, number: number): Promise<HttpResponse> {
  if (pull.state !== 'open') return notFound();
  const head = await bare.head(pull.from);
  if (!head || head !== body.head_commit_id) return refused(409, 'head out of date');
  const message = `Merge pull request '${pull.title}' (#${number}) from ${pull.from} into ${pull.into}\n\n${body.MergeMessageField ?? ''}`;
  const by = { author: `${BOT} <${BOT}@example.com>`, time: now, message };
  const commit = await bare.merge({ ...by, into: pull.into, head, keepsParent: true });
  if (!commit) return refused(405, 'Please try again later');
  Object.assign(pull, { state: 'merged', mergeCommit: commit, head, mergedAt: now });
  if (body.delete_branch_after_merge === true) await bare.git(['update-ref', '-d', `refs/heads/${pull.from}`]);
  return answer(200);
}

async function onPull(stage: Stage, method: string, number: number, rest: string): Promise<HttpResponse> {
  const pull = stage.pulls[number - 1];
  if (!pull) return notFound();
  switch (`${method} ${rest}`) {
    case 'GET ':
      return answer(200, await shown(stage, pull));
    case 'PATCH ':
      if (pull.state === 'merged') return refused(412, 'it is merged');
      pull.state = 'closed';
      return answer(201, await shown(stage, pull));
    case 'POST /reviews':
      pull.comments.push({ id: pull.comments.length + 1, author: BOT, body: String(stage.body.body) });
      return answer(200, { id: pull.comments.length });
    case 'POST /merge':
      return mergePull(stage, pull, number);
    default:
      return notFound();
  }
}

async function inRepository(stage: Stage, method: string, path: string): Promise<HttpResponse> {
  const { bare, pulls, query } = stage;
  const [, kind = '', rest = ''] =
    /^(contents|branches|git\/trees|git\/commits|statuses|commits|pulls)(?:\/(.*))?$/.exec(path) ?? [];
  const [, number, more = ''] = /^(\d+)(\/\w+)?$/.exec(rest) ?? [];
  if (kind === 'pulls' && number) return onPull(stage, method, Number(number), more);
  switch (`${method} ${kind}`) {
    case 'GET branches':
      return readBranch(stage, rest);
    case 'POST branches':
      return createBranch(stage);
    case 'DELETE branches':
      return deleteBranch(stage, rest);
    case 'GET git/trees':
      return readTree(stage, rest);
    case 'GET git/commits':
      return answer(200, { sha: rest, commit: { message: await messageOf(bare, rest) } });
    case 'GET commits':
      return rest === '' ? listCommits(stage) : notFound();
    case 'POST contents':
      return writeContents(stage);
    case 'POST statuses':
      return answer(201, {});
    case 'POST pulls':
      return openPull(stage);
    case 'GET pulls': {
      const [into, ...from] = rest.split('/');
      const first = pulls.find((each) => each.into === into && each.from === from.join('/'));
      if (rest !== '') return first ? answer(200, await shown(stage, first)) : notFound();
      const newest = query.get('page') === '1' ? [...pulls].reverse() : [];
      return answer(200, await Promise.all(newest.map((each) => shown(stage, each))));
    }
  }
  return notFound();
}

function bodyOf({ body }: HttpRequest): Record<string, unknown> | undefined {
  try {
    return body === undefined ? {} : JSON.parse(String(body));
  } catch {
    return undefined;
  }
}

/** The way to a Gitea that has the repository of this loop, by what is made of the way out. */
export function throughGitea(loopOf: () => Loop, between: (inner: SendRequest) => SendRequest) {
  return (): SendRequest =>
    between(async (request) => {
      const { bare, hosted, url, clock } = loopOf();
      const at = new URL(request.url);
      const path = /^\/api\/v1\/repos\/team\/shop\/(.*)$/.exec(at.pathname)?.[1];
      const body = bodyOf(request);
      if (path === undefined) return at.pathname === '/api/v1/user' ? answer(200, { login: BOT }) : notFound();
      if (!body) return refused(422, 'invalid JSON');
      const stage = { bare, pulls: hosted?.pulls ?? [], url, now: clock.now(), body, query: at.searchParams };
      return oneAtATime(bare, () => inRepository(stage, request.method, decodeURIComponent(path)));
    });
}
