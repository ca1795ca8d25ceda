import {
  type AbortCause,
  AUTO_REVERT,
  type GitRevert,
  type ReplicaSet,
  type RevertCaution,
  type RevertWay,
  type Rollout,
} from '../../api/index.ts';
import { type Provenance, provenanceOf } from '../../git/provenance/index.ts';
import { canonicalRepository } from '../../git/url.ts';
import { applicationAutomation, type GateFacts, isApproved, isSkipped, type KnownFailure } from '../../revert/index.ts';
import type { GitRevertOptions } from './options.ts';
import { causeOf, replicaSetOf } from './revision.ts';
import { stableProblem } from './stable.ts';
import { templateOf } from './templates.ts';

const DAY = 24 * 3_600_000;

/** A failure as the gates are asked about it. */
export interface GateCase {
  rollout: Rollout | undefined;
  cause: AbortCause | undefined;
  provenance: Provenance;
  /** Undefined before there is one. */
  revert?: GitRevert | undefined;
}

/** Everything that the gates look at but the policy, as the caches hold it now. */
export function gateFacts(options: GitRevertOptions, { rollout, cause, provenance, revert }: GateCase): GateFacts {
  const now = options.clock.now();
  return {
    cause: cause ?? { kind: 'user' },
    failedAt: timeOr(cause?.at, now),
    learnt: provenance.learnt,
    now,
    writtenToday: writtenToday(options, canonicalRepository(provenance.repository), revert),
    isSkipped: revert !== undefined && isSkipped(revert),
    isApproved: revert !== undefined && isApproved(revert),
    autoRevert: rollout?.metadata.annotations?.[AUTO_REVERT],
    paused: options.killSwitch.paused(),
    cautions: [...(revert?.status?.plan?.cautions ?? []), ...botCautions(options, { rollout, provenance, revert })],
    revertedBefore: revert && revertedBefore(options, revert),
    stableProblem: revert && rollout && stableProblem(options, rollout, revert),
    failures: knownFailures(options),
  };
}

/** Asked anew each time, as all that the cluster says: it can change while a revert waits. */
function botCautions(
  options: GitRevertOptions,
  { rollout, provenance: { imageBot }, revert }: Pick<GateCase, 'rollout' | 'provenance' | 'revert'>,
): RevertCaution[] {
  const { canary, stable } = revert?.spec.templates ?? {};
  const setOf = (hash: string | undefined) => (rollout && hash ? replicaSetOf(options, rollout, hash) : undefined);
  const [bad, good] = [setOf(canary), setOf(stable)];
  if (!imageBot || !bad || !good) return [];
  const caution = applicationAutomation(imageBot, { bad: templateOf(bad), stable: templateOf(good) });
  return caution ? [caution] : [];
}

/** How many commits and proposals Headgate wrote to the same repository in the last day. */
export function writtenToday(
  { reverts, clock }: Pick<GitRevertOptions, 'reverts' | 'clock'>,
  repository: string,
  except?: GitRevert,
): Record<RevertWay, number> {
  const since = clock.now() - DAY;
  const counted: Record<RevertWay, number> = { Direct: 0, PullRequest: 0 };
  for (const { metadata, spec, status } of reverts.list()) {
    if (metadata.uid === except?.metadata.uid || canonicalRepository(spec.repository) !== repository) continue;
    const isCommit = status?.commit !== undefined && status.reason !== 'AlreadyReverted';
    // A plan may have waited for more than a day before it was written.
    const writtenAt = status?.proposal ? undefined : status?.takenOutAt;
    const isRecent = Date.parse(writtenAt ?? status?.plan?.plannedAt ?? '') > since;
    if (isRecent && status?.proposal) counted.PullRequest++;
    else if (isRecent && isCommit) counted.Direct++;
  }
  return counted;
}

export function timeOr(time: string | undefined, otherwise: number): number {
  const parsed = Date.parse(time ?? '');
  return Number.isNaN(parsed) ? otherwise : parsed;
}

/** Asked once there is a plan: that another commit is itself a revert is found by then, and says more. */
function revertedBefore({ reverts, clock }: GitRevertOptions, revert: GitRevert): GateFacts['revertedBefore'] {
  const { metadata, spec, status } = revert;
  if (status?.plan === undefined) return undefined;
  const since = clock.now() - DAY;
  const earlier = reverts.list(metadata.namespace).find((other) => {
    const isSame =
      other.metadata.name !== metadata.name &&
      other.spec.rollout.uid === spec.rollout.uid &&
      other.spec.templates.canary === spec.templates.canary;
    return isSame && other.status?.commit !== undefined && timeOr(other.status.finishedAt, clock.now()) > since;
  });
  return earlier && { name: earlier.metadata.name, culprit: earlier.spec.culprits.join(', ') };
}

/** Reads an object once for as long as the cache holds it: all failures are asked for in every pass about any of them. */
function once<K extends object, V>(read: (object: K) => V): (object: K) => V {
  const known = new WeakMap<K, { value: V }>();
  return (object) => {
    const { value } = known.get(object) ?? { value: read(object) };
    known.set(object, { value });
    return value;
  };
}

const culpritOf = once(
  ({ spec }: GitRevert) => `${canonicalRepository(spec.repository)} ${[...spec.culprits].sort().join(' ')}`,
);

/** What a ReplicaSet says of a failure, where it is one: when, and of which commit, as far as that is noted; only counted, so that is enough. */
const failureOn = once((canary: ReplicaSet): { at: number; commit: string | undefined } | undefined => {
  const cause = causeOf(canary);
  const isFailure = cause?.kind === 'progressDeadline' || (cause?.kind === 'analysis' && cause.phase === 'Failed');
  if (!isFailure) return undefined;
  const noted = provenanceOf(canary.metadata.annotations);
  const commit = noted.known
    ? `${canonicalRepository(noted.provenance.repository)} ${noted.provenance.commit}`
    : undefined;
  return { at: timeOr(cause?.at, 0), commit };
});

/** A failure that stands now. The record of it knows the culprit best; before there is one, the commit that its objects came from. */
function standing(
  options: GitRevertOptions,
  rollout: Rollout,
  records: ReadonlyMap<string, GitRevert>,
): KnownFailure[] {
  const { abort, currentPodHash = '' } = rollout.status ?? {};
  const uid = rollout.metadata.uid ?? '';
  const canary = abort === true ? replicaSetOf(options, rollout, currentPodHash) : undefined;
  const failure = canary && failureOn(canary);
  if (!failure) return [];
  const record = records.get(`${uid} ${currentPodHash}`);
  return [{ rollout: uid, culprit: record ? culpritOf(record) : (failure.commit ?? `unknown ${uid}`), at: failure.at }];
}

/** All releases that are known to have failed: those that stand, and those that are on record. */
function knownFailures(options: GitRevertOptions): KnownFailure[] {
  const records = options.reverts.list();
  const byFailure = new Map(
    records.map((record) => [`${record.spec.rollout.uid} ${record.spec.templates.canary}`, record]),
  );
  const now = options.rollouts.list().flatMap((rollout) => standing(options, rollout, byFailure));
  const known = new Set(now.map(({ rollout, culprit }) => `${rollout} ${culprit}`));
  const before = records
    .filter(({ spec }) => spec.run !== undefined)
    .map((record) => ({
      rollout: record.spec.rollout.uid,
      culprit: culpritOf(record),
      at: timeOr(record.status?.startedAt, 0),
    }));
  return [...now, ...before.filter(({ rollout, culprit }) => !known.has(`${rollout} ${culprit}`))];
}
