import { messageOf, Stalled, Waiting } from '../../../errors.ts';
import { classify } from '../../push-report.ts';
import type { Repository } from '../../repository.ts';
import type { PushReport } from '../../transport.ts';
import { type CommitOutcome, type CommitRequest, markerRef } from '../host.ts';

/** The server takes the branch but no refs of ours, or knows no atomic push: nothing was written. */
function refusesMarker({ stdout, stderr }: PushReport, marker: string): boolean {
  if (/does not support --atomic/.test(stderr)) return true;
  const line = stdout.split('\n').find((each) => each.startsWith('!') && each.includes(`:${marker}\t`));
  return line !== undefined && /hidden ref|funny refname|not allowed|invalid ref/i.test(line);
}

/** Moves the branch from the expected head to the commit, together with the marker where the server takes one. */
export async function push(repository: Repository, request: CommitRequest, commit: string): Promise<CommitOutcome> {
  const branch = `refs/heads/${request.branch}`;
  const marker = markerRef(request.key);
  const lease = `--force-with-lease=${branch}:${request.expectedHead}`;
  const both = ['--atomic', lease, `--force-with-lease=${marker}:`];
  let report = await repository.push(both, [`${commit}:${branch}`, `${commit}:${marker}`]);
  if (report.code !== 0 && refusesMarker(report, marker))
    report = await repository.push([lease], [`${commit}:${branch}`]);
  return report.code === 0 ? { kind: 'written', commit } : classify(report);
}

/** What the policy's secret lacks, or what it holds is not taken. */
const FOR_A_PERSON = ['CredentialsRejected', 'HostKeyRejected', 'KnownHostsMissing', 'IdentityMissing'];

/** How a call ends in which git could not be asked, or not answer. */
export function outcomeOf(error: unknown): Exclude<CommitOutcome, { kind: 'written' }> {
  const message = messageOf(error);
  if (error instanceof Stalled) return { kind: 'gone', message };
  const reason = error instanceof Waiting ? error.reason : '';
  if (FOR_A_PERSON.includes(reason)) return { kind: 'noRights', message };
  return { kind: reason === 'RepositoryGone' || reason === 'BranchGone' ? 'gone' : 'unknown', message };
}
