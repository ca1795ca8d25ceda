import { Waiting } from '../errors.ts';
import type { GitError } from './process.ts';

/** What kept a repository from being read. All of them may end by themselves, or by a person, so all are `Waiting`. */
export type RepositoryFailure =
  | 'RepositoryUnreachable'
  | 'CredentialsRejected'
  | 'HostKeyRejected'
  | 'RepositoryGone'
  | 'BranchGone'
  | 'SshMissing';

/** Seconds. Hosts lock out addresses that keep failing to log in, so rejected credentials wait longest. */
const RETRY_AFTER: Record<RepositoryFailure, number> = {
  RepositoryUnreachable: 30,
  CredentialsRejected: 300,
  HostKeyRejected: 300,
  RepositoryGone: 300,
  BranchGone: 60,
  SshMissing: 60,
};

const SIGNS: readonly [RegExp, RepositoryFailure][] = [
  [/host key verification failed|remote host identification has changed/i, 'HostKeyRejected'],
  [/ssh: (command )?not found|cannot run ssh/i, 'SshMissing'],
  [/couldn't find remote ref/i, 'BranchGone'],
  [
    /authentication failed|invalid username or|terminal prompts disabled|could not read (username|password)|error: 40[13]|permission denied|access denied/i,
    'CredentialsRejected',
  ],
  [
    /error: (404|30[1278])|repository .*not found|project .*could not be found|does not appear to be a git repository|does not exist|not a git repository/i,
    'RepositoryGone',
  ],
  [
    /could not resolve host|connection (refused|reset|timed out)|failed to connect|timed out|early eof|hung up|error: (429|5\d\d)|rpc failed|unable to access|operation too slow|ssl|empty reply|curl \d+|could not read from remote repository/i,
    'RepositoryUnreachable',
  ],
];

/** What git adds whatever ssh has said; ssh's own words say more. */
const AFTER_SSH = /^fatal: could not read from remote repository/i;

/** What a failed fetch or push says about the repository; undefined where it says nothing about it. */
export function classifyFailure(error: GitError): RepositoryFailure | undefined {
  if (error.timedOut) return 'RepositoryUnreachable';
  return SIGNS.find(([sign]) => sign.test(error.stderr))?.[1];
}

const WORDS: Record<RepositoryFailure, string> = {
  RepositoryUnreachable: 'cannot be reached',
  CredentialsRejected: 'refuses the credentials, or they lack the right to read it',
  HostKeyRejected: 'shows another host key than those in known_hosts of its Secret, and was not spoken to',
  RepositoryGone: 'is not there',
  BranchGone: 'does not have that branch',
  SshMissing: "is reached by the program ssh (OpenSSH's client), which is not on Headgate's PATH",
};

/** The error for the loop. `url` holds no credentials: such addresses are refused. */
export function repositoryError(failure: RepositoryFailure, url: string, branch: string, cause: GitError): Waiting {
  const lines = cause.stderr.split('\n').map((line) => line.trim());
  const isOverSsh = lines.some((line) => AFTER_SSH.test(line));
  // Over ssh it is the server's and ssh's own words that tell, before git's.
  const overSsh = failure === 'HostKeyRejected' ? /host key (is known|verification failed)/i : /^\w/;
  const telling = isOverSsh ? overSsh : /^(fatal|error|remote):/;
  const words = lines.find((line) => telling.test(line)) ?? cause.message;
  const message = `repository ${url} (branch ${branch}) ${WORDS[failure]}: ${words.slice(0, 300)}`;
  return new Waiting(failure, message, RETRY_AFTER[failure], { cause });
}
