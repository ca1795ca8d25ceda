import { type GitRevert, type RevertWay, revertBudget } from '../../api/index.ts';
import { canonicalRepository } from '../../git/url.ts';
import { derive, type FailedResult, isApproved, type Policy, type Work } from '../../revert/index.ts';
import { keyOf } from '../keys.ts';
import { writtenToday } from './gate-facts.ts';
import type { GitRevertOptions } from './options.ts';

/** One in a day's budget, for a write that is not on record yet. */
interface Place {
  way: RevertWay;
  /** Taken by this process; else the one before it may have written, and died before that was on record. */
  isOurs: boolean;
}

/**
 * The places in the budgets that are taken by writes under way. What is on record counts by itself; in between, several that
 * begin at once would all find the same place free. A place is given back when it is known that nothing was written on it.
 */
export interface Places {
  /** Once for each record, before anything else is asked about it. */
  know(revert: GitRevert): void;
  /** Takes a place right before the write, without anything in between; or why there is none. */
  take(revert: GitRevert, policy: Policy, way: RevertWay): FailedResult | undefined;
  /** What came of the work is on record now. */
  settle(key: string, work: Work): void;
  forget(key: string): void;
}

/** Until one looks whether others that are under way have left a place, and whether it is another day. */
const SOON_SECONDS = 5;
const LATER_SECONDS = 60;
const FIELDS = {
  Direct: { field: 'directPerDay', what: 'commits' },
  PullRequest: { field: 'pullRequestsPerDay', what: 'pull requests' },
} as const;

/** One order for all who ask, so that of two that may have written one goes on. */
function isBefore(one: GitRevert, other: GitRevert): boolean {
  const rank = ({ metadata, status }: GitRevert) => `${status?.plan?.plannedAt ?? ''} ${metadata.uid}`;
  return rank(one) < rank(other);
}

/** A call before the one that was withheld may have been done. */
const UNCERTAIN: ReadonlySet<string> = new Set(['unknown', 'failed', 'withheld']);

/** Whether the host may have done it although nobody was told so. */
function isUncertain({ effect, result }: Work, way: RevertWay): boolean {
  if (effect === 'write' || effect === 'propose') return UNCERTAIN.has(result.kind);
  // A look that finds nothing has not asked for an open proposal: `propose` finds that.
  return effect !== 'look' || result.kind === 'failed' || (way === 'PullRequest' && result.kind === 'clear');
}

export function createPlaces(options: Pick<GitRevertOptions, 'reverts' | 'clock'>): Places {
  /** By record; without a place where nothing of it is under way. */
  const places = new Map<string, Place | undefined>();

  const left = ({ status }: GitRevert): Place | undefined =>
    derive(status) === 'writing' ? { way: status?.way ?? 'Direct', isOurs: false } : undefined;
  const placeOf = (revert: GitRevert) => (places.has(keyOf(revert)) ? places.get(keyOf(revert)) : left(revert));
  const isTaken = (other: GitRevert, revert: GitRevert, way: RevertWay) => {
    const place = placeOf(other);
    if (place?.way !== way || other.status?.proposal || other.status?.commit) return false;
    const isTie = !place.isOurs && placeOf(revert)?.way === way;
    return !isTie || isBefore(other, revert);
  };
  return {
    know(revert) {
      if (!places.has(keyOf(revert))) places.set(keyOf(revert), left(revert));
    },
    take(revert, policy, way) {
      const mine = placeOf(revert);
      if (mine?.isOurs && mine.way === way) return undefined;
      const repository = canonicalRepository(revert.spec.repository);
      const { field, what } = FIELDS[way];
      const most = revertBudget(policy)[field];
      const written = writtenToday(options, repository, revert)[way];
      const beside = options.reverts
        .list()
        .filter((other) => other.metadata.uid !== revert.metadata.uid)
        .filter((other) => canonicalRepository(other.spec.repository) === repository && isTaken(other, revert, way));
      if (written + beside.length >= most && !isApproved(revert)) {
        const under = beside.length > 0 ? `, and ${beside.length} more are being written` : '';
        const message = `${written} ${what} were written to this repository in the last 24 hours${under}; RevertPolicy ${policy.name} allows ${most} (budget.${field}). To have it pass, use "headgate revert approve"`;
        const retryAfterSeconds = beside.length > 0 ? SOON_SECONDS : LATER_SECONDS;
        return { kind: 'failed', reason: 'BudgetExhausted', message, retryAfterSeconds };
      }
      places.set(keyOf(revert), { way, isOurs: true });
      return undefined;
    },
    settle(key, work) {
      const place = places.get(key);
      if (place && !isUncertain(work, place.way)) places.set(key, undefined);
    },
    forget: (key) => void places.delete(key),
  };
}
