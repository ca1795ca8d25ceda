import { describe, expect, it } from 'vitest';
import { HELD_REASONS, type HeldFacts, heldForPerson, type PersonMerges } from './held.ts';
import { APPROVABLE } from './rules.ts';

const FAILED_AT = Date.parse('2026-11-20T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FACTS: HeldFacts = {
  committedAt: FAILED_AT - HOUR,
  failedAt: FAILED_AT,
  commitsInRange: 2,
  lastRevertAt: undefined,
  failedMeasurements: 1,
};
const ask = (measures: PersonMerges, facts: Partial<HeldFacts> = {}) =>
  heldForPerson('shop', measures, { ...FACTS, ...facts }).map(({ reason }) => reason);

describe('a person merges', () => {
  it.each<[PersonMerges, Partial<HeldFacts>, string[]]>([
    [{}, { committedAt: undefined, commitsInRange: 9999, lastRevertAt: FAILED_AT, failedMeasurements: 0 }, []],
    [{ culpritOlderThanHours: 24 }, { committedAt: FAILED_AT - 24 * HOUR }, []],
    [{ culpritOlderThanHours: 24 }, { committedAt: FAILED_AT - 24 * HOUR - 1 }, ['CulpritTooOld']],
    [{ culpritOlderThanHours: 24 }, { committedAt: undefined }, ['CulpritTooOld']],
    [{ culpritOlderThanHours: 1 }, { committedAt: FAILED_AT + HOUR }, []],
    [{ commitsInRangeOver: 20 }, { commitsInRange: 20 }, []],
    [{ commitsInRangeOver: 20 }, { commitsInRange: 21 }, ['TooManyCommits']],
    [{ minutesAfterLastRevert: 30 }, {}, []],
    [{ minutesAfterLastRevert: 30 }, { lastRevertAt: FAILED_AT - 30 * MINUTE }, []],
    [{ minutesAfterLastRevert: 30 }, { lastRevertAt: FAILED_AT - 29 * MINUTE }, ['RevertedLately']],
    [{ minutesAfterLastRevert: 30 }, { lastRevertAt: FAILED_AT + MINUTE }, ['RevertedLately']],
    [{ failedMeasurementsUnder: 2 }, { failedMeasurements: 2 }, []],
    [{ failedMeasurementsUnder: 2 }, {}, ['TooFewMeasurements']],
    [{ failedMeasurementsUnder: 2 }, { failedMeasurements: undefined }, ['TooFewMeasurements']],
  ])('with %j, of %j: %j', (measures, facts, reasons) => {
    expect(ask(measures, facts)).toEqual(reasons);
  });

  it('for all that hold, each naming the field and its value', () => {
    const measures = { culpritOlderThanHours: 1, minutesAfterLastRevert: 5, failedMeasurementsUnder: 3 };
    const found = heldForPerson('shop', measures, { ...FACTS, committedAt: 0, lastRevertAt: FAILED_AT });
    expect(found).toHaveLength(3);
    for (const { message, most, personMerges } of found) {
      expect({ most, personMerges }).toEqual({ most: 'PullRequest', personMerges: true });
      expect(message).toMatch(/\(RevertPolicy shop, personMerges\.\w+: \d\)$/);
    }
  });

  it('or approves it', () => {
    for (const reason of HELD_REASONS) expect(APPROVABLE.has(reason)).toBe(true);
  });
});
