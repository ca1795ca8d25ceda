import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { brings } from '../brings.ts';
import { rightsOf } from '../github/index.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import { type Answer, asWrite, type Call, type GitHubWorld, type HostedRepository } from '../world.ts';
import { invalid, listed, needsPermission, noObject, noRepository, ok, refusal } from './call.ts';
import { type Edit, edit } from './edits.ts';
import { addLabel } from './labels.ts';
import { configurations, evaluations } from './policies.ts';
import { type AzurePull, type AzureRepository, type MergeStage, mergeNow, settle, show } from './pulls.ts';
import { isKnown, push, updateRefs } from './pushes.ts';
import { onThreads } from './threads.ts';

const NO_PAGE = { status: 404, body: undefined };
const BYPASS = 128;

/** The pull requests of a repository, none at first, and its policies. */
export function azureOf(hosted: HostedRepository): AzureRepository {
  hosted.azure ??= { pulls: [], rules: {} };
  return hosted.azure;
}

/** The path of a clone address without what is above the project, as other hosts have it; any other path as it is. */
export function clonePath(path: string): string {
  return path.replace(/^\/[^/]+\/([^/]+)\/_git\/([^/]+)/, '/$1/$2');
}

function stageOf({ hosted, world }: Pick<Call, 'hosted' | 'world'>): MergeStage {
  return { bare: hosted.bare, azure: azureOf(hosted), now: world.now() };
}

/** A person merges it on the pages. */
export async function mergePullNow(world: GitHubWorld, hosted: HostedRepository, pull: AzurePull, by: string) {
  const stage = stageOf({ hosted, world });
  await oneAtATime(hosted, async () => {
    await settle(stage);
    if (pull.status === 'active') await mergeNow(stage, pull, {}, by);
  });
}

/** By which a repository, and here its project too, is known when it is not named. */
const idOf = (name: string) => Buffer.from(name).toString('hex');

function repositoryOf({ name, hosted }: Call) {
  return { id: idOf(name), name, project: { id: idOf(name) }, isDisabled: hosted.archived === true };
}

async function refs({ hosted, query }: Call): Promise<Answer> {
  const prefix = `refs/${query.get('filter') ?? ''}`;
  const lines = (await hosted.bare.git(['for-each-ref', '--format=%(objectname) %(refname)'])).toString().split('\n');
  const found = lines.map((line) => ({ objectId: line.slice(0, 40), name: line.slice(41) }));
  return listed(found.filter(({ name }) => name.startsWith(prefix)));
}

async function commit(call: Call, id: string): Promise<Answer> {
  const missing = `TF401175: The version descriptor <Commit: ${id}> could not be resolved to a version in the repository`;
  if (!(await isKnown(call, id))) return refusal(404, 'GitUnresolvableToCommitException', missing);
  const shown = (await call.hosted.bare.git(['log', '-1', '--format=%T%n%B', id])).toString('utf8');
  return ok({ commitId: id, treeId: shown.slice(0, 40), comment: shown.slice(41) });
}

async function tree({ hosted }: Call, id: string): Promise<Answer> {
  const output = await hosted.bare.git(['ls-tree', '-z', id]).catch(() => undefined);
  if (!output) return noObject(id);
  const lines = output.toString('utf8').split('\0').filter(Boolean);
  const treeEntries = lines.map((line) => {
    const [mode = '', gitObjectType, objectId] = line.slice(0, line.indexOf('\t')).split(' ');
    return { objectId, gitObjectType, mode: mode.replace(/^0/, ''), relativePath: line.slice(line.indexOf('\t') + 1) };
  });
  return ok({ objectId: id, treeEntries });
}

