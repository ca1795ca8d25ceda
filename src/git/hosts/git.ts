import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import { messageOf, Stalled, Waiting } from '../../errors.ts';
import type { Repositories, Repository } from '../repository.ts';
import type { PushReport } from '../transport.ts';
import type { RepositoryLocation } from '../url.ts';
import {
  AUTHOR,
  type CommitOutcome,
  type CommitRequest,
  type FileChange,
  type GitHost,
  markerRef,
  type ProbeOutcome,
  type RepositoryAccess,
} from './host.ts';

export interface GitHostOptions {
  repositories: Repositories;
  /** Checks an address; throws `Stalled` for one that is not allowed. */
  locate: (url: string) => Promise<RepositoryLocation>;
  clock: Clock;
}

const NOWHERE = '0'.repeat(40);

async function indexLine(repository: Repository, { path, content, mode }: FileChange): Promise<string> {
  if (content === undefined) return `0 ${NOWHERE}\t${path}\0`;
  const id = (await repository.text(['hash-object', '-w', '--stdin'], { input: content })).trim();
  return `${mode} ${id}\t${path}\0`;
}

async function writeTree(repository: Repository, head: string, changes: readonly FileChange[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-index-'));
  const env = { GIT_INDEX_FILE: join(folder, 'index') };
  try {
    await repository.text(['read-tree', '--end-of-options', head], { env });
    const lines: string[] = [];
    for (const change of changes) lines.push(await indexLine(repository, change));
    await repository.text(['update-index', '-z', '--index-info'], { env, input: lines.join('') });
    return (await repository.text(['write-tree', '--missing-ok'], { env })).trim();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Undefined where the head holds all of it already. */
async function writeCommit(
  repository: Repository,
  request: CommitRequest,
  milliseconds: number,
): Promise<string | undefined> {
  const tree = await writeTree(repository, request.expectedHead, request.changes);
  const before = await repository.text(['rev-parse', '--verify', '--end-of-options', `${request.expectedHead}^{tree}`]);
  if (tree === before.trim()) return undefined;
  const date = `@${Math.floor(milliseconds / 1000)} +0000`;
  const env = {
    GIT_AUTHOR_NAME: AUTHOR.name,
    GIT_AUTHOR_EMAIL: AUTHOR.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: AUTHOR.name,
    GIT_COMMITTER_EMAIL: AUTHOR.email,
    GIT_COMMITTER_DATE: date,
  };
  const args = ['commit-tree', tree, '-p', request.expectedHead];
  return (await repository.text(args, { input: request.message, env })).trim();
}

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
    /error: 40[13]|authentication failed|permission|access denied|insufficient|read-only|could not read username/i,
    'noRights',
  ],
  [/error: (404|30[1278])|not found|does not appear to be a git repository|does not exist/i, 'gone'],
];

function wordsOf({ stdout, stderr }: PushReport): string {
  const remote = stderr.split('\n').filter((line) => line.startsWith('remote:'));
  const rejected = stdout.split('\n').filter((line) => line.startsWith('!'));
  const lines = remote.length > 0 ? remote.map((line) => line.slice('remote:'.length).trim()) : rejected;
  return (lines.filter(Boolean).join(' ') || stderr || 'git push failed').slice(0, 500);
}

function classify(report: PushReport): Exclude<CommitOutcome, { kind: 'written' }> {
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

async function push(repository: Repository, request: CommitRequest, commit: string): Promise<CommitOutcome> {
  const branch = `refs/heads/${request.branch}`;
  const marker = markerRef(request.key);
  const lease = `--force-with-lease=${branch}:${request.expectedHead}`;
  const both = ['--atomic', lease, `--force-with-lease=${marker}:`];
  let report = await repository.push(both, [`${commit}:${branch}`, `${commit}:${marker}`]);
  if (report.code !== 0 && refusesMarker(report, marker))
    report = await repository.push([lease], [`${commit}:${branch}`]);
  return report.code === 0 ? { kind: 'written', commit } : classify(report);
}

function outcomeOf(error: unknown): Exclude<CommitOutcome, { kind: 'written' }> {
  const message = messageOf(error);
  if (error instanceof Stalled) return { kind: 'gone', message };
  const reason = error instanceof Waiting ? error.reason : '';
  if (reason === 'CredentialsRejected') return { kind: 'noRights', message };
  return { kind: reason === 'RepositoryGone' || reason === 'BranchGone' ? 'gone' : 'unknown', message };
}

function probeFailure(error: unknown): ProbeOutcome {
  const { kind, message } = outcomeOf(error);
  return { ok: false, reason: kind === 'noRights' || kind === 'gone' ? kind : 'unreachable', message };
}

/** Any Git server, and a repository on this machine: written to by an atomic push that is bound to the head it was planned on. */
export function createGitHost({ repositories, locate, clock }: GitHostOptions): GitHost {
  const open = async (access: RepositoryAccess, branch: string) =>
    repositories.open(await locate(access.url), branch, { token: access.token, username: access.username });

  return {
    type: 'git',
    async probe(access, branch) {
      try {
        const repository = await open(access, branch);
        const head = await repository.fetch();
        const report = await repository.push(['--dry-run'], [`${head}:refs/heads/${branch}`]);
        if (report.code === 0) return { ok: true };
        const { kind, message } = classify(report);
        return {
          ok: false,
          reason: kind === 'unknown' ? 'unreachable' : kind === 'gone' ? 'gone' : 'noRights',
          message,
        };
      } catch (error) {
        return probeFailure(error);
      }
    },
    async commit(access, request) {
      try {
        const repository = await open(access, request.branch);
        const head = await repository.fetch();
        if (head !== request.expectedHead) {
          return { kind: 'stale', message: `${request.branch} is at ${head}, not at ${request.expectedHead}` };
        }
        const commit = await writeCommit(repository, request, clock.now());
        if (!commit) {
          return { kind: 'stale', message: `${request.branch} holds all of it already: there is nothing to write` };
        }
        return await push(repository, request, commit);
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}
