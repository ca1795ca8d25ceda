/** pods/eviction: a deletion that asks the disruption budgets first. */
import { badRequest, Failure } from './failure.ts';
import { kindNamed } from './kinds.ts';
import { fieldsAt, isFields, textAt, valueAt } from './objects.ts';
import type { Registry } from './registry.ts';
import type { Storage } from './storage.ts';
import type { ApiObject, DeleteRequest, ObjectKey } from './types.ts';

export function evict(
  context: { storage: Storage; registry: Registry },
  key: ObjectKey,
  eviction: object,
  dryRun: boolean,
): object {
  const pods = kindNamed('Pod');
  const pod = context.registry.read(pods, key);
  const name = textAt(eviction, 'metadata', 'name');
  if (name !== '' && name !== key.name)
    throw badRequest(`name in URL does not match name in Eviction object: ${key.name} != ${name}`);
  const blocking = budgetsOf(context.storage, pod).find(
    (budget) => valueAt(budget, 'status', 'disruptionsAllowed') === 0,
  );
  if (blocking) {
    const message = `The disruption budget ${blocking.metadata.name} needs ${String(valueAt(blocking, 'status', 'desiredHealthy') ?? 0)} healthy pods and has ${String(valueAt(blocking, 'status', 'currentHealthy') ?? 0)} currently`;
    throw new Failure(429, 'TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [{ reason: 'DisruptionBudget', message }],
    });
  }
  context.registry.remove(pods, key, deletionOf(eviction), dryRun);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

function budgetsOf(storage: Storage, pod: ApiObject): ApiObject[] {
  return storage.all(kindNamed('PodDisruptionBudget')).filter((budget) => {
    const labels = Object.entries(fieldsAt(budget, 'spec', 'selector', 'matchLabels'));
    const isSame = budget.metadata.namespace === pod.metadata.namespace;
    return isSame && labels.length > 0 && labels.every(([key, value]) => pod.metadata.labels?.[key] === value);
  });
}

function deletionOf(eviction: object): DeleteRequest {
  const { gracePeriodSeconds, preconditions } = fieldsAt(eviction, 'deleteOptions');
  const { uid, resourceVersion } = isFields(preconditions) ? preconditions : {};
  return {
    ...(typeof gracePeriodSeconds === 'number' ? { gracePeriodSeconds } : {}),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
  };
}