async function setStatus(call: Call, id: string): Promise<Answer> {
  const { hosted, rights, body } = call;
  const {
    state,
    description = '',
    targetUrl,
    context,
  } = body as Record<string, string> & {
    context?: { name?: string; genre?: string };
  };
  const { name = '', genre = '' } = context ?? {};
  const isTooLong = name.length > 128 || genre.length > 128 || description.length > 2048;
  if (!name || !genre || isTooLong || !['succeeded', 'failed'].includes(String(state))) return invalid('status');
  if (!rights.write) return needsPermission(rights.login, 'GenericContribute');
  if (!(await isKnown(call, id))) return noObject(id);
  const shown = { commit: id, state: String(state), context: `${genre}/${name}`, description, url: targetUrl ?? null };
  hosted.statuses = [...(hosted.statuses ?? []), shown];
  return ok({ id: hosted.statuses.length, ...body }, 201);
}

function listPulls(call: Call): Answer {
  const { query, hosted } = call;
  const [from, into] = ['sourceRefName', 'targetRefName'].map((key) => query.get(`searchCriteria.${key}`));
  const found = azureOf(hosted).pulls.filter(
    (each) => `refs/heads/${each.from}` === from && `refs/heads/${each.into}` === into,
  );
  return listed(found.reverse().map((each) => show(each, repositoryOf(call))));
}

async function openPull(call: Call): Promise<Answer> {
  const { hosted, rights, body } = call;
  const { sourceRefName = '', targetRefName = '', title = '', description = '' } = body as Record<string, string>;
  if (!title || title.length > 400 || description.length > 4000) return invalid('pullRequest');
  if (!rights.write) return needsPermission(rights.login, 'PullRequestContribute');
  const [from, into] = [sourceRefName, targetRefName].map((name) => name.replace('refs/heads/', ''));
  const source = await hosted.bare.head(from);
  const gone = 'TF401398: The pull request cannot be activated because a branch no longer exists.';
  if (!source || !(await hosted.bare.head(into))) return refusal(400, 'GitPullRequestCannotBeActivated', gone);
  const { pulls, rules } = azureOf(hosted);
  if (pulls.some((each) => each.status === 'active' && each.from === from && each.into === into)) {
    const message = 'TF401179: An active pull request for the source and target branch already exists.';
    return refusal(409, 'GitPullRequestExistsException', message);
  }
  const pull: AzurePull = {
    id: pulls.length + 1,
    title,
    description,
    status: 'active',
    from: String(from),
    into: String(into),
    creator: rights.login,
    source,
    mergeStatus: 'succeeded',
    comments: [],
    reviews: [],
    labels: [],
    undecidedReads: rules.undecidedReads ?? 0,
  };
  pulls.push(pull);
  return ok(show(pull, repositoryOf(call)), 201);
}

async function onPull(call: Call, method: string, id: number, rest: string): Promise<Answer> {
  const { pulls, rules } = azureOf(call.hosted);
  const pull = pulls.find((each) => each.id === id);
  const missing = 'TF401180: The requested pull request was not found.';
  if (!pull) return refusal(404, 'GitPullRequestNotFoundException', missing);
  if (rest.startsWith('/threads')) return onThreads(pull, method, rest, call);
  if (rest === '/labels' && method === 'POST') return addLabel(pull, call);
  const refused = method === 'PATCH' ? edit(pull, rules, call.rights, call.body as Edit) : undefined;
  return refused ?? ok(show(pull, repositoryOf(call)));
}

/** By the commit that was asked for, for each question. */
async function queryPulls(call: Call): Promise<Answer> {
  const { hosted, body } = call;
  const { queries = [] } = body as { queries?: { type: string; items: string[] }[] };
  const results: object[] = [];
  for (const { type, items } of queries) {
    const found: Record<string, object[]> = {};
    for (const commit of items) {
      for (const pull of azureOf(hosted).pulls) {
        const { mergeCommit: merge, source } = pull;
        const isOwn = type === 'commit' && merge !== commit && (await brings(hosted.bare, merge, source, commit));
        const isMade = type === 'lastMergeCommit' && merge === commit;
        if (isOwn || isMade) found[commit] = [...(found[commit] ?? []), show(pull, repositoryOf(call))];
      }
    }
    results.push(found);
  }
  return ok({ queries, results });
}

