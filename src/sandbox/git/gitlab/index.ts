import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { rightsOf } from '../github/index.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { askForReview, type GitHubWorld, type HostedRepository, type TokenRights } from '../world.ts';
import { type Answer, type Call, failure, forbidden, notFound, ok } from './call.ts';
import { CommitRefused } from './commits.ts';
import { broughtBy, onNotes } from './discussion.ts';
import {
  askToMerge,
  cancelMerge,
  idOf,
  type MergeBody,
  type MergeRequest,
  type MergeRequests,
  type MergeStage,
  nameOf,
  settle,
  show,
} from './merge-requests.ts';
import { branch, commit, deleteBranch, file, project, setStatus, tree } from './repository.ts';

/** GitLab takes no longer ones. */
const LABEL_CHARACTERS = 255;

/** The merge requests of a project; none at first. */
export function mergeRequestsOf(hosted: HostedRepository): MergeRequests {
  hosted.mergeRequests ??= { all: [], rules: {} };
  return hosted.mergeRequests;
}

function stageOf({ world, hosted, rights }: Call): MergeStage {
  const author = `${rights.login} <${rights.login}@users.noreply.gitlab.com>`;
  return { bare: hosted.bare, requests: mergeRequestsOf(hosted), author, now: world.now() };
}

async function listMergeRequests(call: Call): Promise<Answer> {
  const { query, address } = call;
  const stage = stageOf(call);
  const matching = stage.requests.all.filter(
    (each) => each.source_branch === query.get('source_branch') && each.target_branch === query.get('target_branch'),
  );
  return ok(await Promise.all(matching.reverse().map((each) => show(stage, each, address))));
}

async function openMergeRequest(call: Call): Promise<Answer> {
  const { rights, body, address, hosted } = call;
  if (!rights.write || hosted.takesPulls === false) return forbidden();
  const stage = stageOf(call);
  const { all, rules } = stage.requests;
  const source_branch = String(body.source_branch);
  const sha = await hosted.bare.head(source_branch);
  if (!sha) return failure(409, [`Source branch "${source_branch}" does not exist`]);
  const open = all.find((each) => each.source_branch === source_branch && each.state === 'opened');
  if (open) return failure(409, [`Another open merge request already exists for this source branch: !${open.iid}`]);
  const request: MergeRequest = {
    iid: all.length + 1,
    title: String(body.title),
    description: String(body.description),
    state: 'opened',
    source_branch,
    target_branch: String(body.target_branch),
    sha,
    merge_commit_sha: null,
    squash_commit_sha: null,
    merge_when_pipeline_succeeds: false,
    openedBy: rights.login,
    merged_at: null,
    notes: [],
    reviews: [],
    labels: [],
    undecidedReads: rules.undecidedReads ?? 0,
  };
  all.push(request);
  return { status: 201, body: await show(stage, request, address) };
}

/** The whole list; who may not review is left out. */
function setReviewers({ hosted: { collaborators } }: Call, request: MergeRequest, ids: unknown[]) {
  const names = ids.map((id) => nameOf(Number(id))).filter((name) => collaborators?.has(name) !== false);
  request.reviews = request.reviews.filter(({ login, state }) => state !== 'REQUESTED' || names.includes(login));
  for (const name of names) askForReview(request.reviews, name);
}

/** What the project does not have yet is made, and what can be no label is left out. */
function addLabels(request: MergeRequest, names: string) {
  const labels = names.split(',').filter((name) => name.trim() !== '' && name.length <= LABEL_CHARACTERS);
  request.labels = [...new Set([...request.labels, ...labels])];
}

function edit(call: Call, request: MergeRequest) {
  const { state_event, reviewer_ids, add_labels } = call.body;
  if (typeof add_labels === 'string') addLabels(request, add_labels);
  if (state_event === 'close' && request.state === 'opened') request.state = 'closed';
  if (Array.isArray(reviewer_ids)) setReviewers(call, request, reviewer_ids);
}

