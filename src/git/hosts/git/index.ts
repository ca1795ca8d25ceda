import type { Clock } from '../../../clock.ts';
import { classify, pushRef } from '../../push-report.ts';
import type { Repositories } from '../../repository.ts';
import type { RepositoryLocation } from '../../url.ts';
import { writeCommit } from '../../write-commit.ts';
import type { CommitOutcome, CommitRequest, GitHost, ProbeOutcome, RepositoryAccess } from '../host.ts';
import { outcomeOf, push } from './push.ts';

export interface GitHostOptions {
  repositories: Repositories;
  /** Checks an address; throws `Stalled` for one that is not allowed. */
  locate: (url: string) => Promise<RepositoryLocation>;
  clock: Clock;
}

function probeFailure(error: unknown): ProbeOutcome {
  const { kind, message } = outcomeOf(error);
  return { ok: false, reason: kind === 'noRights' || kind === 'gone' ? kind : 'unreachable', message };
}

function nothingToWrite(branch: string): CommitOutcome {
  return { kind: 'stale', message: `${branch} holds all of it already: there is nothing to write` };
}

async function openRepository({ repositories, locate }: GitHostOptions, access: RepositoryAccess, branch: string) {
  const { url, ...credentials } = access;
  return repositories.open(await locate(url), branch, credentials);
}

/** Makes the branch `name`, which must not be there yet, from the expected head with the one commit. */
export async function createBranch(
  options: GitHostOptions,
  access: RepositoryAccess,
  request: CommitRequest,
  name: string,
): Promise<CommitOutcome> {
  const { branch, expectedHead } = request;
  try {
    const repository = await openRepository(options, access, branch);
    await repository.fetch();
    if (!(await repository.commit(expectedHead))) {
      return { kind: 'stale', message: `${branch} does not hold ${expectedHead} any more` };
    }
    const commit = await writeCommit(repository, request, options.clock.now());
    if (!commit) return nothingToWrite(branch);
    const pushed = await pushRef(repository, `refs/heads/${name}`, { to: commit });
    return pushed.kind === 'pushed' ? { kind: 'written', commit } : pushed;
  } catch (error) {
    return outcomeOf(error);
  }
}

/** Any Git server, and a repository on this machine: written to by an atomic push that is bound to the head it was planned on. */
export function createGitHost(options: GitHostOptions): GitHost {
  return {
    async probe(access, branch) {
      try {
        const repository = await openRepository(options, access, branch);
        const head = await repository.fetch();
        const report = await repository.push(['--dry-run'], [`${head}:refs/heads/${branch}`]);
        if (report.code === 0) return { ok: true };
        const { kind, message } = classify(report);
        // Somebody was quicker, which takes the same right.
        if (kind === 'stale') return { ok: true };
        const lacksRights = kind === 'noRights' || kind === 'protected';
        return { ok: false, reason: lacksRights ? 'noRights' : kind === 'gone' ? 'gone' : 'unreachable', message };
      } catch (error) {
        return probeFailure(error);
      }
    },
    async commit(access, request) {
      try {
        const repository = await openRepository(options, access, request.branch);
        const head = await repository.fetch();
        if (head !== request.expectedHead) {
          return { kind: 'stale', message: `${request.branch} is at ${head}, not at ${request.expectedHead}` };
        }
        const commit = await writeCommit(repository, request, options.clock.now());
        if (!commit) return nothingToWrite(request.branch);
        return await push(repository, request, commit);
      } catch (error) {
        return outcomeOf(error);
      }
    },
  };
}
