import type { BareRepository } from '../repository.ts';
import type { Review, SaidBelow } from '../world.ts';

/** What the policies of all branches ask for, besides that there is no conflict. */
export interface AzureRules {
  /** A blocking policy that is not fulfilled, and whether waiting may help. */
  missing?: { policy: 'build' | 'workItems'; status: 'queued' | 'rejected' };
  /** The ways in which it may be merged, where that is not free. */
  strategies?: Strategy[];
  /** How often a pull request is read before Azure DevOps has found out whether it can be merged; default at once. */
  undecidedReads?: number;
}

export type Strategy = 'noFastForward' | 'squash' | 'rebase';

export interface CompletionOptions {
  deleteSourceBranch?: boolean;
  mergeCommitMessage?: string;
  mergeStrategy?: Strategy;
}

export interface AzurePull {
  id: number;
  title: string;
  description: string;
  status: 'active' | 'completed' | 'abandoned';
  from: string;
  into: string;
  /** The account that opened it. */
  creator: string;
  /** The last head of its branch that Azure DevOps took note of. */
  source: string;
  mergeStatus: 'queued' | 'succeeded' | 'conflicts';
  /** It is being merged in the background. */
  completing?: CompletionOptions | undefined;
  autoComplete?: { by: string; options: CompletionOptions } | undefined;
  mergeCommit?: string;
  /** When it was completed; world time, milliseconds since the epoch. */
  closedAt?: number;
  reviews: Review[];
  labels: string[];
  /** What people and programs said below it, oldest first: each begins a thread of its own. */
  comments: SaidBelow[];
  undecidedReads: number;
}

export interface AzureRepository {
  /** Oldest first. */
  pulls: AzurePull[];
  rules: AzureRules;
}

export interface MergeStage {
  bare: BareRepository;
  azure: AzureRepository;
  /** Milliseconds since the epoch. */
  now: number;
}

const author = (login: string) => `${login} <${login}@example.com>`;

/** Brings it to its target; a conflict is noted, and it stays active. */
export async function mergeNow({ bare, now }: MergeStage, pull: AzurePull, options: CompletionOptions, by: string) {
  const { from, into, source, title, id } = pull;
  const { mergeStrategy = 'noFastForward', mergeCommitMessage, deleteSourceBranch } = options;
  const own = (await bare.git(['log', '-1', '--format=%B', source])).toString('utf8').trimEnd();
  const usual = `Merged PR ${id}: ${title}`;
  const commit = await bare.merge({
    into,
    head: source,
    keepsParent: mergeStrategy === 'noFastForward',
    author: author(by),
    message: mergeStrategy === 'rebase' ? own : (mergeCommitMessage ?? usual),
    time: now,
  });
  pull.completing = undefined;
  pull.mergeStatus = commit ? 'succeeded' : 'conflicts';
  if (!commit) return;
  Object.assign(pull, { status: 'completed', mergeCommit: commit, closedAt: now });
  if (deleteSourceBranch) await bare.git(['update-ref', '-d', `refs/heads/${from}`]);
}

/** Takes note of a push to its branch. A branch that is gone changes nothing. */
async function refresh({ bare }: MergeStage, pull: AzurePull) {
  const head = await bare.head(pull.from);
  const target = await bare.head(pull.into);
  if (!head || !target) return;
  pull.source = head;
  if (!pull.completing) pull.mergeStatus = (await bare.mergedTree(target, head)) ? 'succeeded' : 'conflicts';
}

/** Does what Azure DevOps does in the background. */
export async function settle(stage: MergeStage) {
  for (const pull of stage.azure.pulls.filter(({ status }) => status === 'active')) {
    const { completing, autoComplete } = pull;
    if (completing) await mergeNow(stage, pull, completing, pull.creator);
    else await refresh(stage, pull);
    const isReady = pull.status === 'active' && pull.mergeStatus === 'succeeded' && !stage.azure.rules.missing;
    if (autoComplete && isReady) await mergeNow(stage, pull, autoComplete.options, autoComplete.by);
  }
}

export const accountOf = (login: string) => ({ id: login, displayName: login, uniqueName: `${login}@example.com` });

const VOTES: Partial<Record<Review['state'], number>> = { APPROVED: 10, CHANGES_REQUESTED: -10 };

/** As the API shows it; reading it lets Azure DevOps find out more. */
export function show(pull: AzurePull, repository: object) {
  const { id, title, description, status, from, into, creator, source, mergeCommit, completing, autoComplete } = pull;
  const isUndecided = status === 'active' && (completing !== undefined || pull.undecidedReads > 0);
  if (status === 'active' && pull.undecidedReads > 0) pull.undecidedReads--;
  return {
    repository,
    pullRequestId: id,
    status,
    createdBy: accountOf(creator),
    ...(pull.closedAt !== undefined && { closedDate: new Date(pull.closedAt).toISOString() }),
    reviewers: pull.reviews
      .filter((each) => each.state !== 'COMMENTED')
      .map(({ login, state }) => ({ ...accountOf(login), vote: VOTES[state] ?? 0 })),
    title,
    description,
    sourceRefName: `refs/heads/${from}`,
    targetRefName: `refs/heads/${into}`,
    mergeStatus: isUndecided ? 'queued' : pull.mergeStatus,
    isDraft: false,
    lastMergeSourceCommit: { commitId: source },
    // A try, until it is completed.
    lastMergeCommit: { commitId: mergeCommit ?? '7'.repeat(40) },
    ...(autoComplete && { autoCompleteSetBy: { id: autoComplete.by }, completionOptions: autoComplete.options }),
  };
}