async function inRepository(call: Call, method: string, path: string): Promise<Answer> {
  if (path === '') return ok(repositoryOf(call));
  const [, kind = '', id = '', rest = ''] = /^\/([a-z]+)(?:\/([^/]+))?(.*)$/i.exec(path) ?? [];
  if (kind === 'pullrequests') {
    await settle(stageOf(call));
    if (id) return onPull(call, method, Number(id), rest);
    return method === 'GET' ? listPulls(call) : openPull(call);
  }
  switch (`${method} ${kind}${rest}`) {
    case 'GET refs':
      return refs(call);
    case 'POST refs':
      return updateRefs(call);
    case 'GET commits':
      return commit(call, id);
    case 'GET trees':
      return tree(call, id);
    case 'POST pullrequestquery':
      return queryPulls(call);
    case 'POST pushes':
      return push(call);
    case 'POST commits/statuses':
      return setStatus(call, id);
    default:
      return NO_PAGE;
  }
}

/** What is asked of the project, or of what is above it. */
function besides(world: GitHubWorld, path: string, query: URLSearchParams, write: boolean): Answer {
  const bit = Number(/^\/permissions\/[^/]+\/(\d+)$/.exec(path)?.[1]);
  if (bit) return listed([write && bit !== BYPASS]);
  const id = query.get('repositoryId') ?? query.get('artifactId')?.split('/').at(-2);
  const [, hosted] = [...world.repositories].find(([name]) => idOf(name) === id) ?? [];
  if (!hosted) return NO_PAGE;
  const { rules } = azureOf(hosted);
  const branch = (query.get('refName') ?? '').replace('refs/heads/', '');
  return path === '/policy/evaluations' ? evaluations(rules) : configurations(hosted, rules, branch);
}

const LIMITED: Answer = {
  ...refusal(429, 'RequestBlockedException', 'TF400733: The request has been canceled: Request was blocked.'),
  headers: { 'retry-after': '30', 'x-ratelimit-remaining': '0' },
};

async function answerCall(world: GitHubWorld, request: IncomingMessage, url: URL): Promise<Answer> {
  const { method = 'GET' } = request;
  const sent = await text(request);
  const rights = rightsOf(world, request);
  const isWrite = method !== 'GET' && !url.pathname.endsWith('/pullrequestquery');
  if (!rights || (isWrite && rights.scopes && !rights.scopes.includes('vso.code_write'))) {
    const words = `TF400813: The user '${rights?.login ?? ''}' is not authorized to access this resource.`;
    return refusal(401, 'UnauthorizedRequestException', words);
  }
  const [before = '', path = ''] = url.pathname.split('/_apis');
  const { repository, rest = '' } = /^\/git\/repositories\/(?<repository>[^/]+)(?<rest>.*)$/.exec(path)?.groups ?? {};
  if (path === '/connectionData') return ok({ authenticatedUser: { id: rights.login } });
  if (!repository) return besides(world, path, url.searchParams, rights.write);
  const name = decodeURIComponent(`${before.split('/').at(-1)}/${repository}`);
  const hosted = world.repositories.get(name);
  // A name that it had before leads nowhere.
  if (!hosted) return noRepository(repository);
  const call: Call = { world, name, hosted, rights, query: url.searchParams, body: sent ? JSON.parse(sent) : {} };
  const answer = () => oneAtATime(hosted, () => inRepository(call, method, rest));
  return isWrite ? asWrite(world, LIMITED, answer) : answer();
}

/** Answers one request to Azure DevOps' API, which is below `_apis` of a project or of what is above it. */
export async function answerAzure(world: GitHubWorld, request: IncomingMessage, response: ServerResponse) {
  const answer = await answerCall(world, request, new URL(request.url ?? '/', `http://${request.headers.host}`));
  if (answer.status === 401 && request.headers['x-tfs-fedauthredirect'] !== 'Suppress') {
    response.writeHead(203, { 'content-type': 'text/html; charset=utf-8' }).end('<html><title>Sign In</title></html>');
    return;
  }
  if (answer.cut) {
    response.socket?.destroy();
    return;
  }
  const { status, body, headers } = answer;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
