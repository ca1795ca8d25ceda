import {
  type AbortCause,
  type GitRevert,
  type ReplicaSet,
  type RevertWay,
  type Rollout,
  SKIP,
} from '../../api/index.ts';
import type { HelmOptions } from '../../git/app.ts';
import { type Provenance, type ProvenanceAnswer, provenanceOf, trusted } from '../../git/provenance/index.ts';
import { canonicalRepository } from '../../git/url.ts';
import { type Gate, gate, type Policy, revertKey, revertName, selectPolicy } from '../../revert/index.ts';
import { hashOf, memoryOf } from '../../rollout/index.ts';
import { helmOptionsOf } from '../git-source/check.ts';
import { asPolicy } from './access.ts';
import type { GitRevertOptions } from './options.ts';

/** What a person decided about a record, for good. */
export const SKIPPED_BY_PERSON = {
  reason: 'SkippedByPerson',
  message: 'a person asked that the change stays in Git',
} as const;

const DAY = 24 * 3_600_000;

export function replicaSetOf(
  { replicaSets }: GitRevertOptions,
  rollout: Rollout,
  hash: string,
): ReplicaSet | undefined {
  return replicaSets.ownedBy(rollout.metadata.uid ?? '').find((each) => hashOf(each) === hash);
}

export function causeOf(replicaSet: ReplicaSet): AbortCause | undefined {
  const { abort } = memoryOf(replicaSet);
  return abort && typeof abort === 'object' && typeof abort.kind === 'string' ? abort : undefined;
}

/** `isAsked`: a tool is being asked, and will be heard. */
export type Learnt = ProvenanceAnswer | { known: false; why: string; isAsked: true };

/**
 * Where a ReplicaSet's revision came from. A GitSource counts only where it exists and follows that very place; what another
 * tool is said to have applied, only where that tool says so too.
 */
export function learn(options: GitRevertOptions, rollout: Rollout, { metadata }: ReplicaSet): Learnt {
  const noted = provenanceOf(metadata.annotations);
  if (noted.known && noted.provenance.learnt === 'GitSource')
    return { known: true, provenance: bySource(options, metadata, noted.provenance) };
  const said = options.provenance.said(rollout);
  return said ? trusted(noted, said) : { known: false, why: 'the tool that applied it is being asked', isAsked: true };
}

function bySource(options: GitRevertOptions, metadata: ReplicaSet['metadata'], provenance: Provenance): Provenance {
  const { source } = provenance;
  const found = source && options.sources.get(source.namespace, source.name);
  const confirmed =
    found !== undefined &&
    found.metadata.namespace === metadata.namespace &&
    canonicalRepository(found.spec.repository.url) === canonicalRepository(provenance.repository) &&
    found.spec.repository.branch === provenance.branch &&
    (found.spec.path ?? '').replace(/^\.?\/+|\/+$/g, '') === provenance.path;
  return confirmed ? provenance : { ...provenance, learnt: 'annotations' };
}

/** How a chart was rendered for a revision, where what applied it says so. */
export function helmOf({ sources }: GitRevertOptions, { learnt, source, helm }: Provenance): HelmOptions | undefined {
  if (helm) return helm;
  const found = learnt === 'GitSource' && source ? sources.get(source.namespace, source.name) : undefined;
  return found && helmOptionsOf(found);
}

export function originOf(
  namespace: string,
  { repository, branch, path }: Pick<Provenance, 'repository' | 'branch' | 'path'>,
) {
  return { namespace, repository: canonicalRepository(repository), branch, path };
}

/** How many commits and proposals Headgate wrote to the same repository in the last day. */
export function writtenToday(
  { reverts, clock }: GitRevertOptions,
  repository: string,
  except?: GitRevert,
): Record<RevertWay, number> {
  const since = clock.now() - DAY;
  const counted: Record<RevertWay, number> = { Direct: 0, PullRequest: 0 };
  for (const { metadata, spec, status } of reverts.list()) {
    if (metadata.uid === except?.metadata.uid || canonicalRepository(spec.repository) !== repository) continue;
    const isCommit = status?.commit !== undefined && status.reason !== 'AlreadyReverted';
    const isRecent = Date.parse(status?.plan?.plannedAt ?? '') > since;
    if (isRecent && status?.proposal) counted.PullRequest++;
    else if (isRecent && isCommit) counted.Direct++;
  }
  return counted;
}

