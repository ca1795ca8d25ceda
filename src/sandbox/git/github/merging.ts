import { HeadMoved } from '../repository.ts';
import type { GitHubWorld, HostedRepository, MergeMethod, PullRequest } from '../world.ts';

const ALL_METHODS: readonly MergeMethod[] = ['merge', 'squash', 'rebase'];
const WORDS: Record<MergeMethod, string> = { merge: 'Merge commits', squash: 'Squash merges', rebase: 'Rebase merges' };

export function allowedMethods({ mergeMethods }: HostedRepository): readonly MergeMethod[] {
  return mergeMethods ?? ALL_METHODS;
}

/** Lets pull requests follow their branches: a push moves them, and without its branch none stays open. */
export async function refreshPulls({ bare, pulls = [] }: HostedRepository) {
  for (const pull of pulls.filter(({ state }) => state === 'open')) {
    const head = await bare.head(pull.from);
    if (head) pull.head = head;
    else pull.state = 'closed';
  }
}

/** The first check that is required and not there; undefined where none is missing. */
export function missingCheck({ requiredChecks, statuses = [] }: HostedRepository, { head, into }: PullRequest) {
  const isFulfilled = (context: string) =>
    statuses.findLast((each) => each.commit === head && each.context === context)?.state === 'success';
  return requiredChecks?.get(into)?.find((context) => !isFulfilled(context));
}

/** MergeStateStatus of an open pull request. */
export async function mergeStateOf(hosted: HostedRepository, pull: PullRequest): Promise<string> {
  if (pull.state !== 'open') return 'UNKNOWN';
  const base = await hosted.bare.head(pull.into);
  const pair = `${base}:${pull.head}`;
  if (hosted.worksInBackground && pull.workedOut !== pair) {
    pull.workedOut = pair;
    return 'UNKNOWN';
  }
  if (!base || !(await hosted.bare.mergedTree(base, pull.head))) return 'DIRTY';
  return missingCheck(hosted, pull) === undefined ? 'CLEAN' : 'BLOCKED';
}

type Order = NonNullable<PullRequest['armed']>;

async function messageFor(hosted: HostedRepository, pull: PullRequest, { method, headline, body }: Order) {
  const number = (hosted.pulls ?? []).indexOf(pull) + 1;
  if (method === 'rebase') return (await hosted.bare.git(['log', '-1', '--format=%B', pull.head])).toString('utf8');
  if (method === 'squash') return `${headline ?? `${pull.title} (#${number})`}\n\n${body ?? ''}`.trimEnd();
  return `${headline ?? `Merge pull request #${number} from ${pull.from}`}\n\n${body ?? pull.title}`;
}

/** Merges it, where all that is asked for is there; `refused` says in GitHub's words what is not. */
export async function mergePull(
  world: GitHubWorld,
  hosted: HostedRepository,
  pull: PullRequest,
  order: Order,
): Promise<{ commit: string } | { refused: string }> {
  const { bare } = hosted;
  if (!allowedMethods(hosted).includes(order.method)) {
    return { refused: `${WORDS[order.method]} are not allowed on this repository.` };
  }
  const missing = missingCheck(hosted, pull);
  if (missing !== undefined) return { refused: `Required status check "${missing}" is expected.` };
  const ahead = (await bare.git(['rev-list', '--count', `${pull.into}..${pull.head}`])).toString('utf8').trim();
  if (order.method === 'rebase' && ahead !== '1') return { refused: "This branch can't be rebased" };
  try {
    const commit = await bare.merge({
      into: pull.into,
      head: pull.head,
      keepsParent: order.method === 'merge',
      author: `${order.by} <${order.by}@users.noreply.github.com>`,
      message: await messageFor(hosted, pull, order),
      time: world.now(),
    });
    if (!commit) return { refused: 'Pull Request is not mergeable' };
    Object.assign(pull, { state: 'merged', mergedAt: world.now(), mergeCommit: commit });
    delete pull.armed;
    return { commit };
  } catch (error) {
    if (error instanceof HeadMoved) return { refused: 'Base branch was modified. Review and try the merge again.' };
    throw error;
  }
}

/** Merges what is armed and lacks nothing any more. */
export async function mergeArmed(world: GitHubWorld, hosted: HostedRepository) {
  await refreshPulls(hosted);
  for (const pull of hosted.pulls ?? []) {
    if (pull.state === 'open' && pull.armed) await mergePull(world, hosted, pull, pull.armed);
  }
}
