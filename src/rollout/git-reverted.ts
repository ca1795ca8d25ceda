import type { GitRevert, GitRevertState } from '../api/index.ts';
import type { Facts } from './facts.ts';
import { conditionOf, type Statement } from './progressing.ts';

export const GIT_REVERTED = 'GitReverted';

const OUT_OF_GIT: ReadonlySet<GitRevertState> = new Set(['landed', 'merged', 'observed', 'done']);

/** Coarse, so that a revert on its way costs the Rollout no write at each step. */
const STANDING: Readonly<Partial<Record<GitRevertState, readonly [reason: string, text: string]>>> = {
  proposed: ['Proposed', 'a pull request that takes the change out is open'],
  needsHuman: ['NeedsHuman', 'a person must decide'],
  vetoed: ['Vetoed', 'a person closed the pull request that would have taken the change out'],
  skipped: ['Skipped', 'the change is left in Git'],
  dryRun: ['DryRun', 'the policy allows a dry run only'],
};
const AT_WORK = ['Pending', 'it is being taken out'] as const;

/** What ended without taking the change out of Git. */
const LEFT_IN_GIT: ReadonlySet<GitRevertState> = new Set(['superseded', 'skipped', 'needsHuman', 'vetoed', 'dryRun']);

/** The record of what failed, if it is what the Rollout still asks for. The newest where there are several. */
function standingOf({ hash }: Facts, reverts: GitRevert[]): GitRevert | undefined {
  return reverts.find(({ spec }) => spec.templates.canary === hash);
}

/** The record of the last failure that was told of, where the Rollout is back on what was stable then. */
function lastOf({ hash, status }: Facts, reverts: GitRevert[]): GitRevert | undefined {
  if (status.stableRS !== hash || conditionOf(status, GIT_REVERTED) === undefined) return undefined;
  const last = reverts.find(({ spec }) => spec.templates.stable === hash);
  return last && !LEFT_IN_GIT.has(last.status?.state ?? 'pending') ? last : undefined;
}

const timeOf = ({ metadata }: GitRevert) => metadata.creationTimestamp ?? '';

function statementOf({ metadata, status = {} }: GitRevert): Statement {
  const { state = 'pending', commit = '', startedAt } = status;
  const { name } = metadata;
  if (OUT_OF_GIT.has(state)) {
    const message = `cluster: stable, Git: reverted by ${commit.slice(0, 7)} (GitRevert ${name})`;
    return { type: GIT_REVERTED, status: 'True', reason: 'Reverted', message };
  }
  const [reason, text] = STANDING[state] ?? AT_WORK;
  const since = startedAt ?? metadata.creationTimestamp;
  const pending = since === undefined ? '' : `, pending since ${since}`;
  const message = `cluster: stable, Git: bad${pending}: ${text} (GitRevert ${name})`;
  return { type: GIT_REVERTED, status: 'False', reason, message };
}

/**
 * What Git holds of the change that failed, for whoever looks at the Rollout alone: the cluster is safe as long as the revision
 * that failed stays given up, however often it is applied again. Nothing is said where no failure is on record.
 */
export function gitReverted(facts: Facts): Statement[] {
  const reverts = (facts.seen.reverts ?? []).toSorted((a, b) => timeOf(b).localeCompare(timeOf(a)));
  // A sync may bring the stable template before the record says that the change is out: what was told is kept for that while.
  const revert = standingOf(facts, reverts) ?? lastOf(facts, reverts);
  return revert && revert.status?.state !== 'superseded' ? [statementOf(revert)] : [];
}