export function policiesOf({ policies }: GitRevertOptions): Policy[] {
  return policies.list().map(asPolicy);
}

/** What differs between what the record says and what can be derived: such a record is not acted upon. */
function forged(revert: GitRevert, provenance: Provenance): string | undefined {
  const { spec, metadata } = revert;
  const key = revertKey({ ...spec, repository: canonicalRepository(spec.repository) });
  if (spec.key !== key || metadata.name !== revertName(key))
    return 'its key is not that of its repository, branch, culprits and path';
  const origin = originOf(spec.rollout.namespace, provenance);
  const same =
    origin.repository === canonicalRepository(spec.repository) &&
    origin.branch === spec.branch &&
    origin.path === spec.path &&
    provenance.commit === spec.badRevision;
  return same ? undefined : `it does not say what ReplicaSet ${spec.canaryReplicaSet} says of where it came from`;
}

/** Whether a person asked that the change stays in Git. */
export function isSkipped({ metadata }: GitRevert): boolean {
  return metadata.annotations?.[SKIP] === 'true';
}

const ASKED_AGAIN_MILLISECONDS = 5_000;

function askedAgain({ clock }: GitRevertOptions, message: string): Gate {
  return { kind: 'wait', until: clock.now() + ASKED_AGAIN_MILLISECONDS, reason: 'ProvenanceAsked', message };
}

export interface GateAnswer {
  gate: Gate;
  policy?: Policy;
}

/** Asks the one matching policy; nothing that the record says is believed. */
export function askPolicy(
  options: GitRevertOptions,
  revert: GitRevert,
  rollout: Rollout,
  canary: ReplicaSet,
): GateAnswer {
  const learnt = learn(options, rollout, canary);
  const cause = causeOf(canary);
  if ('isAsked' in learnt) return { gate: askedAgain(options, learnt.why) };
  if (!learnt.known) return { gate: { kind: 'skip', reason: 'ProvenanceUnknown', message: learnt.why } };
  const wrong = forged(revert, learnt.provenance);
  if (wrong)
    return { gate: { kind: 'person', reason: 'SpecDiffers', message: `this GitRevert is not acted upon: ${wrong}` } };
  const origin = originOf(revert.spec.rollout.namespace, learnt.provenance);
  const selection = selectPolicy(policiesOf(options), origin);
  if (selection.kind !== 'one') return { gate: { kind: 'skip', reason: selection.reason, message: selection.message } };
  const { policy } = selection;
  // With the policy: what is on the host already is looked for, and closed.
  if (isSkipped(revert)) return { gate: { ...SKIPPED_BY_PERSON, kind: 'skip', withdraw: true }, policy };
  const answer = gate(policy, {
    cause: cause ?? { kind: 'user' },
    learnt: learnt.provenance.learnt,
    now: options.clock.now(),
    writtenToday: writtenToday(options, origin.repository, revert),
  });
  return { gate: answer, policy };
}

/** Why the failure that a revert answers does not count any more. */
export function supersededBy(rollout: Rollout | undefined, { spec }: GitRevert): string | undefined {
  if (!rollout || rollout.metadata.uid !== spec.rollout.uid) return 'the Rollout is not there any more';
  const { abort, currentPodHash, stableRS } = rollout.status ?? {};
  const { canary, stable } = spec.templates;
  if (stableRS === canary) return 'the release was promoted after all';
  if (currentPodHash === canary && abort !== true) return 'the update is tried again';
  if (currentPodHash !== canary && currentPodHash !== stable)
    return 'a newer template has taken the place of the one that failed';
  return undefined;
}

/** Whether the cluster runs the stable template again because it is what the Rollout asks for. */
export function isObserved(rollout: Rollout | undefined, { spec }: GitRevert): boolean {
  if (!rollout || rollout.metadata.uid !== spec.rollout.uid) return true;
  const { phase, currentPodHash, stableRS } = rollout.status ?? {};
  return phase === 'Healthy' && currentPodHash === stableRS && currentPodHash !== spec.templates.canary;
}
