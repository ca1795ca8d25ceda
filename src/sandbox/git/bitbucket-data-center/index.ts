import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { brings } from '../brings.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { GitHubWorld, HostedRepository } from '../world.ts';
import { type Answer, type Call, failure, notPermitted, ok, page, rightsOf } from './call.ts';
import { answerDataCenterGit, isCut } from './git.ts';
import { activities, askParticipant, say, TEXT_CHARACTERS } from './people.ts';
import {
  askToMerge,
  cancelAutoMerge,
  type DataCenterPull,
  type DataCenterPulls,
  mergeability,
  outOfDate,
  type PullStage,
  settle,
  show,
} from './pulls.ts';
import { commits, deleteBranch, repository, setStatus } from './repository.ts';

const TITLE_CHARACTERS = 255;

/** The pull requests of a repository; none at first. */
export function dataCenterPullsOf(hosted: HostedRepository): DataCenterPulls {
  hosted.dataCenterPulls ??= { all: [], checks: {} };
  return hosted.dataCenterPulls;
}

function stageOf({ world, hosted, rights, pages }: Call): PullStage {
  const author = `${rights.login} <${rights.login}@example.com>`;
  return { bare: hosted.bare, pulls: dataCenterPullsOf(hosted), author, now: world.now(), pages };
}

