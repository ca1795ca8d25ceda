/** One function per verb on objects. */
import { bind } from './binding.ts';
import type { WriteOptions } from './commits.ts';
import { evict } from './eviction.ts';
import {
  badRequest,
  type Cause,
  cause,
  Failure,
  invalid,
  invalidOptions,
  invalidPatch,
  methodNotAllowed,
  notFound,
  unsupportedMediaType,
} from './failure.ts';
import { checkName, type Target } from './identity.ts';
import { apiVersionOf } from './kinds.ts';
import { filterOf, listObjects } from './list.ts';
import { type Fields, isFields, listAt, textAt, timestamp, valueAt } from './objects.ts';
import { jsonPatch } from './patch-json.ts';
import { mergePatch } from './patch-merge.ts';
import { strategicPatch } from './patch-strategic.ts';
import type { Registry } from './registry.ts';
import {
  bodyObject,
  dryRunCauses,
  isTrue,
  parseObject,
  parseValue,
  type ResourceRequest,
  requireObjectType,
  writeOptionsOf,
} from './requests.ts';
import { readScale, scaleOf, scaleToChange, withScale } from './scale.ts';
import type { Storage } from './storage.ts';
import type { ApiObject, ApiServer, DeleteRequest, ObjectKey, Propagation } from './types.ts';

export interface Answer {
  code: number;
  body: object;
}

export interface Context {
  storage: Storage;
  registry: Registry;
  now: () => number;
  /** Read at each request: tests change it. */
  hooks: Pick<ApiServer, 'authorize'>;
}

const APPLY = 'application/apply-patch+yaml';
const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

function optionsOf({ manager, query, warnings }: ResourceRequest, name: string, causes: Cause[] = []): WriteOptions {
  return { manager, warnings, ...writeOptionsOf(query, name, causes) };
}

function applyCauses(query: URLSearchParams): Cause[] {
  return query.get('fieldManager') ? [] : [cause.required('fieldManager', 'is required for apply patch')];
}

function keyOf({ namespace, name }: ResourceRequest): ObjectKey {
  return { name, ...(namespace === undefined ? {} : { namespace }) };
}

function targetOf(request: ResourceRequest): Target {
  return { kind: request.kind, key: keyOf(request), subresource: request.subresource };
}

function requireSubresource({ kind, subresource, name }: ResourceRequest): void {
  const known =
    subresource === '' || (subresource === 'status' && kind.hasStatus) || (subresource === 'scale' && kind.scale);
  if (known) return;
  if (kind.custom) throw notFound(kind, name);
  throw new Failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function get(context: Context, request: ResourceRequest): Answer {
  requireSubresource(request);
  const object = context.registry.read(request.kind, keyOf(request));
  if (request.subresource !== 'scale') return { code: 200, body: object };
  if (valueAt(object, 'spec', 'replicas') === undefined && request.kind.custom) {
    throw new Failure(
      500,
      'InternalError',
      'Internal error occurred: the spec replicas field ".spec.replicas" does not exist',
    );
  }
  return { code: 200, body: scaleOf(request.kind, object) };
}

export function list(context: Context, { kind, namespace, query }: ResourceRequest): Answer {
  return { code: 200, body: listObjects(context.storage, kind, filterOf(query, namespace), query) };
}

export function create(context: Context, request: ResourceRequest): Answer {
  const { kind, namespace, name, subresource } = request;
  requireObjectType(request);
  const options = optionsOf(request, 'CreateOptions');
  if (kind.kind === 'Pod' && subresource === 'eviction') {
    return { code: 201, body: evict(context, keyOf(request), bodyObject(request), options.dryRun) };
  }
  if (kind.kind === 'Pod' && subresource === 'binding') {
    return { code: 201, body: bind(context, keyOf(request), bodyObject(request), options.dryRun) };
  }
  if (name !== '') throw methodNotAllowed();
  const object = bodyObject(request);
  checkKind(request, object);
  if (!kind.stored) return { code: 201, body: answerReview(context, request, object) };
  if (kind.namespaced && namespace === undefined) throw badRequest('an empty namespace may not be set during creation');
  return { code: 201, body: context.registry.create(kind, namespace, object, options) };
}

/** May I? Asked of whatever decides about requests. */
function answerReview({ now, hooks }: Context, { kind, user }: ResourceRequest, object: object): object {
  const asked = valueAt(object, 'spec', 'resourceAttributes');
  const {
    verb = '',
    group = '',
    version = '',
    resource = '',
    namespace = '',
    name = '',
    subresource = '',
  } = isFields(asked) ? (asked as Record<string, string>) : {};
  const allowed = hooks.authorize({
    ...{ verb, group, version, resource, namespace, name, subresource, user },
    method: '',
    path: '',
  });
  const metadata = { creationTimestamp: timestamp(now()) };
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind, metadata, status: { allowed } };
}

