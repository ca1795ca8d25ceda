import {
  type Answer,
  asWrite,
  type GitHubWorld,
  type HostedRepository,
  mayWrite,
  mutationError,
  NOT_ACCESSIBLE,
  notFound,
  type TokenRights,
} from '../world.ts';
import type { Variables } from './graphql.ts';

const NAME = 'updateRefs';
const NODE = /^R_(?<name>.+)$/;
const NOTHING = '0'.repeat(40);

interface RefUpdate {
  /** Fully qualified. */
  name: string;
  afterOid: string;
  /** Where the ref must be; zeros: nowhere. Left out: wherever it is. */
  beforeOid?: string | null;
  force?: boolean;
}

export interface UpdateRefsInput {
  repositoryId: string;
  refUpdates: RefUpdate[];
  clientMutationId?: string;
}

const line = (output: Buffer) => output.toString('utf8').trim();

/** Where a branch is, and the tree of a commit. */
export async function lookAtBranch(
  world: GitHubWorld,
  { owner, name, ref = '', head = '' }: Variables,
): Promise<Answer> {
  const fullName = `${owner}/${name}`;
  const hosted = world.repositories.get(fullName);
  if (!hosted) return notFound(`Repository with the name '${fullName}'`);
  const oid = await hosted.bare.head(ref.replace('refs/heads/', ''));
  const tree = await hosted.bare.git(['rev-parse', '--verify', `${head}^{tree}`]).then(line, () => undefined);
  const shown = {
    id: `R_${fullName}`,
    ref: oid ? { target: { oid } } : null,
    object: tree ? { tree: { oid: tree } } : null,
  };
  return { status: 200, body: { data: { repository: shown } } };
}

async function isForward({ bare }: HostedRepository, before: string, after: string): Promise<boolean> {
  return bare.git(['merge-base', '--is-ancestor', before, after]).then(
    () => true,
    () => false,
  );
}

/** Why GitHub does not make an update that begins where it should. */
async function refusal(
  hosted: HostedRepository,
  { name, afterOid, beforeOid, force }: RefUpdate,
): Promise<Answer | undefined> {
  if (hosted.protectedBranches?.has(name.replace('refs/heads/', ''))) {
    const words = 'Changes must be made through a pull request.';
    return mutationError(NAME, 'BRANCH_PROTECTION_RULE_VIOLATION', words);
  }
  if (afterOid === NOTHING) return undefined;
  const type = await hosted.bare.git(['cat-file', '-t', afterOid]).then(line, () => undefined);
  if (type !== 'commit') return mutationError(NAME, 'UNPROCESSABLE', `Invalid object type ${type}, expected commit`);
  const mayGo = force || !beforeOid || beforeOid === NOTHING || (await isForward(hosted, beforeOid, afterOid));
  return mayGo ? undefined : mutationError(NAME, 'UNPROCESSABLE', 'Update is not a fast forward');
}

/** All of the updates in one step, or none of them. */
async function update(world: GitHubWorld, hosted: HostedRepository, input: UpdateRefsInput): Promise<Answer> {
  for (const each of input.refUpdates) {
    const refused = await refusal(hosted, each);
    if (refused) return refused;
  }
  const lines = input.refUpdates.map(({ name, afterOid, beforeOid }) =>
    ['update', name, afterOid, ...(beforeOid ? [beforeOid] : [])].join(' '),
  );
  return hosted.bare.git(['update-ref', '--stdin'], { input: `start\n${lines.join('\n')}\ncommit\n` }).then(
    () => ({ status: 200, body: { data: { [NAME]: { clientMutationId: input.clientMutationId ?? null } } } }),
    () => {
      // A ref that was elsewhere is not named, nor is there a type.
      const when = new Date(world.now()).toISOString();
      return mutationError(NAME, undefined, `Something went wrong while executing your query on ${when}.`);
    },
  );
}

/** updateRefs. */
export async function updateRefs(world: GitHubWorld, rights: TokenRights, input: UpdateRefsInput): Promise<Answer> {
  const hosted = world.repositories.get(NODE.exec(input.repositoryId)?.groups?.name ?? '');
  if (!hosted) {
    return mutationError(
      NAME,
      'NOT_FOUND',
      `Could not resolve to a node with the global id of '${input.repositoryId}'`,
    );
  }
  if (!mayWrite(rights, 'contents')) return mutationError(NAME, 'FORBIDDEN', NOT_ACCESSIBLE);
  const limited = mutationError(NAME, 'RATE_LIMITED', 'API rate limit exceeded for user ID 1.');
  return asWrite(world, limited, () => update(world, hosted, input));
}
