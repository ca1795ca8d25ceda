import { messageOf, Stalled, Waiting } from '../../../errors.ts';
import type { Repository } from '../../repository.ts';
import type { PushReport } from '../../transport.ts';
import { type CommitOutcome, type CommitRequest, markerRef } from '../host.ts';

/** In this order: what says most comes first. */
const REPORTS: readonly [RegExp, 'stale' | 'protected' | 'noRights' | 'gone'][] = [
  [
    /stale info|fetch first|non-fast-forward|cannot lock ref|incorrect old value|reference already exists|failed to update ref/i,
    'stale',
  ],
  // Gitea's hook, which is named too, says it.
  [/user permission denied/i, 'noRights'],
  [
    /GH0(06|13)|TF401027|hook declined|protected|push declined|prohibited|not allowed to push|rule violation/i,
    'protected',
  ],
  [
    /error: 40[13]|authentication failed|permission|access denied|insufficient|read[- ]only|write access|could not read username/i,
    'noRights',
  ],
  [/error: (404|30[1278])|not found|does not appear to be a git repository|does not exist/i, 'gone'],
];

/** What says something: Bitbucket Data Center frames its words by rulers, and draws its logo above them. */
const LETTER = /\p{L}/u;

function wordsOf({ stdout, stderr }: PushReport): string {
  const remote = stderr.split('\n').filter((line) => line.startsWith('remote:'));
  const rejected = stdout.split('\n').filter((line) => line.startsWith('!'));
  const lines = remote.length > 0 ? remote.map((line) => line.slice('remote:'.length).trim()) : rejected;
  return (lines.filter((line) => LETTER.test(line)).join(' ') || stderr || 'git push failed').slice(0, 500);
}

export function classify(report: PushReport): Exclude<CommitOutcome, { kind: 'written' }> {
  const said = `${report.stdout}\n${report.stderr}`;
  const message = wordsOf(report);
  if (/error: 429/.test(said)) return { kind: 'rateLimited', message, retryAfterSeconds: 60 };
  const kind = report.timedOut ? undefined : REPORTS.find(([sign]) => sign.test(said))?.[1];
  return { kind: kind ?? 'unknown', message };
}

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

/** Makes the branch, which must not be there yet. */
export async function pushNew(repository: Repository, name: string, commit: string): Promise<CommitOutcome> {
  const branch = `refs/heads/${name}`;
  const report = await repository.push([`--force-with-lease=${branch}:`], [`${commit}:${branch}`]);
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
