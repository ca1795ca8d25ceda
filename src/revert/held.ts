import type { RevertCaution, RevertPolicySpec } from '../api/index.ts';

export type PersonMerges = NonNullable<RevertPolicySpec['personMerges']>;

/** What the cluster knows of a failure that a policy may measure. Times are milliseconds since the epoch; undefined where it is not known. */
export interface Measured {
  failedAt: number;
  /** When another change of the same Rollout was taken out last; undefined where none was. */
  lastRevertAt: number | undefined;
  /** Of the metric with the most of them, among those that failed. */
  failedMeasurements: number | undefined;
}

/** The same, with what Git says. */
export interface HeldFacts extends Measured {
  committedAt: number | undefined;
  /** As far as was counted. */
  commitsInRange: number;
}

export const HELD_REASONS = ['CulpritTooOld', 'TooManyCommits', 'RevertedLately', 'TooFewMeasurements'] as const;

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** For which of a policy's measures a person is to merge. What is not known counts as what it would be at worst. */
export function heldForPerson(policy: string, measures: PersonMerges, facts: HeldFacts): RevertCaution[] {
  const { culpritOlderThanHours, commitsInRangeOver, minutesAfterLastRevert, failedMeasurementsUnder } = measures;
  const {
    committedAt = Number.NEGATIVE_INFINITY,
    failedAt,
    commitsInRange,
    lastRevertAt,
    failedMeasurements = 0,
  } = facts;
  const held = (reason: (typeof HELD_REASONS)[number], field: keyof PersonMerges, what: string): RevertCaution => ({
    reason,
    most: 'PullRequest',
    personMerges: true,
    message: `${what} (RevertPolicy ${policy}, personMerges.${field}: ${measures[field]})`,
  });
  const found = [
    culpritOlderThanHours !== undefined &&
      failedAt - committedAt > culpritOlderThanHours * HOUR &&
      held('CulpritTooOld', 'culpritOlderThanHours', 'the culprit was committed long before its release failed'),
    commitsInRangeOver !== undefined &&
      commitsInRange > commitsInRangeOver &&
      held('TooManyCommits', 'commitsInRangeOver', 'many commits lie between the stable and the failed revision'),
    minutesAfterLastRevert !== undefined &&
      lastRevertAt !== undefined &&
      failedAt - lastRevertAt < minutesAfterLastRevert * MINUTE &&
      held('RevertedLately', 'minutesAfterLastRevert', 'another change of this Rollout was taken out shortly before'),
    failedMeasurementsUnder !== undefined &&
      failedMeasurements < failedMeasurementsUnder &&
      held('TooFewMeasurements', 'failedMeasurementsUnder', `a verdict from ${failedMeasurements} failed measurements`),
  ];
  return found.filter((each) => each !== false);
}