function listPulls({ query, ...call }: Call): Answer {
  const stage = stageOf({ query, ...call });
  const at = query.get('at')?.replace(/^refs\/heads\//, '');
  const [end, state] = [query.get('direction') === 'OUTGOING' ? 'from' : 'into', query.get('state')] as const;
  const found = stage.pulls.all.filter((each) => each[end] === at && (state === 'ALL' || each.state === state));
  return page(
    query,
    found.reverse().map((each) => show(stage, each)),
  );
}

function branchIn(ref: unknown): string {
  return String((ref as { id?: unknown }).id).replace(/^refs\/heads\//, '');
}

/** Who may read may open pull requests. */
async function openPull(call: Call): Promise<Answer> {
  const { body, hosted } = call;
  const stage = stageOf(call);
  const [from, into] = [branchIn(body.fromRef), branchIn(body.toRef)];
  const [title, description] = [String(body.title), String(body.description)];
  const latestCommit = await hosted.bare.head(from);
  if (!latestCommit) {
    return failure(
      404,
      'commit.NoSuchCommitException',
      `Commit 'refs/heads/${from}' does not exist in this repository.`,
    );
  }
  if (title.length > TITLE_CHARACTERS || description.length > TEXT_CHARACTERS) {
    return failure(400, 'validation.ArgumentValidationException', 'Please enter a shorter text.');
  }
  const open = stage.pulls.all.find((each) => each.from === from && each.into === into && each.state === 'OPEN');
  if (open) {
    const message = 'Only one pull request may be open for a given source and target branch';
    return failure(409, 'pull.DuplicatePullRequestException', message, { existingPullRequest: show(stage, open) });
  }
  const id = stage.pulls.all.length + 1;
  const author = call.rights.login;
  const pull = { id, version: 0, title, description, from, into, latestCommit, author, comments: [], reviews: [] };
  const made: DataCenterPull = { ...pull, state: 'OPEN' };
  stage.pulls.all.push(made);
  return { status: 201, body: show(stage, made) };
}

/** Those of which the commit is one; that which a merge made is of none. */
async function pullsOfCommit(call: Call, commit: string): Promise<Answer> {
  const stage = stageOf(call);
  const found: DataCenterPull[] = [];
  for (const pull of stage.pulls.all) {
    const isOwn =
      pull.mergeCommit !== commit && (await brings(stage.bare, pull.mergeCommit, pull.latestCommit, commit));
    if (isOwn || pull.latestCommit === commit) found.push(pull);
  }
  return page(
    call.query,
    found.map((each) => show(stage, each)),
  );
}

async function onPull(call: Call, what: string, pull: DataCenterPull): Promise<Answer> {
  const { rights, body, query } = call;
  const stage = stageOf(call);
  const stale = () => outOfDate(pull, query.get('version') ?? body.version);
  switch (what) {
    case 'GET ':
      return ok(show(stage, pull));
    case 'GET activities':
      return page(query, activities(pull));
    case 'GET merge':
      return pull.state === 'OPEN' ? mergeability(stage, pull) : (stale() ?? ok({}));
    case 'GET auto-merge':
      return pull.autoMerge ? ok(pull.autoMerge) : failure(404, 'pull.NoSuchAutoMergeRequest', 'It was not requested.');
    case 'DELETE auto-merge':
      return rights.write ? cancelAutoMerge(pull) : notPermitted();
    case 'POST merge':
      return rights.write ? (stale() ?? askToMerge(stage, pull, body)) : notPermitted();
    case 'POST comments':
      return say(call, pull, undefined);
    case 'POST participants':
      return askParticipant(call, pull);
    case 'POST decline': {
      const refused = stale();
      if (refused) return refused;
      pull.state = 'DECLINED';
      pull.version++;
      return ok(show(stage, pull));
    }
    default: {
      const [, comment] = /^PUT comments\/(\d+)$/.exec(what) ?? [];
      return comment ? say(call, pull, Number(comment)) : { status: 404 };
    }
  }
}

async function inRepository(call: Call, method: string, path: string): Promise<Answer> {
  await settle(stageOf(call));
  const [, id, what = ''] = /^\/pull-requests\/(\d+)\/?(.*)$/.exec(path) ?? [];
  if (id) {
    const pull = dataCenterPullsOf(call.hosted).all.find((each) => each.id === Number(id));
    if (pull) return onPull(call, `${method} ${what}`, pull);
    return failure(404, 'pull.NoSuchPullRequestException', `No pull request exists with ID ${id} for this repository.`);
  }
  const commit = /^\/commits\/([0-9a-f]{40})\/builds$/.exec(path)?.[1];
  if (commit && method === 'POST') return setStatus(call, commit);
  const [, holding] = /^\/commits\/([0-9a-f]{40})\/pull-requests$/.exec(path) ?? [];
  if (holding) return pullsOfCommit(call, holding);
  switch (`${method} ${path}`) {
    case 'GET ':
      return repository(call);
    case 'GET /commits':
      return commits(call);
    case 'GET /pull-requests':
      return listPulls(call);
    case 'POST /pull-requests':
      return openPull(call);
    case 'DELETE /branches':
      return deleteBranch(call);
    default:
      return { status: 404 };
  }
}

const REST_PATH =
  /^(?<context>.*)\/rest\/[a-z-]+\/1\.0\/projects\/(?<project>[^/]+)\/repos\/(?<slug>[^/]+)(?<path>.*)$/;

async function answerCall(world: GitHubWorld, request: IncomingMessage, url: URL): Promise<Answer> {
  const { method = 'GET' } = request;
  const sent = await text(request);
  const rights = rightsOf(world, request);
  if (!rights) {
    const message = 'Authentication failed. Please check your credentials and try again.';
    return failure(401, 'auth.IncorrectPasswordAuthenticationException', message);
  }
  if (method !== 'GET' && world.faults.rateLimited > 0) {
    world.faults.rateLimited--;
    return failure(429, 'ratelimit.RateLimitedException', 'Rate limited. Too many requests.');
  }
  const { context, project, slug, path = '' } = REST_PATH.exec(url.pathname)?.groups ?? {};
  const name = `${project}/${slug}`;
  const hosted = world.repositories.get(name);
  if (!hosted) return failure(404, 'repository.NoSuchRepositoryException', `Repository ${name} does not exist.`);
  if (method !== 'GET') await world.beforeWrite?.();
  const pages = `${url.origin}${context}/projects/${project}/repos/${slug}`;
  const body = sent === '' ? {} : JSON.parse(sent);
  const call: Call = { world, hosted, name, rights, pages, query: url.searchParams, body };
  return oneAtATime(hosted, () => inRepository(call, method, path));
}

/** Whether an address is one of Bitbucket Data Center's, which may live below a path. */
export function isDataCenterPath(path: string): boolean {
  return /^(?:\/[^/]+)?\/(?:rest\/[a-z-]+\/1\.0|scm\/[^/]+\/[^/]+\.git)\//.test(path);
}

/** Answers one request to Bitbucket Data Center: to its API below `/rest`, or of git below `/scm`. */
export async function answerBitbucketDataCenter(
  world: GitHubWorld,
  request: IncomingMessage,
  response: ServerResponse,
) {
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  if (/\/scm\//.test(url.pathname)) {
    await answerDataCenterGit(world, request, response, url);
    return;
  }
  const { status, body } = await answerCall(world, request, url);
  const asker = rightsOf(world, request)?.login;
  if (request.method !== 'GET' && status < 300 && isCut(world)) {
    response.socket?.destroy();
    return;
  }
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(asker && { 'x-ausername': encodeURIComponent(asker) }),
  });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
