/** The scale subresource: one shape for every kind that has a number of replicas. */
import { cause, invalid, notFound } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import { copy, ensureFields, type Fields, fieldsAt, isFields, valueAt } from './objects.ts';
import type { ApiObject } from './types.ts';

function pathOf(jsonPath: string): string[] {
  return jsonPath.split('.').filter((part) => part !== '');
}

function selectorText(object: ApiObject, kind: KindInfo): string {
  const own = kind.scale?.labelSelectorPath ? valueAt(object, ...pathOf(kind.scale.labelSelectorPath)) : undefined;
  if (typeof own === 'string' || kind.custom) return typeof own === 'string' ? own : '';
  const labels = Object.entries(fieldsAt(object, 'spec', 'selector', 'matchLabels'));
  return labels
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
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

/** The object with the number of replicas that a Scale asks for. */
export function withScale(kind: KindInfo, live: ApiObject, scale: object): ApiObject {
  const replicas = valueAt(scale, 'spec', 'replicas') ?? 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0) {
    throw invalid({ ...kind, group: 'autoscaling', kind: 'Scale' }, live.metadata.name, [
      cause.invalid('spec.replicas', replicas, 'must be greater than or equal to 0'),
    ]);
  }
  const next = copy(live);
  const path = pathOf(kind.scale?.specReplicasPath ?? '.spec.replicas');
  const last = path.pop() ?? 'replicas';
  let container = next as unknown as Fields;
  for (const key of path) container = ensureFields(container, key);
  container[last] = replicas;
  const version = valueAt(scale, 'metadata', 'resourceVersion');
  if (isFields(next.metadata) && typeof version === 'string') next.metadata.resourceVersion = version;
  return next;
}
