import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { rightsOf } from '../github/index.ts';
import { type Answer, asWrite, type GitHubWorld } from '../world.ts';
import { accountOf, type Call, failure, notFound, ok, unreadable } from './call.ts';
import { createPull, listPulls, onPull, pullsOfCommit } from './pulls.ts';
import { branch, commit, commitForm, deleteBranch, setStatus, source } from './source.ts';

type Handler = (call: Call, ...parts: (string | undefined)[]) => Promise<Answer>;

/** What is answered below a repository, by method and path; the groups are the handler's parts. */
const HANDLERS: [string, RegExp, Handler][] = [
  ['GET', /^\/refs\/branches\/(.+)$/, (call, name = '') => branch(call, name)],
  ['DELETE', /^\/refs\/branches\/(.+)$/, (call, name = '') => deleteBranch(call, name)],
  ['GET', /^\/commit\/([^/]+)$/, (call, id = '') => commit(call, id)],
  ['POST', /^\/commit\/([^/]+)\/statuses\/build$/, (call, id = '') => setStatus(call, id)],
  ['GET', /^\/src\/(.+)$/s, (call, rest = '') => source(call, rest)],
  ['POST', /^\/src\/?$/, commitForm],
  ['GET', /^\/pullrequests$/, listPulls],
  ['POST', /^\/pullrequests$/, createPull],
  ['GET', /^\/pullrequests\/(\d+)$/, (call, number = '') => onPull(call, number, undefined)],
  ['GET', /^\/commit\/([^/]+)\/pullrequests$/, (call, id = '') => pullsOfCommit(call, id)],
  ['GET', /^\/pullrequests\/(\d+)\/(comments)$/, (call, number = '', action) => onPull(call, number, action)],
  ['POST', /^\/pullrequests\/(\d+)\/([a-z]+)$/, (call, number = '', action) => onPull(call, number, action)],
  ['PUT', /^\/pullrequests\/(\d+)\/(comments\/\d+)$/, (call, number = '', action) => onPull(call, number, action)],
];

/** As for the hour's requests; Bitbucket does not say when it takes more. */
const LIMITED = failure(429, 'Rate limit for this resource has been exceeded');

function route(call: Call, method: string, path: string): Promise<Answer> {
  for (const [verb, pattern, handler] of HANDLERS) {
    const match = verb === method && pattern.exec(path);
    if (!match) continue;
    const answer = () => handler(call, ...match.slice(1));
    return method === 'GET' ? answer() : asWrite(call.world, LIMITED, answer);
  }
  return Promise.resolve(failure(404, 'Resource not found'));
}

async function bodyOf(request: IncomingMessage): Promise<Pick<Call, 'body' | 'form'>> {
  const sent = await buffer(request);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/')) return { body: sent.length === 0 ? {} : JSON.parse(sent.toString('utf8')) };
  const form = await new Response(sent, { headers: { 'content-type': type } }).formData();
  return { body: {}, form };
}

async function answerCall(world: GitHubWorld, request: IncomingMessage): Promise<Answer> {
  const sent = await bodyOf(request);
  const url = new URL(request.url ?? '/', `http://${request.headers.host}`);
  const rights = rightsOf(world, request);
  if (!rights) return failure(401, 'Token is invalid, expired, or not supported for this endpoint.');
  if (url.pathname === '/2.0/user') return unreadable({ rights }, 'account') ?? ok(accountOf(rights.login));
  const { name = '', path = '' } =
    /^\/2\.0\/repositories\/(?<name>[^/]+\/[^/]+)(?<path>.*)$/.exec(url.pathname)?.groups ?? {};
  const api = `${url.origin}/2.0/repositories/`;
  const now = world.moved?.get(name);
  if (now) return { ...failure(301, 'Moved'), headers: { location: `${api}${now}${path}` } };
  const hosted = world.repositories.get(name);
  if (!hosted) return notFound(`Repository ${name}`);
  const at = { api: `${api}${name}`, pages: `${url.origin}/${name}` };
  const { method = 'GET' } = request;
  const call: Call = { method, world, hosted, name, rights, ...at, query: url.searchParams, ...sent };
  return route(call, method, decodeURIComponent(path));
}

/** Answers one request to Bitbucket Cloud's API below `/2.0`. */
export async function answerBitbucketCloud(world: GitHubWorld, request: IncomingMessage, response: ServerResponse) {
  const { status, body, headers, cut } = await answerCall(world, request);
  if (cut) {
    response.socket?.destroy();
    return;
  }
  if (Buffer.isBuffer(body)) {
    response.writeHead(status, { 'content-type': 'application/octet-stream', ...headers }).end(body);
    return;
  }
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(body === undefined ? undefined : JSON.stringify(body));
}
