/** What came of a push, by what git and the host say of it. */
import type { HostFailure } from './hosts/host.ts';
import type { Repository } from './repository.ts';
import type { PushReport } from './transport.ts';

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

export function classify(report: PushReport): HostFailure {
  const said = `${report.stdout}\n${report.stderr}`;
  const message = wordsOf(report);
  if (/error: 429/.test(said)) return { kind: 'rateLimited', message, retryAfterSeconds: 60 };
  const kind = report.timedOut ? undefined : REPORTS.find(([sign]) => sign.test(said))?.[1];
  return { kind: kind ?? 'unknown', message };
}

/** What a ref of the origin is to hold, and what it holds now (40 hex each); undefined: it is not there. */
export interface RefChange {
  from?: string | undefined;
  to?: string | undefined;
}

/** Changes one ref, by its whole name, where it still is what it was. */
export async function pushRef(
  repository: Repository,
  ref: string,
  { from = '', to = '' }: RefChange,
): Promise<{ kind: 'pushed' } | HostFailure> {
  const report = await repository.push([`--force-with-lease=${ref}:${from}`], [`${to}:${ref}`]);
  return report.code === 0 ? { kind: 'pushed' } : classify(report);
}
