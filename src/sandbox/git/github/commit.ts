import { HeadMoved, type NewContent } from '../repository.ts';
import {
  type Answer,
  asWrite,
  type GitHubWorld,
  type HostedRepository,
  mayWrite,
  mutationError,
  NOT_ACCESSIBLE,
  type TokenRights,
} from '../world.ts';

const NAME = 'createCommitOnBranch';

export interface CommitInput {
  branch: { repositoryNameWithOwner: string; branchName: string };
  expectedHeadOid: string;
  message: { headline: string; body?: string };
  fileChanges: { additions?: { path: string; contents: string }[] | null; deletions?: { path: string }[] | null };
}

async function refusal(hosted: HostedRepository, input: CommitInput): Promise<Answer | undefined> {
  const { branchName } = input.branch;
  const head = await hosted.bare.head(branchName);
  if (!head) return mutationError(NAME, 'NOT_FOUND', `Could not resolve to a Ref with the name '${branchName}'.`);
  if (hosted.protectedBranches?.has(branchName)) {
    const words = 'Changes must be made through a pull request.';
    return mutationError(NAME, 'BRANCH_PROTECTION_RULE_VIOLATION', words);
  }
  if (input.fileChanges.additions === null || input.fileChanges.deletions === null) {
    return mutationError(NAME, undefined, 'Something went wrong while executing your query.');
  }
  if (head !== input.expectedHeadOid) return stale(input.expectedHeadOid);
  for (const { path } of input.fileChanges.deletions ?? []) {
    if (!(await hosted.bare.read(head, path))) {
      return mutationError(
        NAME,
        'UNPROCESSABLE',
        `A path was requested for deletion which does not exist as of commit oid \`${head}\``,
      );
    }
  }
  return undefined;
}

function stale(expected: string): Answer {
  const words = `Expected branch to point to "${expected}" but it did not.  Pull and try again.`;
  return mutationError(NAME, 'STALE_DATA', words);
}

/** GitHub writes plain files only: a file keeps no other mode through this mutation. */
function filesOf({ additions, deletions }: CommitInput['fileChanges']): Record<string, NewContent> {
  const added = (additions ?? []).map(({ path, contents }) => [path, Buffer.from(contents, 'base64')] as const);
  const deleted = (deletions ?? []).map(({ path }) => [path, null] as const);
  return Object.fromEntries([...added, ...deleted]);
}

/** createCommitOnBranch. */
export async function createCommit(world: GitHubWorld, rights: TokenRights, input: CommitInput): Promise<Answer> {
  const name = input.branch.repositoryNameWithOwner;
  const hosted = world.repositories.get(name);
  if (!hosted) return mutationError(NAME, 'NOT_FOUND', `Could not resolve to a Repository with the name '${name}'.`);
  if (!mayWrite(rights, 'contents')) return mutationError(NAME, 'FORBIDDEN', NOT_ACCESSIBLE);
  const limited = mutationError(NAME, 'RATE_LIMITED', 'API rate limit exceeded for user ID 1.');
  return asWrite(world, limited, () => write(world, hosted, rights, input));
}

async function write(
  world: GitHubWorld,
  hosted: HostedRepository,
  rights: TokenRights,
  input: CommitInput,
): Promise<Answer> {
  const name = input.branch.repositoryNameWithOwner;
  const refused = await refusal(hosted, input);
  if (refused) return refused;
  try {
    const commit = await hosted.bare.commit({
      branch: input.branch.branchName,
      parent: input.expectedHeadOid,
      author: `${rights.login} <${rights.login}@users.noreply.github.com>`,
      message: input.message.body ? `${input.message.headline}\n\n${input.message.body}` : input.message.headline,
      time: world.now(),
      files: filesOf(input.fileChanges),
    });
    const body = {
      data: { createCommitOnBranch: { commit: { oid: commit, url: `https://github.com/${name}/commit/${commit}` } } },
    };
    return { status: 200, body };
  } catch (error) {
    if (error instanceof HeadMoved) return stale(input.expectedHeadOid);
    throw error;
  }
}
