/** pods/eviction: a deletion that asks the disruption budgets first. */
import { badRequest, Failure, statusOf } from './failure.ts';
import { kindNamed } from './kinds.ts';
import { copy, fieldsAt, isFields, listAt, textAt, valueAt } from './objects.ts';
import type { Registry } from './registry.ts';
import type { Storage } from './storage.ts';
import type { ApiObject, DeleteRequest, ObjectKey } from './types.ts';

interface EvictionContext {
  storage: Storage;
  registry: Registry;
}

export function evict(context: EvictionContext, key: ObjectKey, eviction: object, dryRun: boolean): object {
  const pods = kindNamed('Pod');
  const pod = context.registry.read(pods, key);
  const name = textAt(eviction, 'metadata', 'name');
  if (name !== '' && name !== key.name)
    throw badRequest(`name in URL does not match name in Eviction object: ${key.name} != ${name}`);
  if (!isOver(pod)) {
    const [budget, ...more] = budgetsOf(context.storage, pod);
    // The real server sends this with the code of a success.
    if (more.length > 0) return statusOf(new Failure(500, '', SEVERAL));
    if (budget && !mayGoAnyway(budget, pod)) spend(context.storage, budget, dryRun);
  }
  context.registry.remove(pods, key, deletionOf(eviction), dryRun);
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };
}

const SEVERAL = 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.';

/** No budget is about a pod that has not begun, has ended, or is on its way out. */
function isOver(pod: ApiObject): boolean {
  const hasEnded = ['Pending', 'Succeeded', 'Failed'].includes(textAt(pod, 'status', 'phase'));
  return hasEnded || pod.metadata.deletionTimestamp !== undefined;
}

/** A pod that is not ready takes nothing from a budget that is kept without it. */
function mayGoAnyway(budget: ApiObject, pod: ApiObject): boolean {
  const isReady = listAt(pod, 'status', 'conditions').some(
    (each) => textAt(each, 'type') === 'Ready' && textAt(each, 'status') === 'True',
  );
  if (isReady) return false;
  const { currentHealthy, desiredHealthy } = fieldsAt(budget, 'status');
  const isKept = Number(desiredHealthy) > 0 && Number(currentHealthy) >= Number(desiredHealthy);
  return isKept || textAt(budget, 'spec', 'unhealthyPodEvictionPolicy') === 'AlwaysAllow';
}

/** One disruption less until the budget's controller has counted anew. */
function spend(storage: Storage, budget: ApiObject, dryRun: boolean): void {
  const { name, generation = 0 } = budget.metadata;
  const status = fieldsAt(budget, 'status');
  const allowed = Number(status.disruptionsAllowed ?? 0);
  if (Number(status.observedGeneration ?? 0) < generation)
    throw refusal(`The disruption budget ${name} is still being processed by the server.`, 10);
  if (allowed <= 0) {
    const { desiredHealthy = 0, currentHealthy = 0 } = status;
    throw refusal(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    );
  }
  const next = copy(budget);
  next.status = { ...status, disruptionsAllowed: allowed - 1 };
  if (!dryRun) storage.commit(kindNamed('PodDisruptionBudget'), budget, next);
}

function refusal(why: string, retryAfterSeconds?: number): Failure {
  const message = "Cannot evict pod as it would violate the pod's disruption budget.";
  const causes = [{ reason: 'DisruptionBudget', message: why }];
  return new Failure(429, 'TooManyRequests', message, { causes, ...(retryAfterSeconds && { retryAfterSeconds }) });
}

function budgetsOf(storage: Storage, pod: ApiObject): ApiObject[] {
  return storage
    .all(kindNamed('PodDisruptionBudget'))
    .filter((budget) => budget.metadata.namespace === pod.metadata.namespace && isAbout(budget, pod));
}

/** Whether a budget selects a pod of its namespace; without a selector it selects none, with an empty one all. */
export function isAbout(budget: object, { metadata: { labels = {} } }: Pick<ApiObject, 'metadata'>): boolean {
  const selector = valueAt(budget, 'spec', 'selector');
  if (!isFields(selector)) return false;
  const equal = Object.entries(fieldsAt(selector, 'matchLabels')).every(([key, value]) => labels[key] === value);
  return equal && listAt(selector, 'matchExpressions').every((each) => holds(each, labels));
}

function holds(requirement: unknown, labels: Record<string, string>): boolean {
  const value = labels[textAt(requirement, 'key')];
  const isListed = value !== undefined && listAt(requirement, 'values').includes(value);
  switch (textAt(requirement, 'operator')) {
    case 'In':
      return isListed;
    case 'NotIn':
      return !isListed;
    case 'Exists':
      return value !== undefined;
    default:
      return value === undefined;
  }
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
