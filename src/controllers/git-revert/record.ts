import type { GitRevert } from '../../api/index.ts';
import { canonicalRepository } from '../../git/url.ts';
import { isAlreadyExists } from '../../kube/client.ts';
import { analysisRuns, gitReverts } from '../../kube/resources.ts';
import { derive, revertKey, revertName } from '../../revert/index.ts';
import type { Case, Refusal } from './failure.ts';
import type { GitRevertOptions } from './options.ts';

/** Which try of the template a record answers: another try of the same template is another failure. */
const ATTEMPT = 'headgate.dev/attempt';
/** Ends in which nothing was written, so that another failure may begin anew. */
const UNWRITTEN = new Set(['superseded', 'skipped', 'needsHuman', 'dryRun']);

function recordFor(
  { failure, policy, bad, good }: Case,
  culprits: readonly string[],
  run: GitRevert['spec']['run'],
): GitRevert {
  const { rollout, canary, stable } = failure;
  const { name, namespace = 'default', uid = '' } = rollout.metadata;
  const { currentPodHash = '', stableRS = '' } = rollout.status ?? {};
  const repository = canonicalRepository(bad.repository);
  const key = revertKey({ repository, branch: bad.branch, culprits, path: bad.path });
  return {
    apiVersion: 'headgate.dev/v1alpha1',
    kind: 'GitRevert',
    // No owner: the record outlives the Rollout.
    metadata: { name: revertName(key), namespace, annotations: { [ATTEMPT]: String(failure.attempt) } },
    spec: {
      repository: bad.repository,
      branch: bad.branch,
      path: bad.path,
      culprits: [...culprits].sort(),
      goodRevision: good.commit,
      badRevision: bad.commit,
      key,
      policy: policy.name,
      rollout: { namespace, name, uid },
      ...(run ? { run } : {}),
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

function answersSameFailure({ metadata, spec }: GitRevert, record: GitRevert): boolean {
  const sameTry = metadata.annotations?.[ATTEMPT] === record.metadata.annotations?.[ATTEMPT];
  return (
    sameTry && spec.rollout.uid === record.spec.rollout.uid && spec.templates.canary === record.spec.templates.canary
  );
}

/** Makes the record by its derived name. What answers the same failure already is left alone. */
export async function ensureRecord(
  options: GitRevertOptions,
  found: Case,
  culprits: readonly string[],
): Promise<Refusal | undefined> {
  const { client, reverts } = options;
  const record = recordFor(found, culprits, await runOf(options, found));
  const { name, namespace = 'default' } = record.metadata;
  const existing = reverts.get(namespace, name) ?? (await client.get(gitReverts, { namespace, name }));
  if (existing && answersSameFailure(existing, record)) return undefined;
  if (existing && !UNWRITTEN.has(derive(existing.status))) {
    return {
      reason: 'RevertedBefore',
      message: `GitRevert ${name} took this very change up before; nothing is reverted twice`,
    };
  }
  if (existing) {
    const { uid } = existing.metadata;
    await client.delete(gitReverts, { namespace, name }, uid === undefined ? {} : { uid });
  }
  try {
    reverts.observe(await client.create(gitReverts, record));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  return undefined;
}
