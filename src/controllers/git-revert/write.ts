import type { GitRevertPlan } from '../../api/index.ts';
import { authorOf, type CommitRequest } from '../../git/hosts/host.ts';
import { revertMessage, type WriteResult } from '../../revert/index.ts';
import { isAsFound } from './as-found.ts';
import { plannedChanges } from './inverse.ts';
import type { Task } from './task.ts';

/** What is to be written; undefined where the plan cannot be derived again, with all that was found against it. */
export async function commitRequest(task: Task, planned: GitRevertPlan): Promise<CommitRequest | undefined> {
  const inverse = await plannedChanges(task, planned);
  if (!inverse || !(await isAsFound(task, planned))) return undefined;
  const { revert, policy, cause, version } = task;
  const { spec } = revert;
  const culprit = spec.culprits[0] ?? '';
  const commit = await policy.repository.commit(culprit);
  if (!commit) return undefined;
  const { changes, scope } = inverse;
  const { author, signOff, branch } = policy;
  const { name, email } = authorOf({ author });
  const message = revertMessage({
    culpritMessage: commit.message,
    culpritAuthor: commit.authorName,
    pullRequest: revert.status?.culprit?.pullRequest?.number,
    culprit,
    goodRevision: spec.goodRevision,
    rollout: spec.rollout,
    run: spec.run,
    step: cause.step,
    cause: cause.message,
    files: planned.files,
    scope,
    key: spec.key,
    version,
    signedOffBy: signOff ? `${name} <${email}>` : undefined,
  });
  return { branch, expectedHead: planned.expectedHead, message, author, changes, key: spec.key };
}

/** The one write, bound to the planned head. */
export async function write(task: Task, planned: GitRevertPlan): Promise<WriteResult> {
  const request = await commitRequest(task, planned);
  if (!request) return { kind: 'stale', message: 'the plan cannot be derived again' };
  if (!task.mayWrite()) return { kind: 'withheld' };
  const spent = task.takePlace('Direct');
  if (spent) return spent;
  const { host, access } = task.policy;
  const outcome = await host.commit(access, request);
  return outcome.kind === 'protected' ? { ...outcome, mayPropose: host.proposals !== undefined } : outcome;
}
