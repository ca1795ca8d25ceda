import { canaryServices, WORKLOAD_GENERATION } from '../api/index.ts';
import { timestamp } from '../api/times.ts';
import { isActive, previewService, selectedHash } from './blue-green.ts';
import type { Effect, PlanInput } from './effects.ts';
import { available, type Facts } from './facts.ts';
import type { Observation, ObservedWorkload, ScalableKind } from './observation.ts';

/** For so long a size that somebody else has set is left alone, milliseconds: tools that insist are not fought. */
const FOREIGN_SIZE_STAYS = 300_000;

/** What the Rollout's annotations are yet to say of the workload. */
export function workloadAnnotations({ rollout, workload }: Observation): Record<string, string | null> {
  const said = rollout.metadata.annotations?.[WORKLOAD_GENERATION];
  const generation = workload && String(workload.generation);
  if (said === generation || (rollout.spec.workloadRef && !workload)) return {};
  return { [WORKLOAD_GENERATION]: generation ?? null };
}

interface Scalable extends ObservedWorkload {
  kind: ScalableKind;
  replicas: number;
}

/** The workload, where the spec asks to scale it and it has pods left that nobody else decides on. */
function scalable({ seen, replicas }: Facts): Scalable | undefined {
  const { workload, rollout } = seen;
  if ((rollout.spec.workloadRef?.scaleDown ?? 'never') === 'never' || replicas < 1) return undefined;
  if (!workload?.replicas || workload.kind === 'PodTemplate' || workload.isTaken) return undefined;
  return { ...workload, kind: workload.kind, replicas: workload.replicas };
}

/** How the workload was last scaled for this very Rollout. */
function markOf({ seen }: Facts, { mark }: Scalable) {
  return mark?.uid === seen.rollout.metadata.uid ? mark : undefined;
}

/** How many pods it had before the first was taken: what anybody else has asked for since counts as new. */
function sizeOf(facts: Facts, workload: Scalable): number {
  const mark = markOf(facts, workload);
  return mark?.to === workload.replicas ? Math.max(mark.from, mark.to) : workload.replicas;
}

/** World time until which a size that somebody else has set stays, milliseconds since the epoch. */
function staysUntil(facts: Facts, workload: Scalable): number | undefined {
  const mark = markOf(facts, workload);
  if (!mark || mark.to === workload.replicas) return undefined;
  const at = Date.parse(mark.at);
  return Number.isNaN(at) ? undefined : at + FOREIGN_SIZE_STAYS;
}

/** When a size that somebody else has set may be changed again; undefined where nothing waits for that. */
export function workloadLookAgain(facts: Facts): number | undefined {
  const workload = scalable(facts);
  return workload && staysUntil(facts, workload);
}

/** Pods of a workload and of the Rollout that takes its place. */
export interface Shares {
  /** The workload's, before the first was taken. */
  size: number;
  /** spec.replicas of the Rollout. */
  goal: number;
  /** Available pods of the Rollout. */
  available: number;
}

/**
 * How many pods the workload keeps while the Rollout comes up: together never fewer than both the workload had and the
 * Rollout should have, as far as there are so many. One stays to the end: a workload without pods is one that has handed over, and
 * never gets any back.
 */
export function keptPods({ size, goal, available: pods }: Shares): number {
  return Math.min(size, Math.max(1, Math.max(size, goal) - pods));
}

/** What blue-green leads users and the preview by leads to the newest pods. */
function isHome(facts: Facts): boolean {
  if (facts.strategy !== 'blueGreen') return true;
  const { blueGreen, hash } = facts;
  return isActive(facts) && (blueGreen.previewService === undefined || selectedHash(previewService(facts)) === hash);
}

/** Users reach the stable pods by whichever Service there is. */
function areServicesHome({ seen, hash }: Facts): boolean {
  const names = Object.values(canaryServices(seen.rollout));
  const services = names.flatMap((name) => (name ? [seen.services[name]] : []));
  const routed = seen.traffic?.canaryWeight ?? 0;
  return routed === 0 && services.every((service) => selectedHash(service) === hash);
}

/** The Rollout carries everything by itself, and its status says so. */
function hasTakenOver({ facts }: PlanInput): boolean {
  const { newReplicaSet, replicas, status } = facts;
  const hasAll = (newReplicaSet?.status?.replicas ?? 0) >= replicas && available(newReplicaSet) >= replicas;
  return status.phase === 'Healthy' && hasAll && isHome(facts) && areServicesHome(facts);
}

function wantedPods(input: PlanInput, workload: Scalable): number {
  const { facts } = input;
  const { spec } = facts.seen.rollout;
  const size = sizeOf(facts, workload);
  const pods = available(facts.newReplicaSet);
  // Where nobody has said how many pods the Rollout should have, its one pod by default is no reason to take several.
  if (hasTakenOver(input)) return spec.replicas === undefined ? Math.max(0, size - pods) : 0;
  if (spec.workloadRef?.scaleDown !== 'progressively') return workload.replicas;
  const kept = keptPods({ size, goal: facts.replicas, available: pods });
  return kept < workload.replicas && !workload.isSteady ? workload.replicas : kept;
}

/**
 * The workload hands over to the Rollout, at whatever revision: only while its template is the stable one, so that no pods
 * of an update in flight are counted on, and none of one that was given up are started.
 */
export function workloadEffects(input: PlanInput): Effect[] {
  const { facts, persisted, next } = input;
  const workload = scalable(facts);
  if (!workload || persisted.delivery !== 'settled' || next.delivery !== 'settled' || next.hold === 'paused') return [];
  const until = staysUntil(facts, workload);
  const to = wantedPods(input, workload);
  if (to === workload.replicas || (until !== undefined && facts.now < until)) return [];
  const { name, uid = '' } = facts.seen.rollout.metadata;
  const mark = { rollout: name, uid, from: sizeOf(facts, workload), to, at: timestamp(facts.now) };
  const { kind, resourceVersion, replicas } = workload;
  return [{ kind: 'scaleWorkload', workload: kind, name: workload.name, resourceVersion, from: replicas, mark }];
}

/** The workload that is to hand over, with the pods that it has, and until when it is left as somebody else has scaled it. */
export function handover(facts: Facts): (Scalable & { until: number | undefined }) | undefined {
  const workload = scalable(facts);
  const { workloadRef } = facts.seen.rollout.spec;
  const isWaiting = facts.hash === facts.stableHash && workloadRef?.scaleDown !== undefined;
  return workload && isWaiting ? { ...workload, until: staysUntil(facts, workload) } : undefined;
}
