import type { GitRevert } from '../../api/index.ts';
import { canonicalRepository } from '../../git/url.ts';
import { isAlreadyExists } from '../../kube/client.ts';
import { analysisRuns, gitReverts } from '../../kube/resources.ts';
import { derive, endedUnwritten, isSkipped, revertKey, revertName, SKIPPED_BY_PERSON } from '../../revert/index.ts';
import type { Case, Refusal } from './failure.ts';
import type { GitRevertOptions } from './options.ts';

/** The failures that a record answers, and those that were answered under its name before: each is answered once. */
const ANSWERS = 'headgate.dev/answers';
const MOST_ANSWERS = 50;
/** The branches of the pull requests of the records that had its name before, and ended. */
const ENDED = 'headgate.dev/ended-proposals';

/** What is to be taken out for one failure; `apart`: of each commit no more than what is this Rollout's. */
export interface TakenOut {
  culprits: readonly string[];
  apart: boolean;
}

function recordFor({ failure, policy, bad, good }: Case, { culprits, apart }: TakenOut): GitRevert {
  const { rollout, canary, stable } = failure;
  const { name, namespace = 'default', uid = '' } = rollout.metadata;
  const { currentPodHash = '', stableRS = '' } = rollout.status ?? {};
  const repository = canonicalRepository(bad.repository);
  const key = revertKey({ repository, branch: bad.branch, culprits, path: bad.path, apart, rollout: { name } });
  return {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'GitRevert',
    // No owner: the record outlives the Rollout.
    metadata: { name: revertName(key), namespace },
    spec: {
      repository: bad.repository,
      branch: bad.branch,
      path: bad.path,
      culprits: [...culprits].sort(),
      goodRevision: good.commit,
      badRevision: bad.commit,
      ...(apart && { apart }),
      key,
      policy: policy.name,
      rollout: { namespace, name, uid },
      templates: { stable: stableRS, canary: currentPodHash },
      stableReplicaSet: stable.metadata.name,
      canaryReplicaSet: canary.metadata.name,
    },
  };
}

async function runOf(
  { client }: GitRevertOptions,
  { failure: { rollout, cause } }: Case,
): Promise<GitRevert['spec']['run']> {
  if (cause.kind !== 'analysis' || cause.run === undefined) return undefined;
  const namespace = rollout.metadata.namespace ?? 'default';
  const run = await client.get(analysisRuns, { namespace, name: cause.run });
  return { name: cause.run, uid: run?.metadata.uid ?? '' };
}

/**
 * Which of the times that this change failed the record answers, from 1: by the attempt of the update, and by the failures that
 * were answered under its name. A record that a person deletes takes the latter with it.
 */
export function timeOf(revert: GitRevert): number {
  const answers = answersOf(revert);
  const attempt = Number(answers.at(-1)?.split('/').at(-1));
  return Math.max(answers.length, attempt || 1);
}

function listIn({ metadata }: GitRevert, annotation: string): string[] {
  return (metadata.annotations?.[annotation] ?? '').split(' ').filter(Boolean);
}

/** By their ids, the oldest first; the last is the one that this record answers. */
function answersOf(revert: GitRevert): string[] {
  return listIn(revert, ANSWERS);
}

/** The branches of pull requests that this cluster was through with before: how those ended says nothing of the failure now. */
export function endedBranches(revert: GitRevert): string[] {
  return listIn(revert, ENDED);
}

/** What a record takes over from the one that had its name before. */
function inherited(existing: GitRevert | undefined, id: string): Record<string, string> {
  const answers = [...(existing ? answersOf(existing) : []), id].slice(-MOST_ANSWERS);
  const last = existing?.status?.proposal?.branch;
  const ended = new Set([...(existing ? endedBranches(existing) : []), ...(last ? [last] : [])]);
  return {
    [ANSWERS]: answers.join(' '),
    ...(ended.size > 0 && { [ENDED]: [...ended].slice(-MOST_ANSWERS).join(' ') }),
  };
}

/**
 * Whether another failure may begin anew under this name. How one Rollout's record ended holds for the others of its folder
 * too, unless that failure stopped to count; else they would take each other's place for ever. What a person decided holds for all.
 */
function mayReplace({ rollouts }: GitRevertOptions, existing: GitRevert, record: GitRevert): boolean {
  if (isSkipped(existing)) return false;
  const { spec, status, metadata } = existing;
  const state = derive(status);
  const isThere = rollouts.list(metadata.namespace).some((rollout) => rollout.metadata.uid === spec.rollout.uid);
  const isAnothers = spec.rollout.uid !== record.spec.rollout.uid && isThere;
  return isAnothers ? state === 'superseded' : endedUnwritten(status);
}

function refusal(existing: GitRevert): Refusal {
  const { metadata, spec, status } = existing;
  const state = derive(status);
  if (state === 'vetoed') {
    const message = `pull request ${status?.proposal?.number} for this very change was closed without being merged (GitRevert ${metadata.name}); it is not opened again`;
    return { reason: 'Vetoed', message };
  }
  if (!endedUnwritten(status)) {
    const message = `GitRevert ${metadata.name} took this very change up before; nothing is reverted twice`;
    return { reason: 'RevertedBefore', message };
  }
  const anew = 'To have it taken up anew, delete that GitRevert';
  if (isSkipped(existing)) {
    const { reason, message: why } = SKIPPED_BY_PERSON;
    return { reason, message: `${why} (GitRevert ${metadata.name}). ${anew}` };
  }
  const message = `GitRevert ${metadata.name} speaks of this very change, for Rollout ${spec.rollout.name}, and ended as ${state}. ${anew}`;
  return { reason: 'AnsweredBefore', message };
}

/** Makes the record by its derived name. What answers the same failure already is left alone. */
export async function ensureRecord(
  options: GitRevertOptions,
  found: Case,
  what: TakenOut,
): Promise<Refusal | undefined> {
  const { client, reverts } = options;
  const record = recordFor(found, what);
  const { name, namespace = 'default' } = record.metadata;
  const existing = reverts.get(namespace, name) ?? (await client.get(gitReverts, { namespace, name }));
  if (existing && answersOf(existing).includes(found.failure.id)) return undefined;
  if (existing && !mayReplace(options, existing, record)) return refusal(existing);
  if (existing) {
    const { uid } = existing.metadata;
    await client.delete(gitReverts, { namespace, name }, uid === undefined ? {} : { uid });
  }
  const run = await runOf(options, found);
  const metadata = { ...record.metadata, annotations: inherited(existing, found.failure.id) };
  try {
    const spec = run ? { ...record.spec, run } : record.spec;
    reverts.observe(await client.create(gitReverts, { ...record, metadata, spec }));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  return undefined;
}
