import { isDeepStrictEqual } from 'node:util';
import { conditionAt } from '../../api/conditions.ts';
import type { Condition, GitSource, GitSourceStatus, KubeObject } from '../../api/index.ts';
import type { Problem } from '../../errors.ts';
import type { Drifted } from './apply-all.ts';
import { healthOf } from './health.ts';
import { shortList } from './inventory.ts';

/** Problems, and objects that are not as they should be. */
const MOST_TOLD = 20;

/** What a condition says. */
export interface Verdict {
  holds: boolean;
  reason: string;
  message: string;
}

/** What one pass came to. What it did not look at stays as it is in the status. */
export interface SyncResult {
  ready: boolean;
  reason: string;
  message: string;
  head?: string;
  /** What was applied as a whole. */
  applied?: { commit: string; objects: number };
  problems?: Problem[];
  inventory?: string[];
  health?: HealthReport;
  /** The objects that were left as they are, although they differ; undefined where they are healed. */
  drift?: Drifted[] | undefined;
  /** What became of what left Git; undefined where nothing did. */
  pruning?: Verdict | undefined;
  /** What was deleted now, for people. */
  deleted?: readonly string[];
  /** Look again after so many seconds at the latest. */
  lookAgainSeconds?: number;
}

export interface HealthReport {
  verdict: Verdict;
  unhealthy: { object: string; message: string }[];
  /** Waiting may help. */
  isProgressing: boolean;
}

/** Whether all of these objects, as the API server holds them, are healthy. */
export function healthReport(objects: readonly KubeObject[]): HealthReport {
  const unhealthy: HealthReport['unhealthy'] = [];
  let isProgressing = false;
  for (const each of objects) {
    const health = healthOf(each);
    if (health.state === 'healthy') continue;
    isProgressing ||= health.state === 'progressing';
    const { namespace, name } = each.metadata;
    unhealthy.push({ object: `${each.kind} ${namespace ? `${namespace}/` : ''}${name}`, message: health.message });
  }
  const count = unhealthy.length;
  const names = shortList(
    unhealthy.map(({ object }) => object),
    3,
  );
  const message =
    count === 0
      ? `all ${objects.length} objects are healthy`
      : `${count} of ${objects.length} objects are not healthy: ${names}`;
  const reason = count === 0 ? 'Healthy' : isProgressing ? 'Progressing' : 'Unhealthy';
  return { verdict: { holds: count === 0, reason, message }, unhealthy, isProgressing };
}

function driftVerdict(drift: readonly Drifted[]): Verdict {
  if (drift.length === 0) return { holds: true, reason: 'InSync', message: 'the cluster holds what Git holds' };
  const names = shortList(
    drift.map(({ object }) => object),
    3,
  );
  return {
    holds: false,
    reason: 'Drifted',
    message: `${drift.length} objects differ from Git and are left so: ${names}`,
  };
}

function conditionsAfter({ status }: GitSource, result: SyncResult, now: string): Condition[] {
  const before = status?.conditions;
  const verdicts: [type: string, isNew: boolean, verdict: Verdict | undefined][] = [
    ['Ready', true, { holds: result.ready, reason: result.reason, message: result.message }],
    ['Healthy', result.health !== undefined, result.health?.verdict],
    ['InSync', 'drift' in result, result.drift && driftVerdict(result.drift)],
    ['Pruned', 'pruning' in result, result.pruning],
  ];
  return verdicts.flatMap(([type, isNew, verdict]) => {
    const kept = before?.filter((condition) => condition.type === type) ?? [];
    if (!isNew) return kept;
    return verdict === undefined ? [] : [conditionAt(now, before, { type, ...verdict })];
  });
}

function definedOnly<T extends object>(value: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}

/** A list of the status, left out where it is empty. */
function listAfter<T>(isNew: boolean, next: readonly T[] | undefined, before: T[] | undefined): T[] | undefined {
  if (!isNew) return before;
  return next === undefined || next.length === 0 ? undefined : next.slice(0, MOST_TOLD);
}

/** The status after this pass. Without news it equals the one before. */
export function statusAfter(source: GitSource, result: SyncResult, now: string): GitSourceStatus {
  const { status = {}, metadata } = source;
  const { applied, health, drift } = result;
  const isAnother = applied !== undefined && applied.commit !== status.lastAppliedCommit;
  return definedOnly<GitSourceStatus>({
    observedGeneration: metadata.generation,
    lastSeenCommit: result.head ?? status.lastSeenCommit,
    lastAppliedCommit: applied?.commit ?? status.lastAppliedCommit,
    lastAppliedAt: isAnother ? now : status.lastAppliedAt,
    lastAppliedGeneration: applied ? metadata.generation : status.lastAppliedGeneration,
    objects: applied?.objects ?? status.objects,
    inventory: result.inventory ?? status.inventory,
    unhealthy: listAfter(health !== undefined, health?.unhealthy, status.unhealthy),
    drift: listAfter('drift' in result, drift, status.drift),
    files: (result.problems ?? []).slice(0, MOST_TOLD).map(({ path, message }) => ({ path, message })),
    conditions: conditionsAfter(source, result, now),
  });
}

/** The merge patch from one status to the next: what has changed, and null for what is no longer there. */
export function statusPatch(before: GitSourceStatus = {}, next: GitSourceStatus): object {
  const [old, now]: [object, object] = [before, next];
  const names = new Set([...Object.keys(old), ...Object.keys(now)]);
  const valueIn = (status: object, name: string) => (status as Record<string, unknown>)[name];
  const changed = [...names].filter((name) => !isDeepStrictEqual(valueIn(old, name), valueIn(now, name)));
  return Object.fromEntries(changed.map((name) => [name, valueIn(now, name) ?? null]));
}
