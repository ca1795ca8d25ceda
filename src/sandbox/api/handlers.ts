/** One function per verb on objects. */
import { evict } from './eviction.ts';
import { badRequest, Failure, methodNotAllowed, unsupportedMediaType } from './failure.ts';
import type { Target } from './identity.ts';
import { apiVersionOf } from './kinds.ts';
import { filterOf, listObjects } from './list.ts';
import { copy, isFields, timestamp, valueAt } from './objects.ts';
import { jsonPatch } from './patch-json.ts';
import { mergePatch } from './patch-merge.ts';
import { strategicPatch } from './patch-strategic.ts';
import type { Registry, WriteOptions } from './registry.ts';
import {
  bodyObject,
  dryRunOf,
  fieldValidationOf,
  isTrue,
  parseObject,
  parseValue,
  type ResourceRequest,
} from './requests.ts';
import { scaleOf, withScale } from './scale.ts';
import type { Storage } from './storage.ts';
import type { ApiObject, ApiServer, DeleteRequest, ObjectKey, Propagation } from './types.ts';

export interface Answer {
  code: number;
  body: object;
  warnings: string[];
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

function optionsOf(request: ResourceRequest): WriteOptions {
  return {
    manager: request.manager,
    dryRun: dryRunOf(request.query),
    fieldValidation: fieldValidationOf(request.query),
    warnings: [],
  };
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
  if (!known)
    throw new Failure(404, 'NotFound', 'the server could not find the requested resource', { name, kind: kind.plural });
}

export function get(context: Context, request: ResourceRequest): Answer {
  requireSubresource(request);
  const object = context.registry.read(request.kind, keyOf(request));
  return { code: 200, body: request.subresource === 'scale' ? scaleOf(request.kind, object) : object, warnings: [] };
}

export function list(context: Context, { kind, namespace, query }: ResourceRequest): Answer {
  return { code: 200, body: listObjects(context.storage, kind, filterOf(query, namespace), query), warnings: [] };
}

export function create(context: Context, request: ResourceRequest): Answer {
  const { kind, namespace, name, subresource } = request;
  const options = optionsOf(request);
  if (kind.kind === 'Pod' && subresource === 'eviction') {
    return { code: 201, body: evict(context, keyOf(request), bodyObject(request), options.dryRun), warnings: [] };
  }
  if (name !== '') throw methodNotAllowed();
  const object = bodyObject(request);
  checkKind(request, object);
  if (!kind.stored) return { code: 201, body: answerReview(context, request, object), warnings: [] };
  if (kind.namespaced && namespace === undefined) throw badRequest('an empty namespace may not be set during creation');
  return { code: 201, body: context.registry.create(kind, namespace, object, options), warnings: options.warnings };
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

function checkKind({ kind }: ResourceRequest, object: object): void {
  const found = valueAt(object, 'kind');
  const version = valueAt(object, 'apiVersion');
  const wanted = apiVersionOf(kind);
  if (found !== undefined && found !== kind.kind) {
    throw badRequest(
      `${String(found)} in version "${String(version)}" cannot be handled as a ${kind.kind}: expected kind ${kind.kind}`,
    );
  }
  if (version !== undefined && version !== wanted) {
    const message = `the API version in the data (${String(version)}) does not match the expected API version (${wanted})`;
    throw badRequest(message);
  }
}

export function update(context: Context, request: ResourceRequest): Answer {
  requireSubresource(request);
  const options = optionsOf(request);
  const object = bodyObject(request);
  const { kind } = request;
  if (request.subresource === 'scale') return changeScale(context, request, () => object, options);
  checkKind(request, object);
  const body = context.registry.change({ ...targetOf(request), replaces: true }, () => object, options);
  return { code: 200, body, warnings: kind.custom ? options.warnings : options.warnings };
}

function changeScale(
  context: Context,
  request: ResourceRequest,
  change: (scale: ApiObject) => object,
  options: WriteOptions,
): Answer {
  const { kind } = request;
  const target = { ...targetOf(request), subresource: '' };
  const scaled = context.registry.change(target, (live) => withScale(kind, live, change(scaleOf(kind, live))), options);
  return { code: 200, body: scaleOf(kind, scaled), warnings: options.warnings };
}

export function patch(context: Context, request: ResourceRequest): Answer {
  requireSubresource(request);
  const { kind, contentType, subresource } = request;
  const options = optionsOf(request);
  if (contentType === APPLY) return apply(context, request, options);
  const change = patchFunction(request);
  if (subresource === 'scale') return changeScale(context, request, (scale) => change(scale) as object, options);
  const body = context.registry.change(
    targetOf(request),
    (live) => {
      const next = change(live);
      if (!isFields(next)) throw badRequest('the patched object must be an object');
      if (kind.custom || !valueAt(next, 'metadata')) next.metadata ??= copy(live.metadata);
      return next;
    },
    options,
  );
  return { code: 200, body, warnings: options.warnings };
}

function patchFunction({ kind, contentType, body, subresource }: ResourceRequest): (target: ApiObject) => unknown {
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(kind.custom ? [] : [STRATEGIC]), APPLY];
  if (contentType === JSON_PATCH) {
    const operations = parseValue(body, false);
    return (target) => jsonPatch(target, operations);
  }
  if (contentType === MERGE_PATCH || (contentType === STRATEGIC && subresource === 'scale')) {
    const changes = parseObject(body, false);
    return (target) => mergePatch(target, changes);
  }
  if (contentType === STRATEGIC && !kind.custom) {
    const changes = parseObject(body, false);
    return (target) => strategicPatch(target, changes, kind.schema);
  }
  throw unsupportedMediaType(accepted);
}

function apply(context: Context, request: ResourceRequest, options: WriteOptions): Answer {
  if (!request.query.get('fieldManager')) {
    const field = 'fieldManager: Required value: is required for apply patch';
    throw new Failure(422, 'Invalid', `PatchOptions.meta.k8s.io "" is invalid: ${field}`);
  }
  const configuration = parseObject(request.body, true);
  checkKind(request, configuration);
  if (valueAt(configuration, 'apiVersion') === undefined)
    throw badRequest('apiVersion must be set in an apply configuration');
  const force = isTrue(request.query.get('force'));
  const { object, created } = context.registry.apply(targetOf(request), configuration, { ...options, force });
  return { code: created ? 201 : 200, body: object, warnings: options.warnings };
}

function deleteRequestOf({ body, query, contentType }: ResourceRequest): DeleteRequest & { dryRun: boolean } {
  const given = body === '' ? {} : parseObject(body, contentType === 'application/yaml');
  const grace = valueAt(given, 'gracePeriodSeconds') ?? numberOf(query.get('gracePeriodSeconds'));
  const propagation = valueAt(given, 'propagationPolicy') ?? query.get('propagationPolicy') ?? undefined;
  const orphans = valueAt(given, 'orphanDependents');
  const uid = valueAt(given, 'preconditions', 'uid');
  const resourceVersion = valueAt(given, 'preconditions', 'resourceVersion');
  const dryRun = valueAt(given, 'dryRun');
  if (propagation !== undefined && !['Background', 'Foreground', 'Orphan'].includes(String(propagation))) {
    const message = `propagationPolicy: Unsupported value: ${JSON.stringify(propagation)}: supported values: "Background", "Foreground", "Orphan"`;
    throw new Failure(422, 'Invalid', `DeleteOptions.meta.k8s.io "" is invalid: ${message}`);
  }
  return {
    dryRun: dryRunOf(query) || (Array.isArray(dryRun) && dryRun.includes('All')),
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
  const { dryRun, ...asked } = deleteRequestOf(request);
  const { object, gone } = context.registry.remove(kind, keyOf(request), asked, dryRun);
  if (!gone || RETURNS_OBJECT.has(kind.kind)) return { code: 200, body: object, warnings: [] };
  const details = {
    name,
    ...(kind.group === '' ? {} : { group: kind.group }),
    kind: kind.plural,
    uid: object.metadata.uid,
  };
  return {
    code: 200,
    body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details },
    warnings: [],
  };
}

export function removeCollection(context: Context, request: ResourceRequest): Answer {
  const { kind, namespace, query } = request;
  if (kind.kind === 'Namespace' || kind.kind === 'Service') throw methodNotAllowed();
  const { dryRun, ...asked } = deleteRequestOf(request);
  const found = listObjects(context.storage, kind, filterOf(query, namespace), query);
  const items = found.items.map((object) => context.registry.remove(kind, object.metadata, asked, dryRun).object);
  return { code: 200, body: { ...found, items }, warnings: [] };
}