/** Built-in kinds need not say what they are; of custom ones a wrong kind is judged like a wrong field. */
function checkKind({ kind }: ResourceRequest, object: object): void {
  const found = valueAt(object, 'kind') || undefined;
  const version = valueAt(object, 'apiVersion') || undefined;
  const wanted = apiVersionOf(kind);
  if (kind.custom && found === undefined) throw badRequest(`Object 'Kind' is missing`);
  if (kind.custom && version === undefined) throw badRequest(`Object 'apiVersion' is missing`);
  if (version !== undefined && version !== wanted) {
    throw badRequest(
      `the API version in the data (${String(version)}) does not match the expected API version (${wanted})`,
    );
  }
  if (found === undefined || found === kind.kind || (kind.custom && typeof found === 'string')) return;
  const where = `in version "${String(version)}" cannot be handled as a ${kind.kind}: expected kind ${kind.kind}`;
  throw badRequest(`${String(found)} ${where}`);
}

export function update(context: Context, request: ResourceRequest): Answer {
  requireSubresource(request);
  const options = optionsOf(request, 'UpdateOptions');
  const object = bodyObject(request);
  if (request.subresource === 'scale') {
    const scale = readScale(object, 'object', options);
    checkName(targetOf(request), scale as unknown as ApiObject);
    return changeScale(context, request, () => scale, options);
  }
  checkKind(request, object);
  const { object: body, created } = context.registry.put(targetOf(request), object, options);
  return { code: created ? 201 : 200, body };
}

function changeScale(
  context: Context,
  request: ResourceRequest,
  change: (scale: ApiObject) => Fields,
  options: WriteOptions,
): Answer {
  const { kind, method } = request;
  const replaces = method === 'PUT';
  const target: Target = { ...targetOf(request), subresource: '', through: 'scale', replaces };
  const scaled = context.registry.change(
    target,
    (live) => withScale(kind, live, change(scaleToChange(kind, live)), replaces),
    options,
  );
  return { code: 200, body: scaleOf(kind, scaled) };
}

export function patch(context: Context, request: ResourceRequest): Answer {
  requireSubresource(request);
  const { contentType, subresource } = request;
  requirePatchType(request);
  const isApply = contentType === APPLY;
  const options = { ...optionsOf(request, 'PatchOptions', isApply ? applyCauses(request.query) : []) };
  if (isApply) return apply(context, request, options);
  const change = patchFunction(request);
  if (subresource === 'scale') {
    return changeScale(
      context,
      request,
      (scale) => readScale(patchedScale(request, change(scale)), 'patch', options),
      options,
    );
  }
  const body = context.registry.change(
    targetOf(request),
    (live) => {
      const next = change(live);
      if (!isFields(next)) throw invalidPatch('the patched object must be an object');
      requireSameKind(request, next);
      return next;
    },
    { ...options, origin: 'patch' },
  );
  return { code: 200, body };
}

/** Of a custom kind's Scale the server knows what it is; of others it asks. */
function patchedScale({ kind, contentType }: ResourceRequest, scale: unknown): object {
  if (!isFields(scale)) throw invalidPatch('the patched object must be an object');
  // A strategic patch is made of what the server holds, whatever it says to be.
  if (contentType === STRATEGIC && typeof scale.apiVersion === 'string')
    return { ...scale, apiVersion: 'autoscaling/v1' };
  const isUnknown = !kind.custom && contentType !== STRATEGIC && !scale.apiVersion;
  if (isUnknown) throw badRequest(`Object 'apiVersion' is missing`);
  return scale;
}

/** A patch may not make another kind of an object. */
function requireSameKind(request: ResourceRequest, next: Fields): void {
  const { kind, contentType } = request;
  if (textAt(next, 'metadata', 'name') === '') throw badRequest('name must be provided');
  if (contentType === STRATEGIC) return;
  if (kind.custom) {
    requireCustomKind(targetOf(request), next);
    return;
  }
  const { apiVersion, kind: name } = next;
  if (!apiVersion) throw badRequest(`Object 'apiVersion' is missing`);
  const isOther = (name && name !== kind.kind) || apiVersion !== apiVersionOf(kind);
  if (isOther) throw invalidPatch(`no kind "${String(name)}" is registered for version "${String(apiVersion)}"`);
}

/** A custom object without a version is more than the real server can take. */
function requireCustomKind(target: Target, next: Fields): void {
  const { kind } = target;
  const { apiVersion = '', kind: name } = next;
  if (typeof apiVersion !== 'string' || typeof name !== 'string') throw invalidPatch('a kind is a text');
  if (apiVersion !== apiVersionOf(kind)) checkName(target, next as unknown as ApiObject);
  if (apiVersion === '') throw new Failure(500, 'InternalError', `Object 'apiVersion' is missing`);
  if (name === '') throw invalidPatch(`Object 'Kind' is missing`);
  if (apiVersion === apiVersionOf(kind)) return;
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  const causes = [cause.invalid('apiVersion', apiVersion, `must be ${apiVersionOf(kind)}`)];
  throw invalid({ ...kind, group }, textAt(next, 'metadata', 'name'), causes);
}

