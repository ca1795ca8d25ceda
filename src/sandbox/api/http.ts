/** One HTTP request from arrival to answer: fault, authorization, verb, shape, audit. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { answerDocument } from './documents.ts';
import { Failure, methodNotAllowed, statusOf } from './failure.ts';
import { type Answer, type Context, create, get, list, patch, remove, removeCollection, update } from './handlers.ts';
import { kindAt } from './kinds.ts';
import { describeRequest, type ResourceRequest, readRequest } from './requests.ts';
import { shapeFor, shapeObject } from './shapes.ts';
import type { ApiServer, AuditEntry, RequestInfo } from './types.ts';
import { type OpenWatch, serveWatch } from './watch.ts';

export interface HttpContext extends Context {
  clock: Clock;
  log: Log;
  open: Set<OpenWatch>;
  /** Read at each request: tests change them. */
  hooks: Pick<ApiServer, 'faults' | 'authorize'>;
  auditLog: ((entry: AuditEntry) => void) | undefined;
}

const VERBS: Record<string, (context: Context, request: ResourceRequest) => Answer> = {
  get,
  list,
  create,
  update,
  patch,
  delete: remove,
  deletecollection: removeCollection,
};

export async function serve(context: HttpContext, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const release = context.clock.busy();
  const url = new URL(request.url ?? '/', 'http://localhost');
  const info = describeRequest(request, url);
  const warnings: string[] = [];
  try {
    if (await breaks(context, info, response)) return;
    await execute({ context, info, url, warnings }, request, response);
  } catch (error) {
    const failure = error instanceof Failure ? error : unexpected(context, info, error);
    warn(response, warnings);
    sendFailure(response, failure);
  } finally {
    context.auditLog?.({ ...info, code: response.statusCode });
    // An answer counts as delivered once it is written; an open watch holds the clock per event only.
    if (info.verb === 'watch' || response.writableFinished || response.destroyed) release();
    else response.once('close', release).once('finish', release);
  }
}

function unexpected({ log }: HttpContext, info: RequestInfo, error: unknown): Failure {
  log.error({ err: error, path: info.path }, 'the sandbox API server failed');
  return new Failure(500, 'InternalError', `Internal error occurred: ${messageOf(error)}`);
}

/** Carries out what a test wants to go wrong; answers true when nothing is left to do. */
async function breaks({ hooks }: HttpContext, info: RequestInfo, response: ServerResponse): Promise<boolean> {
  const fault = hooks.faults?.(info);
  if (!fault) return false;
  if ('delay' in fault) {
    await new Promise((resolve) => setTimeout(resolve, fault.delay));
    return false;
  }
  if ('answer' in fault) {
    if (fault.retryAfter !== undefined) response.setHeader('retry-after', String(fault.retryAfter));
    sendFailure(response, injected(fault.answer, fault.retryAfter));
    return true;
  }
  if (fault.drop === 'before') response.destroy();
  // The request is executed; its answer finds the connection gone.
  else response.end = () => response.destroy();
  return fault.drop === 'before';
}

const REASONS: Record<number, string> = {
  409: 'Conflict',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function injected(code: number, retryAfter: number | undefined): Failure {
  const details = retryAfter === undefined ? {} : { retryAfterSeconds: retryAfter };
  return new Failure(code, REASONS[code] ?? '', `injected fault: ${code}`, details);
}

interface Execution {
  context: HttpContext;
  info: RequestInfo;
  url: URL;
  warnings: string[];
}

async function execute(
  { context, info, url, warnings }: Execution,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = await readRequest(request, url, warnings);
  if (!asked) {
    answerDocument(url, request.headers.accept ?? '', response);
    return;
  }
  if (!context.hooks.authorize(info)) throw denied(info);
  if (info.verb === 'watch') {
    serveWatch(context, asked, response, shapeFor(asked, context.now));
    return;
  }
  const { code, body } = handlerFor(info)(context, asked);
  warn(response, warnings);
  send(response, code, shapeObject(asked, body, context.now));
}

function warn(response: ServerResponse, warnings: readonly string[]): void {
  if (response.headersSent) return;
  for (const warning of new Set(warnings)) response.appendHeader('warning', `299 - ${JSON.stringify(warning)}`);
}

function handlerFor(info: RequestInfo): (context: Context, request: ResourceRequest) => Answer {
  const kind = kindAt(info.group, info.version, info.resource);
  const handler = VERBS[info.verb];
  const isMisplaced = info.verb === 'update' || info.verb === 'patch' ? info.name === '' : false;
  if (!handler || isMisplaced || (kind && !kind.stored && info.verb !== 'create')) throw methodNotAllowed();
  return handler;
}

function denied(info: RequestInfo): Failure {
  const resource = info.group === '' ? info.resource : `${info.resource}.${info.group}`;
  const what = info.subresource === '' ? info.resource : `${info.resource}/${info.subresource}`;
  const where = info.namespace === '' ? 'at the cluster scope' : `in the namespace "${info.namespace}"`;
  const message = `${resource} ${info.name === '' ? '' : `"${info.name}" `}is forbidden: User "${info.user}" cannot ${info.verb} resource "${what}" in API group "${info.group}" ${where}`;
  return new Failure(403, 'Forbidden', message, { name: info.name, group: info.group, kind: info.resource });
}

export function send(response: ServerResponse, code: number, body: object): void {
  const text = Buffer.from(JSON.stringify(body));
  response.writeHead(code, { 'content-type': 'application/json', 'content-length': text.length });
  response.end(text);
}

function sendFailure(response: ServerResponse, failure: Failure): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const seconds = failure.details?.retryAfterSeconds;
  if (seconds !== undefined) response.setHeader('retry-after', String(seconds));
  send(response, failure.code, statusOf(failure));
}
