/** The scale subresource: one shape for every kind that has a number of replicas. */

import type { WriteOptions } from './commits.ts';
import { badRequest, type Cause, cause, conflict, invalid, invalidPatch, notFound } from './failure.ts';
import { otherUid } from './identity.ts';
import type { KindInfo } from './kinds.ts';
import { copy, ensureFields, type Fields, fieldsAt, isFields, listAt, textAt, valueAt } from './objects.ts';
import { OBJECT_META, REFERENCE, type Schema } from './schema.ts';
import { dropRepeatedOwners, type Origin } from './structure.ts';
import { type Reading, readTyped } from './typed.ts';
import type { ApiObject } from './types.ts';
import { validateMetadata } from './validation-metadata.ts';

function pathOf(jsonPath: string): string[] {
  return jsonPath.split('.').filter((part) => part !== '');
}

function selectorText(object: ApiObject, kind: KindInfo): string {
  const own = kind.scale?.labelSelectorPath ? valueAt(object, ...pathOf(kind.scale.labelSelectorPath)) : undefined;
  if (typeof own === 'string' || kind.custom) return typeof own === 'string' ? own : '';
  const labels = Object.entries(fieldsAt(object, 'spec', 'selector', 'matchLabels'));
  const requirements = [
    ...labels.map(([key, value]) => ({ key, text: `${key}=${value}` })),
    ...listAt(object, 'spec', 'selector', 'matchExpressions').map(requirementText),
  ];
  return requirements
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ text }) => text)
    .join(',');
}

function requirementText(expression: unknown): { key: string; text: string } {
  const key = textAt(expression, 'key');
  const values = listAt(expression, 'values').map(String).sort().join(',');
  switch (textAt(expression, 'operator')) {
    case 'Exists':
      return { key, text: key };
    case 'DoesNotExist':
      return { key, text: `!${key}` };
    case 'NotIn':
      return { key, text: `${key} notin (${values})` };
    default:
      return { key, text: `${key} in (${values})` };
  }
}

export function scaleOf(kind: KindInfo, object: ApiObject): ApiObject {
  const { scale } = kind;
  if (!scale) throw notFound(kind, object.metadata.name);
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = selectorText(object, kind);
  const wanted = valueAt(object, ...pathOf(scale.specReplicasPath));
  const metadata = { name, namespace, uid, resourceVersion, creationTimestamp } as ApiObject['metadata'];
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata,
    spec: wanted === undefined || wanted === 0 ? {} : { replicas: wanted },
    status: {
      replicas: valueAt(object, ...pathOf(scale.statusReplicasPath)) ?? 0,
      ...(selector === '' ? {} : { selector }),
    },
  };
}

/** A Scale as its Go type holds it. */
export function readScale(scale: object, origin: Origin, { fieldValidation, warnings }: WriteOptions): Fields {
  const reading: Reading = { unknown: [], mismatch: [] };
  const version = valueAt(scale, 'apiVersion') || 'autoscaling/v1';
  const name = valueAt(scale, 'kind') || 'Scale';
  const read = readTyped(scale, SCALE, '', reading) as Fields;
  const wrong = reading.mismatch[0] ?? (version !== 'autoscaling/v1' || name !== 'Scale' ? 'another kind' : undefined);
  const complaints = reading.unknown.map((path) => `unknown field "${path}"`);
  if (wrong === undefined && !(fieldValidation === 'Strict' && complaints.length > 0)) {
    if (fieldValidation === 'Warn') warnings.push(...complaints);
    if (isFields(read.metadata)) warnings.push(...dropRepeatedOwners(read.metadata, origin));
    return read;
  }
  throw origin === 'object'
    ? badRequest(`Scale in version "v1" cannot be handled as a Scale: ${wrong ?? complaints.join(', ')}`)
    : invalidPatch(wrong ?? complaints.join(', '));
}

const SCALE: Schema = {
  type: 'object',
  properties: {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { $ref: `${REFERENCE}${OBJECT_META}` },
    spec: { type: 'object', properties: { replicas: { type: 'integer', format: 'int32' } } },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
  },
};

/** The number that stands for none: a patch that leaves it there has given none either. */
const NO_REPLICAS = -(2 ** 31);

/** The Scale that a patch is made of. */
export function scaleToChange(kind: KindInfo, object: ApiObject): ApiObject {
  const { managedFields } = object.metadata;
  const plain = scaleOf(kind, object);
  const scale = { ...plain, metadata: { ...plain.metadata, ...(managedFields && { managedFields }) } };
  const isMissing = kind.custom && valueAt(object, 'spec', 'replicas') === undefined;
  return isMissing ? { ...scale, spec: { replicas: NO_REPLICAS } } : scale;
}

function scaleProblems(kind: KindInfo, scale: Fields, replicas: number): Cause[] {
  const found = validateMetadata(kind, scale as unknown as ApiObject);
  if (replicas >= 0) return found;
  return [...found, cause.invalid('spec.replicas', replicas, 'must be greater than or equal to 0')];
}

/** The object with the number of replicas that a Scale asks for. */
export function withScale(kind: KindInfo, live: ApiObject, scale: Fields, replaces: boolean): ApiObject {
  const replicas = Number(valueAt(scale, 'spec', 'replicas') ?? 0);
  const { name, namespace } = live.metadata;
  if (valueAt(scale, 'metadata', 'name') !== name)
    throw badRequest('the name of the object does not match the name on the URL');
  if ((valueAt(scale, 'metadata', 'namespace') ?? namespace) !== namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  if (replicas === NO_REPLICAS) throw badRequest('the spec replicas field ".spec.replicas" cannot be empty');
  // Custom kinds judge the number where it is kept.
  const causes = kind.custom ? [] : scaleProblems(kind, scale, replicas);
  if (causes.length > 0) throw invalid({ ...kind, group: 'autoscaling', kind: 'Scale' }, name, causes);
  const next = copy(live);
  const path = pathOf(kind.scale?.specReplicasPath ?? '.spec.replicas');
  const last = path.pop() ?? 'replicas';
  let container = next as unknown as Fields;
  for (const key of path) container = ensureFields(container, key);
  container[last] = replicas;
  const { resourceVersion, uid } = fieldsAt(scale, 'metadata');
  if (typeof resourceVersion === 'string' && resourceVersion !== '') next.metadata.resourceVersion = resourceVersion;
  if (typeof uid !== 'string' || uid === '' || uid === live.metadata.uid) return next;
  if (replaces) next.metadata.uid = uid;
  // Of a patched Scale only built-in kinds look at whose it is.
  else if (!kind.custom) throw conflict({ ...kind, plural: `${kind.plural}/scale` }, name, otherUid(uid, live));
  return next;
}
