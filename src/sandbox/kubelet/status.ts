import type { Condition, Pod } from '../../api/kubernetes.ts';
import { timestamp } from '../workloads/objects.ts';

export type PodStatus = NonNullable<Pod['status']> & { [field: string]: unknown };

/**
 * What a status patch has to say so that `known` becomes `wanted`; undefined where it already is. Conditions are merged
 * by their type, so those of other owners stay, and one that does not change keeps its time.
 */
export function statusPatch(known: PodStatus = {}, wanted: PodStatus, now: number): object | undefined {
  const conditions = (wanted.conditions ?? []).map((each) =>
    conditionPatch(
      known.conditions?.find(({ type }) => type === each.type),
      each,
      now,
    ),
  );
  const changed = conditions.filter((each) => each !== undefined);
  const others = Object.entries(wanted).filter(([key, value]) => key !== 'conditions' && !covers(known[key], value));
  if (changed.length === 0 && others.length === 0) return undefined;
  return { ...Object.fromEntries(others), ...(changed.length > 0 && { conditions: changed }) };
}

function conditionPatch(known: Condition | undefined, wanted: Condition, now: number): object | undefined {
  const { reason, message } = wanted;
  if (known && covers(known, wanted) && known.reason === reason && known.message === message) return undefined;
  const gone = {
    ...(known?.reason !== undefined && reason === undefined && { reason: null }),
    ...(known?.message !== undefined && message === undefined && { message: null }),
  };
  const lastTransitionTime = known?.status === wanted.status ? known.lastTransitionTime : undefined;
  return { ...wanted, ...gone, lastTransitionTime: lastTransitionTime ?? timestamp(now) };
}

/** Whether everything in `wanted` is in `known`, which may hold more: a server fills in defaults. */
function covers(known: unknown, wanted: unknown): boolean {
  if (Array.isArray(wanted)) {
    return (
      Array.isArray(known) &&
      known.length === wanted.length &&
      wanted.every((each, index) => covers(known[index], each))
    );
  }
  if (typeof wanted !== 'object' || wanted === null) return known === wanted;
  if (typeof known !== 'object' || known === null) return false;
  return Object.entries(wanted).every(([key, value]) => covers((known as Record<string, unknown>)[key], value));
}
