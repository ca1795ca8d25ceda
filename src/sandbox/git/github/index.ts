import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  type Answer,
  asWrite,
  type Call,
  type GitHubWorld,
  type HostedRepository,
  LIMITED,
  mayWrite,
  restError,
  rightsOfToken,
  type ShownStatus,
  seenBy,
  type TokenRights,
} from '../world.ts';
import { answerApp } from './apps.ts';
import { graphql } from './graphql.ts';
import { mergeArmed } from './merging.ts';
import { createBlob, createCommitObject, createTree } from './objects.ts';
import {
  addLabels,
  commentOn,
  createPull,
  listComments,
  listPulls,
  putMerge,
  requestReviewers,
  updatePull,
} from './pulls.ts';
import { createRef, deleteRef, readCommit, readRef } from './refs.ts';

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** The rights that a request's credentials carry; undefined where they are not known. */
export function rightsOf(world: GitHubWorld, request: IncomingMessage): TokenRights | undefined {
  const [scheme = '', value = ''] = (request.headers.authorization ?? '').split(' ');
  const basic = () => Buffer.from(value, 'base64').toString('utf8').split(':').slice(1).join(':');
  return rightsOfToken(world, scheme.toLowerCase() === 'basic' ? basic() : value);
}

const STATES = ['error', 'failure', 'pending', 'success'];

async function setStatus({ world, hosted, rights, body: sent }: Call, commit: string): Promise<Answer> {
  if (!mayWrite(rights, 'statuses')) return restError(403, 'Resource not accessible by personal access token');
  const isKnown = await hosted.bare.git(['cat-file', '-e', `${commit}^{commit}`]).then(
    () => true,
    () => false,
  );
  if (!isKnown) return restError(422, `No commit found for SHA: ${commit}`);
  const {
    state,
    context,
    description = '',
    target_url: url = null,
  } = sent as Omit<ShownStatus, 'url'> & {
    target_url?: string | null;
  };
  if (!STATES.includes(state) || description.length > 140) return restError(422, 'Validation Failed');
  hosted.statuses = [...(hosted.statuses ?? []), { commit, state, context, description, url }];
  await mergeArmed(world, hosted);
  return { status: 201, body: { state, context, description, target_url: url } };
}

async function readRepository({ name, hosted, rights }: Call): Promise<Answer> {
  const permissions = {
    admin: false,
    maintain: false,
    // Of a classic token, what its owner may do.
    push: mayWrite(rights, 'contents'),
    triage: rights.write,
    pull: true,
  };
  const { archived = false, isPublic = false, takesPulls = true } = hosted;
  const shown = { archived, private: !isPublic, has_pull_requests: takesPulls };
  const body = { full_name: name, ...shown, default_branch: 'main', permissions };
  return { status: 200, body };
}

async function readRules({ hosted }: Call, branch: string): Promise<Answer> {
  const isProtected = hosted.protectedBranches?.has(branch);
  return { status: 200, body: isProtected ? [{ type: 'pull_request', ruleset_source_type: 'Repository' }] : [] };
}

type Handler = (call: Call, part: string) => Promise<Answer>;

/** What is answered below a repository, by method and path; the group is the handler's part. */
const reads: [RegExp, Handler][] = [
  [/^$/, readRepository],
  [/^git\/ref\/heads\/(.+)$/, readRef],
  [/^git\/commits\/([^/]+)$/, readCommit],
  [/^rules\/branches\/(.+)$/, readRules],
  [/^pulls$/, listPulls],
  [/^issues\/(\d+)\/comments$/, listComments],
];
const writes: [string, RegExp, Handler][] = [
  ['POST', /^git\/blobs$/, createBlob],
  ['POST', /^git\/trees$/, createTree],
  ['POST', /^git\/commits$/, createCommitObject],
  ['POST', /^git\/refs$/, createRef],
  ['DELETE', /^git\/refs\/heads\/(.+)$/, deleteRef],
  ['POST', /^pulls$/, createPull],
  ['PATCH', /^pulls\/(\d+)$/, updatePull],
  ['PUT', /^pulls\/(\d+)\/merge$/, putMerge],
  ['POST', /^pulls\/(\d+)\/requested_reviewers$/, requestReviewers],
  ['POST', /^issues\/(\d+)\/comments$/, commentOn],
  ['POST', /^issues\/(\d+)\/labels$/, addLabels],
];

function route(method: string, path: string, call: Call): Promise<Answer> {
  const status = /^statuses\/(.+)$/.exec(path);
  if (method === 'POST' && status) return setStatus(call, String(status[1]));
  for (const [pattern, handler] of method === 'GET' ? reads : []) {
    const match = pattern.exec(path);
    if (match) return handler(call, match[1] ?? '');
  }
  for (const [verb, pattern, handler] of writes) {
    const match = verb === method && pattern.exec(path);
    if (match) return asWrite(call.world, LIMITED, () => handler(call, match[1] ?? ''));
  }
  return Promise.resolve(restError(404, 'Not Found'));
}

function isInScope({ isPublic }: HostedRepository, { scopes }: TokenRights): boolean {
  return !scopes || scopes.includes('repo') || (isPublic === true && scopes.includes('public_repo'));
}

async function rest(
  world: GitHubWorld,
  rights: TokenRights,
  { request, text }: Received,
  path: string,
): Promise<Answer> {
  const match = /^repos\/(?<name>[^/]+\/[^/]+)(?:\/(?<rest>.*))?$/.exec(decodeURIComponent(path));
  const name = match?.groups?.name ?? '';
  const now = world.moved?.get(name);
  if (now) return { ...restError(301, 'Moved Permanently'), headers: { location: `/api/v3/repos/${now}` } };
  const hosted = world.repositories.get(name);
  if (!hosted) return restError(404, 'Not Found');
  // What a token may not see or do is hidden from it.
  const isHidden = !hosted.isPublic || request.method !== 'GET';
  if (isHidden && !isInScope(hosted, rights)) return restError(404, 'Not Found');
  const query = new URL(request.url ?? '/', 'http://sandbox').searchParams;
  const call: Call = { world, name, hosted, rights, query, body: text === '' ? {} : JSON.parse(text) };
  return route(request.method ?? 'GET', match?.groups?.rest ?? '', call);
}

/** One request, with all of its body. */
interface Received {
  request: IncomingMessage;
  text: string;
}

/** Answers one request to the API at `/api/graphql` or `/api/v3/...`. */
export async function answerApi(world: GitHubWorld, request: IncomingMessage, response: ServerResponse, path: string) {
  const answerTo = async (): Promise<Answer> => {
    const received = { request, text: await readBody(request) };
    const below = path.replace(/^v3\//, '');
    const { authorization } = request.headers;
    const asked = { method: request.method ?? 'GET', authorization, path: decodeURIComponent(below) };
    const forApp = answerApp(world, asked, received.text);
    if (forApp) return forApp;
    const rights = rightsOf(world, request);
    if (!rights) return restError(401, 'Bad credentials');
    const seen = seenBy(world, rights);
    const work = path === 'graphql' ? graphql(seen, rights, received.text) : rest(seen, rights, received, below);
    const { headers, ...answer } = await work;
    const scopes = rights.scopes && { 'x-oauth-scopes': rights.scopes.join(', ') };
    return { ...answer, headers: { ...scopes, ...headers } };
  };
  const answer = await answerTo();
  if (answer.cut) {
    response.socket?.destroy();
    return;
  }
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'x-ratelimit-remaining': '4999',
    date: new Date(world.now()).toUTCString(),
    ...answer.headers,
  };
  response.writeHead(answer.status, headers).end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
}
