/** What a request asks for: its path, its query, its body, what it accepts. */
import type { IncomingMessage } from 'node:http';
import { parse } from 'yaml';
import { badRequest, type Cause, cause, Failure, invalidOptions, unsupportedMediaType } from './failure.ts';
import { type KindInfo, kindAt } from './kinds.ts';
import { isFields } from './objects.ts';
import { decodeProtobuf, PROTOBUF } from './protobuf.ts';
import type { FieldValidation } from './structure.ts';
import type { RequestInfo } from './types.ts';

const LARGEST_BODY = 3 * 1024 * 1024;

/** A request for objects of one kind. */
export interface ResourceRequest {
  kind: KindInfo;
  namespace: string | undefined;
  /** '' for the collection. */
  name: string;
  subresource: string;
  method: string;
  query: URLSearchParams;
  contentType: string;
  accept: string;
  body: string;
  manager: string;
  user: string;
  /** Collects what the client should be warned of, whatever becomes of the request. */
  warnings: string[];
}

export interface ResourcePath {
  group: string;
  version: string;
  plural: string;
  namespace: string | undefined;
  name: string;
  subresource: string;
}

/** Undefined for a path that is not about objects. */
export function parsePath(pathname: string): ResourcePath | undefined {
  const parts = pathname
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const root = parts.shift();
  if (root !== 'api' && root !== 'apis') return undefined;
  const group = root === 'api' ? '' : (parts.shift() ?? '');
  const version = parts.shift();
  if (version === undefined || parts.length === 0) return undefined;
  const isNamespaced =
    parts[0] === 'namespaces' && parts.length > 2 && !(parts.length === 3 && isSubresource(parts[2]));
  const namespace = isNamespaced ? parts[1] : undefined;
  const [plural = '', name = '', ...rest] = isNamespaced ? parts.slice(2) : parts;
  return { group, version, plural, namespace, name, subresource: rest.join('/') };
}

/** Of a namespace itself. */
function isSubresource(part: string | undefined): boolean {
  return part === 'status' || part === 'finalize';
}

const VERBS: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' };

export function verbOf(method: string, name: string, query: URLSearchParams): string {
  if (method === 'DELETE') return name === '' ? 'deletecollection' : 'delete';
  const known = VERBS[method];
  if (known) return known;
  if (isTrue(query.get('watch'))) return 'watch';
  return name === '' ? 'list' : 'get';
}

export function isTrue(value: string | null): boolean {
  return value === 'true' || value === '1';
}

function userOf({ headers }: IncomingMessage): string {
  const impersonated = headers['impersonate-user'];
  return typeof impersonated === 'string' ? impersonated : 'system:admin';
}

export function describeRequest(request: IncomingMessage, url: URL): RequestInfo {
  const path = parsePath(url.pathname);
  const method = request.method ?? 'GET';
  return {
    verb: path ? verbOf(method, path.name, url.searchParams) : method.toLowerCase(),
    group: path?.group ?? '',
    version: path?.version ?? '',
    resource: path?.plural ?? '',
    namespace: path?.namespace ?? '',
    name: path?.name ?? '',
    subresource: path?.subresource ?? '',
    user: userOf(request),
    method,
    path: url.pathname,
  };
}

/** Undefined where no such kind is served. */
export async function readRequest(
  request: IncomingMessage,
  url: URL,
  warnings: string[],
): Promise<ResourceRequest | undefined> {
  const path = parsePath(url.pathname);
  const kind = path && kindAt(path.group, path.version, path.plural);
  if (!path || !kind) return undefined;
  const agent = request.headers['user-agent'] ?? 'unknown';
  const { contentType, body } = asText(
    (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '',
    await readBody(request),
  );
  return {
    kind,
    namespace: path.namespace,
    name: path.name,
    subresource: path.subresource,
    method: request.method ?? 'GET',
    query: url.searchParams,
    contentType,
    accept: request.headers.accept ?? '',
    body,
    user: userOf(request),
    warnings,
    manager: url.searchParams.get('fieldManager') ?? agent.split('/')[0] ?? 'unknown',
  };
}

/** What is in protobuf goes on as JSON. */
function asText(contentType: string, bytes: Buffer): { contentType: string; body: string } {
  const object = contentType === PROTOBUF ? decodeProtobuf(bytes) : undefined;
  if (object) return { contentType: 'application/json', body: JSON.stringify(object) };
  return { contentType, body: bytes.toString('utf8') };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > LARGEST_BODY) {
      throw new Failure(413, 'RequestEntityTooLarge', `Request entity too large: limit is ${LARGEST_BODY}`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

const OBJECT_TYPES = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

export function requireObjectType({ contentType }: ResourceRequest): void {
  if (contentType !== '' && !OBJECT_TYPES.includes(contentType)) throw unsupportedMediaType(OBJECT_TYPES);
}

/** The object in the body, JSON or YAML. */
export function bodyObject(request: ResourceRequest): object {
  requireObjectType(request);
  return parseObject(request.body, request.contentType === 'application/yaml');
}

export function parseObject(body: string, isYaml: boolean): object {
  const value = parseValue(body, isYaml);
  if (!isFields(value)) throw badRequest('the body of the request must be an object');
  return value;
}

export function parseValue(body: string, isYaml: boolean): unknown {
  try {
    return isYaml && !body.trimStart().startsWith('{') ? parse(body, { schema: 'core' }) : JSON.parse(body);
  } catch (error) {
    throw badRequest(
      `error decoding the body of the request: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** How a write is to be made, as its query says; throws Invalid for what no write can be. */
export function writeOptionsOf(
  query: URLSearchParams,
  options: string,
  also: Cause[],
): { dryRun: boolean; fieldValidation: FieldValidation } {
  const causes = [
    ...also,
    ...dryRunCauses(query.getAll('dryRun')),
    ...fieldValidationCauses(query.get('fieldValidation')),
  ];
  if (causes.length > 0) throw invalidOptions(options, causes);
  const given = query.get('fieldValidation') as FieldValidation | null;
  return { dryRun: query.getAll('dryRun').length > 0, fieldValidation: given || 'Warn' };
}

export function dryRunCauses(given: readonly string[]): Cause[] {
  return given.some((each) => each !== 'All') ? [cause.unsupported('dryRun', given, ['All'])] : [];
}

const FIELD_VALIDATIONS = ['', 'Ignore', 'Strict', 'Warn'];

function fieldValidationCauses(given: string | null): Cause[] {
  if (given === null || FIELD_VALIDATIONS.includes(given)) return [];
  return [cause.unsupported('fieldValidation', given, FIELD_VALIDATIONS)];
}
