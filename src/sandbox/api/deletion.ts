/** What deleting an object makes of it: gone, or marked and waiting for its finalizers or its grace period. */
import { conflict } from './failure.ts';
import type { KindInfo } from './kinds.ts';
import { equal, textAt, timestamp, valueAt } from './objects.ts';
import type { ApiObject, DeleteRequest, Propagation } from './types.ts';

export interface Deletion {
  object: ApiObject;
  gone: boolean;
}

export const FOREGROUND = 'foregroundDeletion';
export const ORPHAN = 'orphan';

const COLLECTOR: Record<Propagation, string | undefined> = {
  Background: undefined,
  Foreground: FOREGROUND,
  Orphan: ORPHAN,
};

export function prepareDeletion(kind: KindInfo, live: ApiObject, request: DeleteRequest, now: number): Deletion {
  checkPreconditions(kind, live, request);
  if (kind.kind === 'Pod' && isPending(live, request)) return { object: live, gone: false };
  const finalizers = finalizersFor(kind, live, request);
  const grace = gracePeriod(kind, live, request);
  if (finalizers.length === 0 && grace === 0 && kind.kind !== 'Namespace') {
    return { object: kind.kind === 'Pod' ? endedPod(live, now) : live, gone: true };
  }
  const known = live.metadata.deletionGracePeriodSeconds;
  const isShorter = known === undefined || grace < known;
  if (live.metadata.deletionTimestamp && !isShorter && equal(finalizers, live.metadata.finalizers ?? [])) {
    return { object: live, gone: false };
  }
  const seconds = isShorter ? grace : known;
  const deletionTimestamp =
    isShorter || !live.metadata.deletionTimestamp ? timestamp(now + seconds * 1000) : live.metadata.deletionTimestamp;
  const { generation: count } = live.metadata;
  const generation = live.metadata.deletionTimestamp || !count ? count : count + 1;
  const { finalizers: _, ...metadata } = live.metadata;
  const object: ApiObject = {
    ...live,
    metadata: {
      ...metadata,
      ...(finalizers.length > 0 ? { finalizers } : {}),
      ...(generation === undefined ? {} : { generation }),
      deletionTimestamp,
      deletionGracePeriodSeconds: seconds,
    },
  };
  if (kind.kind === 'Namespace') object.status = { phase: 'Terminating' };
  return { object, gone: false };
}

/** Once a pod is to go, it can only be told to hurry. */
function isPending({ metadata }: ApiObject, { gracePeriodSeconds }: DeleteRequest): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds: known } = metadata;
  if (!deletionTimestamp || !known) return false;
  return gracePeriodSeconds === undefined || gracePeriodSeconds >= known;
}

/** A pod is always marked before it goes. */
function endedPod(pod: ApiObject, now: number): ApiObject {
  if (pod.metadata.deletionTimestamp && pod.metadata.deletionGracePeriodSeconds === 0) return pod;
  const { deletionTimestamp = timestamp(now), generation = 0 } = pod.metadata;
  const count = pod.metadata.deletionTimestamp ? generation : generation + 1;
  return { ...pod, metadata: { ...pod.metadata, generation: count, deletionTimestamp, deletionGracePeriodSeconds: 0 } };
}

function checkPreconditions(kind: KindInfo, live: ApiObject, { uid, resourceVersion }: DeleteRequest): void {
  const { name, uid: actual, resourceVersion: version } = live.metadata;
  // Here the server names the kind where it elsewhere names the resource.
  const named = { ...kind, plural: kind.kind };
  if (uid !== undefined && uid !== actual) {
    const why = `the UID in the precondition (${uid}) does not match the UID in record (${actual}). The object might have been deleted and then recreated`;
    throw conflict(named, name, why);
  }
  if (resourceVersion !== undefined && resourceVersion !== version) {
    const why = `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`;
    throw conflict(named, name, why);
  }
}

/** Jobs made through batch/v1 leave their pods behind unless told otherwise. */
function finalizersFor(kind: KindInfo, live: ApiObject, { propagation }: DeleteRequest): string[] {
  const known = live.metadata.finalizers ?? [];
  // Nothing ever depends on an event.
  if (kind.kind === 'Event') return known;
  const asked = propagation ?? (kind.kind === 'Job' && known.length === 0 ? 'Orphan' : undefined);
  if (asked === undefined) return known;
  const others = known.filter((each) => each !== FOREGROUND && each !== ORPHAN);
  const collector = COLLECTOR[asked];
  return collector === undefined ? others : [...others, collector];
}

/** Only pods that run somewhere get time to end. */
function gracePeriod(kind: KindInfo, live: ApiObject, { gracePeriodSeconds }: DeleteRequest): number {
  if (kind.kind !== 'Pod') return 0;
  const phase = textAt(live, 'status', 'phase');
  if (textAt(live, 'spec', 'nodeName') === '' || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = valueAt(live, 'spec', 'terminationGracePeriodSeconds');
  return gracePeriodSeconds ?? (typeof own === 'number' ? own : 30);
}
