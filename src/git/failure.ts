import { Waiting } from '../errors.ts';
import type { GitError } from './process.ts';

/** What kept a repository from being read. All of them may end by themselves, or by a person, so all are `Waiting`. */
export type RepositoryFailure = 'RepositoryUnreachable' | 'CredentialsRejected' | 'RepositoryGone' | 'BranchGone';

/** Seconds. Hosts lock out addresses that keep failing to log in, so rejected credentials wait longest. */
const RETRY_AFTER: Record<RepositoryFailure, number> = {
  RepositoryUnreachable: 30,
  CredentialsRejected: 300,
  RepositoryGone: 300,
  BranchGone: 60,
};

const SIGNS: readonly [RegExp, RepositoryFailure][] = [
  [/couldn't find remote ref/i, 'BranchGone'],
  [
    /authentication failed|invalid username or|terminal prompts disabled|could not read (username|password)|error: 40[13]|permission denied|access denied/i,
    'CredentialsRejected',
  ],
  [
    /error: (404|30[1278])|repository .*not found|does not appear to be a git repository|does not exist|not a git repository/i,
    'RepositoryGone',
  ],
  [
    /could not resolve host|connection (refused|reset|timed out)|failed to connect|timed out|early eof|hung up|error: (429|5\d\d)|rpc failed|unable to access|operation too slow|ssl|empty reply|curl \d+/i,
    'RepositoryUnreachable',
  ],
];

/** What a failed fetch or push says about the repository; undefined where it says nothing about it. */
export function classifyFailure(error: GitError): RepositoryFailure | undefined {
  if (error.timedOut) return 'RepositoryUnreachable';
  return SIGNS.find(([sign]) => sign.test(error.stderr))?.[1];
}

const WORDS: Record<RepositoryFailure, string> = {
  RepositoryUnreachable: 'cannot be reached',
  CredentialsRejected: 'refuses the credentials, or they lack the right to read it',
  RepositoryGone: 'is not there',
  BranchGone: 'does not have that branch',
};

/** The error for the loop. `url` holds no credentials: such addresses are refused. */
export function repositoryError(failure: RepositoryFailure, url: string, branch: string, cause: GitError): Waiting {
  const words = cause.stderr.split('\n').find((line) => /^(fatal|error|remote):/.test(line)) ?? cause.message;
  const message = `repository ${url} (branch ${branch}) ${WORDS[failure]}: ${words.slice(0, 300)}`;
  return new Waiting(failure, message, RETRY_AFTER[failure], { cause });
}