function requirePatchType({ kind, contentType }: ResourceRequest): void {
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(kind.custom ? [] : [STRATEGIC]), APPLY];
  if (accepted.includes(contentType)) return;
  if (!kind.custom) throw new Failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {});
  throw unsupportedMediaType(accepted);
}

/** The body is read once there is something to patch. */
function patchFunction({ kind, contentType, body, query }: ResourceRequest): (target: ApiObject) => unknown {
  return (target) => {
    if (contentType === JSON_PATCH) return jsonPatch(target, parseValue(body, false));
    const changes = parseValue(body, false);
    if (changes === null && contentType === STRATEGIC) return target;
    if (!isFields(changes)) {
      const why = 'a patch is an object';
      throw query.get('fieldValidation') === 'Ignore' && contentType === MERGE_PATCH
        ? invalidPatch(why)
        : badRequest(why);
    }
    return contentType === MERGE_PATCH ? mergePatch(target, changes) : strategicPatch(target, changes, kind.schema);
  };
}

function apply(context: Context, request: ResourceRequest, options: WriteOptions): Answer {
  const configuration = parseObject(request.body, true);
  const force = isTrue(request.query.get('force'));
  const { object, created } = context.registry.apply(targetOf(request), configuration, { ...options, force });
  return { code: created ? 201 : 200, body: object };
}

const PROPAGATIONS = ['Background', 'Foreground', 'Orphan'];

interface DeleteOptions extends DeleteRequest {
  dryRun: boolean;
  /** Asked in the old way not to orphan: the answer then tells that there is something to wait for. */
  cascades: boolean;
}

function deleteRequestOf({ body, query, contentType }: ResourceRequest): DeleteOptions {
  const given = body === '' ? {} : parseObject(body, contentType === 'application/yaml');
  // A body makes the query count for nothing.
  const asked = body === '' ? query : new URLSearchParams();
  const grace = valueAt(given, 'gracePeriodSeconds') ?? numberOf(asked.get('gracePeriodSeconds'));
  const propagation = valueAt(given, 'propagationPolicy') ?? asked.get('propagationPolicy') ?? undefined;
  const orphans = valueAt(given, 'orphanDependents');
  const uid = valueAt(given, 'preconditions', 'uid');
  const resourceVersion = valueAt(given, 'preconditions', 'resourceVersion');
  const dryRun = body === '' ? query.getAll('dryRun') : listAt(given, 'dryRun').map(String);
  const causes = dryRunCauses(dryRun);
  if (propagation !== undefined && !PROPAGATIONS.includes(String(propagation))) {
    causes.push(cause.unsupported('propagationPolicy', propagation, PROPAGATIONS));
  }
  if (propagation !== undefined && orphans !== undefined) {
    causes.push(
      cause.invalid('propagationPolicy', propagation, 'orphanDependents and propagationPolicy cannot be both set'),
    );
  }
  if (causes.length > 0) throw invalidOptions('DeleteOptions', causes);
  return {
    dryRun: dryRun.length > 0,
    cascades: orphans === false,
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(propagation === undefined ? {} : { propagation: propagation as Propagation }),
    ...(orphans === undefined ? {} : { propagation: orphans ? ('Orphan' as const) : ('Background' as const) }),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}

function numberOf(text: string | null): number | undefined {
  return text === null || text === '' ? undefined : Number(text);
}

/** Kinds whose deletion answers with the object even when it is gone. */
const RETURNS_OBJECT = new Set(['Pod', 'Service', 'ServiceAccount']);

export function remove(context: Context, request: ResourceRequest): Answer {
  const { kind, name } = request;
  if (request.subresource !== '') throw methodNotAllowed();
  const { dryRun, cascades, ...asked } = deleteRequestOf(request);
  const { object, gone } = context.registry.remove(kind, keyOf(request), asked, dryRun);
  if (!gone || RETURNS_OBJECT.has(kind.kind)) return { code: !gone && cascades ? 202 : 200, body: object };
  const details = {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.plural,
    uid: object.metadata.uid,
  };
  return {
    code: 200,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details },
  };
}

export function removeCollection(context: Context, request: ResourceRequest): Answer {
  const { kind, namespace, query } = request;
  if (kind.kind === 'Namespace') throw methodNotAllowed();
  // The answer shows what was there before.
  const found = listObjects(context.storage, kind, filterOf(query, namespace), query);
  const { dryRun, cascades: _, ...asked } = deleteRequestOf(request);
  const names = found.items.map(({ metadata }) => metadata);
  for (const metadata of names) context.registry.remove(kind, metadata, asked, dryRun);
  return { code: 200, body: found };
}