async function onMergeRequest(call: Call, method: string, iid: number, rest: string): Promise<Answer> {
  const { rights, body, address } = call;
  const stage = stageOf(call);
  const request = stage.requests.all.find((each) => each.iid === iid);
  if (!request) return notFound('Merge Request');
  if (rest.startsWith('/notes')) return onNotes(call, method, request, rest);
  if (rest === '/approvals' && method === 'GET') {
    const approved = request.reviews.filter(({ state }) => state === 'APPROVED');
    return ok({ approved_by: approved.map(({ login: username }) => ({ user: { username } })) });
  }
  if (rest === '/cancel_merge_when_pipeline_succeeds' && method === 'POST') {
    return rights.write ? { status: 201, body: cancelMerge(request) } : failure(401, '401 Unauthorized');
  }
  if (rest === '/merge' && method === 'PUT') {
    if (!rights.write) return failure(401, '401 Unauthorized');
    const { status, words } = await askToMerge(stage, request, body as MergeBody);
    if (words) return failure(status, words);
  } else if (method === 'PUT') {
    if (!rights.write) return forbidden();
    edit(call, request);
  }
  return ok(await show(stage, request, address));
}

async function inProject(call: Call, method: string, path: string): Promise<Answer> {
  if (path === '') return project(call);
  const [, kind = '', rest = ''] = /^\/(repository\/[a-z]+|[a-z_]+)(?:\/(.*))?$/.exec(path) ?? [];
  const below = decodeURIComponent(rest);
  const related = /^([0-9a-f]{40})\/merge_requests$/.exec(below)?.[1];
  if (method === 'GET' && kind === 'repository/commits' && related) return broughtBy(call, stageOf(call), related);
  switch (`${method} ${kind}`) {
    case 'GET repository/branches':
      return branch(call, below);
    case 'DELETE repository/branches':
      return deleteBranch(call, below);
    case 'GET repository/tree':
      return tree(call);
    case 'GET repository/files':
      return file(call, below);
    case 'POST repository/commits':
      return commit(call);
    case 'POST statuses':
      return setStatus(call, below);
  }
  if (kind !== 'merge_requests') return failure(404, '404 Not Found');
  await settle(stageOf(call));
  const [, iid, more = ''] = /^(\d+)(\/.*)?$/.exec(below) ?? [];
  if (iid) return onMergeRequest(call, method, Number(iid), more);
  return method === 'GET' ? listMergeRequests(call) : openMergeRequest(call);
}

function refusal(world: GitHubWorld, rights: TokenRights, isWrite: boolean): Answer | undefined {
  if (isWrite && rights.scopes && !rights.scopes.includes('api')) {
    const error_description = 'The request requires higher privileges than provided by the access token.';
    return { status: 403, body: { error: 'insufficient_scope', error_description, scope: 'api' } };
  }
  if (!isWrite || world.faults.rateLimited === 0) return undefined;
  world.faults.rateLimited--;
  const message = { error: 'This endpoint has been requested too many times. Try again later.' };
  return { ...failure(429, message), headers: { 'retry-after': '60' } };
}

async function answerCall(world: GitHubWorld, request: IncomingMessage, url: URL): Promise<Answer> {
  const { method = 'GET' } = request;
  const sent = await text(request);
  const rights = rightsOf(world, request);
  if (!rights) return failure(401, '401 Unauthorized');
  const isWrite = method !== 'GET';
  const refused = refusal(world, rights, isWrite);
  if (refused) return refused;
  if (method === 'GET' && url.pathname === '/api/v4/user') return ok({ username: rights.login });
  if (method === 'GET' && url.pathname === '/api/v4/users') {
    const username = url.searchParams.get('username') ?? '';
    return ok(username.startsWith('gone') ? [] : [{ id: idOf(username), username }]);
  }
  const [, id = '', path = ''] = /\/projects\/([^/]+)(.*)$/.exec(url.pathname) ?? [];
  const name = decodeURIComponent(id);
  if (world.moved?.has(name)) {
    if (isWrite) return failure(405, 'Non GET methods are not allowed for moved projects');
    return { status: 301, headers: { location: `${url.origin}/api/v4/projects/1${path}` } };
  }
  const hosted = world.repositories.get(name);
  if (!hosted) return notFound('Project');
  const body = sent === '' ? {} : JSON.parse(sent);
  const address = `${url.origin}/${name}`;
  const call: Call = { world, hosted, name, rights, address, query: url.searchParams, body };
  return oneAtATime(hosted, () => inProject(call, method, path));
}

/** Answers one request to GitLab's API below `/api/v4`. */
export async function answerGitLab(world: GitHubWorld, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const answer = await answerCall(world, request, url).catch((error) => {
    if (error instanceof CommitRefused) return failure(400, error.message);
    throw error;
  });
  const isWritten = request.method !== 'GET' && answer.status < 300;
  if (isWritten && world.faults.cutAfterWrite > 0) {
    world.faults.cutAfterWrite--;
    response.socket?.destroy();
    return;
  }
  const { status, body, headers } = answer;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
