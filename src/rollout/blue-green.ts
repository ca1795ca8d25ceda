import { POD_TEMPLATE_HASH, type ReplicaSet, type Service } from '../api/index.ts';
import { available, deadlineOf, type Facts, hashOf, wanted } from './facts.ts';
import { runPhase } from './run-phase.ts';
import { baseName, isOf } from './run-types.ts';

/**
 * What every blue-green update goes through, as steps: data to the machine like the canary's. Past them the new pods are
 * active, and are verified before they become stable.
 */
export const blueGreenSteps = [{ preview: {} }, { cutover: {} }] as const;

export function activeService({ seen, blueGreen }: Facts): Service | undefined {
  return seen.services[blueGreen.activeService];
}

export function previewService({ seen, blueGreen }: Facts): Service | undefined {
  return seen.services[blueGreen.previewService ?? ''];
}

/** The hash that a Service selects; undefined where it selects none, or is not there. */
export function selectedHash(service: Service | undefined): string | undefined {
  return service?.spec.selector?.[POD_TEMPLATE_HASH] || undefined;
}

/** Users reach the new pods. */
export function isActive(facts: Facts): boolean {
  return selectedHash(activeService(facts)) === facts.hash;
}

/** Every pod that the spec asks for is there and available. */
export function isSaturated({ newReplicaSet, replicas }: Facts): boolean {
  return newReplicaSet !== undefined && wanted(newReplicaSet) === replicas && available(newReplicaSet) >= replicas;
}

/**
 * The stable pods, where users are led to no revision and all of these are there: a Service that was just named, or made
 * anew, finds whatever matches until then. The new pods are not for that: nobody has let them through.
 */
export function unledTarget(facts: Facts): ReplicaSet | undefined {
  const { stableReplicaSet, replicas, hash, stableHash } = facts;
  const isUnled = activeService(facts) !== undefined && selectedHash(activeService(facts)) === undefined;
  return isUnled && hash !== stableHash && available(stableReplicaSet) >= replicas ? stableReplicaSet : undefined;
}

/**
 * Nothing is waited for but the pods: they served users not long ago and are still there, or a person asked. Those of a
 * revision that was given up never served.
 */
export function isFastTracked(facts: Facts): boolean {
  const { newReplicaSet, stableReplicaSet, status, memory, now } = facts;
  const served = selectedHash(activeService(facts));
  if (status.promoteFull === true || served === facts.hash) return true;
  if (!stableReplicaSet) return served === undefined;
  if (!newReplicaSet || served === undefined || memory.abort || memory.wasGivenUp) return false;
  const isFormer =
    (newReplicaSet.metadata.creationTimestamp ?? '') < (stableReplicaSet.metadata.creationTimestamp ?? '');
  return isFormer && ((deadlineOf(newReplicaSet) ?? 0) > now || facts.isWithinRollbackWindow);
}

/** How many new pods there should be before the switch. */
export function previewCount(facts: Facts): number {
  const { previewReplicaCount } = facts.blueGreen;
  return previewReplicaCount === undefined || isFastTracked(facts) ? facts.replicas : previewReplicaCount;
}

export function isPreviewReady(facts: Facts): boolean {
  const count = previewCount(facts);
  return wanted(facts.newReplicaSet) === count && available(facts.newReplicaSet) >= count;
}

/** The preview is complete, or was when its analysis began. */
export function mayBeJudged(facts: Facts): boolean {
  const hasBegun = isOf(facts.slots.PrePromotion, baseName(facts, 'PrePromotion', 0));
  return !isFastTracked(facts) && (hasBegun || isPreviewReady(facts));
}

export function isApproved({ slots, runs, blueGreen }: Facts): boolean {
  if ((blueGreen.prePromotionAnalysis?.templates ?? []).length === 0) return true;
  return runPhase(runs.PrePromotion, slots.PrePromotion) === 'Successful';
}

/** The switch waits for a person or for a time. */
export function waitsForSomeone({ blueGreen }: Facts): boolean {
  return blueGreen.autoPromotionEnabled === false || (blueGreen.autoPromotionSeconds ?? 0) > 0;
}

/** Milliseconds since the epoch at which the pause before the switch ends by itself; undefined where it does not. */
export function autoPromotionAt({ blueGreen, status }: Facts): number | undefined {
  const began = status.pauseConditions?.find(({ reason }) => reason === 'BlueGreenPause')?.startTime;
  const seconds = blueGreen.autoPromotionSeconds ?? 0;
  if (began === undefined || seconds <= 0 || blueGreen.autoPromotionEnabled === false) return undefined;
  const end = Date.parse(began) + seconds * 1000;
  return Number.isNaN(end) ? undefined : end;
}

/** Everything is there that the pause before the switch waits for. */
export function isAtPause(facts: Facts): boolean {
  return isPreviewReady(facts) && isApproved(facts) && waitsForSomeone(facts) && !isFastTracked(facts);
}

/** `released`: a person took the pause away. */
export function previewDone(facts: Facts, released: boolean): boolean {
  if (!isPreviewReady(facts)) return false;
  if (isFastTracked(facts)) return true;
  if (!isApproved(facts)) return false;
  return !waitsForSomeone(facts) || released || facts.now >= (autoPromotionAt(facts) ?? Number.POSITIVE_INFINITY);
}

/** The new pods passed whatever was to be looked at after the switch. */
export function isVerified({ slots, runs, blueGreen, status }: Facts): boolean {
  if ((blueGreen.postPromotionAnalysis?.templates ?? []).length === 0 || status.promoteFull) return true;
  return runPhase(runs.PostPromotion, slots.PostPromotion) === 'Successful';
}

/** Where a blue-green update stands: its index among the steps, as the status tells. */
export function blueGreenIndex({ status }: Pick<Facts, 'status'>): number {
  const { activeSelector, scaleUpPreviewCheckPoint } = status.blueGreen ?? {};
  if (status.promoteFull === true) return blueGreenSteps.length;
  if (activeSelector !== undefined && activeSelector === status.currentPodHash) return blueGreenSteps.length;
  return scaleUpPreviewCheckPoint === true ? 1 : 0;
}

/** The ReplicaSet that users reach; undefined where the active Service selects none of them. */
export function activeReplicaSet(facts: Facts) {
  const hash = selectedHash(activeService(facts));
  return facts.seen.replicaSets.find((replicaSet) => hashOf(replicaSet) === hash);
}
