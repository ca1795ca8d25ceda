import type { BareRepository } from '../repository.ts';
import type { Review, SaidBelow } from '../world.ts';
import { type Answer, failure, ok } from './call.ts';

/** What keeps a repository's pull requests from being merged, besides conflicts. */
export interface MergeChecks {
  /** As a merge check words what is missing. */
  veto?: string;
  /** Whether Bitbucket can be told to merge when it is there; default yes. */
  autoMerge?: boolean;
}

export interface DataCenterPull {
  id: number;
  version: number;
  title: string;
  description: string;
  state: 'OPEN' | 'MERGED' | 'DECLINED';
  from: string;
  into: string;
  /** The last head of its branch. */
  latestCommit: string;
  mergeCommit?: string;
  /** The account that opened it. */
  author: string;
  reviews: Review[];
  /** What people and programs said below it, oldest first. */
  comments: (SaidBelow & { version: number })[];
  /** What Bitbucket is to do when nothing is missing, and for which head. */
  autoMerge?: { fromHash: string; message: string } | undefined;
}

/** The pull requests of one repository. */
export interface DataCenterPulls {
  /** Oldest first. */
  all: DataCenterPull[];
  checks: MergeChecks;
}

export interface PullStage {
  bare: BareRepository;
  pulls: DataCenterPulls;
  /** Who merges, as `Name <address>`. */
  author: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** Where the repository's pages are. */
  pages: string;
}

async function isConflicted({ bare }: PullStage, { into, latestCommit }: DataCenterPull): Promise<boolean> {
  const target = await bare.head(into);
  return !target || (await bare.mergedTree(target, latestCommit)) === undefined;
}

/** Brings it to its target; nothing where that conflicts. */
export async function mergePull({ bare, author, now }: PullStage, pull: DataCenterPull, message?: string) {
  const { id, title, into, from, latestCommit } = pull;
  const usual = `Pull request #${id}: ${title}\n\nMerge from ${from} to ${into}\n\n* commit '${latestCommit}':`;
  const text = message ?? usual;
  const mergeCommit = await bare.merge({
    into,
    head: latestCommit,
    keepsParent: true,
    author,
    message: text,
    time: now,
  });
  if (!mergeCommit) return;
  Object.assign(pull, { state: 'MERGED', mergeCommit, autoMerge: undefined });
  pull.version++;
}

/**
 * Does what Bitbucket does in the background: takes note of pushes, which keep the version and end what waits, declines what
 * has lost its branch, and merges what waited.
 */
export async function settle(stage: PullStage) {
  for (const pull of stage.pulls.all.filter(({ state }) => state === 'OPEN')) {
    const head = await stage.bare.head(pull.from);
    if (!head) {
      pull.state = 'DECLINED';
      pull.version++;
    } else if (head !== pull.latestCommit) {
      Object.assign(pull, { latestCommit: head, autoMerge: undefined });
    } else if (pull.autoMerge && !stage.pulls.checks.veto && !(await isConflicted(stage, pull))) {
      await mergePull(stage, pull, pull.autoMerge.message);
    }
  }
}

export const accountOf = (name: string) => ({ name, slug: name, displayName: name.toUpperCase(), type: 'NORMAL' });

export function show({ pages }: PullStage, pull: DataCenterPull) {
  const { id, version, title, description, state, from, into, latestCommit, mergeCommit } = pull;
  const reviewing = pull.reviews.filter((each) => each.state !== 'COMMENTED');
  const repository = { id: 1, slug: 'shop', project: { key: 'TEAM' } };
  const ref = (name: string) => ({ id: `refs/heads/${name}`, displayId: name, repository });
  return {
    id,
    version,
    title,
    description,
    state,
    open: state === 'OPEN',
    closed: state !== 'OPEN',
    fromRef: { ...ref(from), latestCommit },
    toRef: ref(into),
    author: { user: accountOf(pull.author), role: 'AUTHOR' },
    reviewers: reviewing.map(({ login, state: said }) => ({
      user: accountOf(login),
      role: 'REVIEWER',
      approved: said === 'APPROVED',
    })),
    participants: [],
    ...(mergeCommit && { properties: { mergeCommit: { id: mergeCommit, displayId: mergeCommit.slice(0, 11) } } }),
    links: { self: [{ href: `${pages}/pull-requests/${id}` }] },
  };
}

function vetoes({ pulls: { checks } }: PullStage) {
  return checks.veto
    ? [{ summaryMessage: checks.veto, detailedMessage: `${checks.veto}, so it cannot be merged.` }]
    : [];
}

export async function mergeability(stage: PullStage, pull: DataCenterPull): Promise<Answer> {
  const conflicted = await isConflicted(stage, pull);
  const missing = vetoes(stage);
  const canMerge = !conflicted && missing.length === 0;
  return ok({ canMerge, conflicted, outcome: conflicted ? 'CONFLICTED' : 'CLEAN', vetoes: missing });
}

/** A change names the version that it knows; undefined where that is right. */
export function outOfDate(pull: DataCenterPull, version: unknown): Answer | undefined {
  const { state, version: currentVersion } = pull;
  if (state !== 'OPEN') {
    return failure(409, 'pull.IllegalPullRequestStateException', `This pull request has already been ${state}.`);
  }
  const expectedVersion = Number(version ?? -1);
  if (expectedVersion === currentVersion) return undefined;
  const message = 'You are attempting to modify a pull request based on out-of-date information.';
  return failure(409, 'pull.PullRequestOutOfDateException', message, { currentVersion, expectedVersion });
}

function vetoed(message: string, more: object): Answer {
  return failure(409, 'pull.PullRequestMergeVetoedException', message, more);
}

/** The answer to being asked to merge it, at once or when nothing is missing. */
export async function askToMerge(
  stage: PullStage,
  pull: DataCenterPull,
  body: Record<string, unknown>,
): Promise<Answer> {
  const { checks } = stage.pulls;
  const message = body.autoSubject === false ? String(body.message) : undefined;
  if (body.autoMerge === true && checks.autoMerge === false) {
    return failure(403, 'pull.AutoMergeDisabledException', 'Auto-merge is not enabled for this repository.');
  }
  if (await isConflicted(stage, pull)) {
    const words = 'The pull request has conflicts and cannot be merged.';
    return vetoed(words, { conflicted: true, vetoes: [] });
  }
  const missing = vetoes(stage);
  if (missing.length > 0 && body.autoMerge !== true) {
    return vetoed('Merging the pull request has been vetoed.', { conflicted: false, vetoes: missing });
  }
  if (missing.length === 0) {
    await mergePull(stage, pull, message);
    return ok({ ...show(stage, pull), properties: { mergeCommit: { id: pull.mergeCommit } } });
  }
  pull.autoMerge = { fromHash: pull.latestCommit, message: String(body.message) };
  pull.version++;
  return ok(show(stage, pull));
}

/** The answer to being asked to wait no longer. */
export function cancelAutoMerge(pull: DataCenterPull): Answer {
  if (pull.state !== 'OPEN') {
    return failure(409, 'pull.IllegalPullRequestStateException', `This pull request has already been ${pull.state}.`);
  }
  if (!pull.autoMerge) return failure(404, 'pull.NoSuchAutoMergeRequest', 'It was not requested.');
  pull.autoMerge = undefined;
  return { status: 204 };
}
