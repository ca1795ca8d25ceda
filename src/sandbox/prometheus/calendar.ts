import { define, type PromFunction, vector, vectorOf } from './function.ts';
import { withoutName } from './values.ts';

const DAY = 86_400_000;

const FIELDS: Record<string, (date: Date) => number> = {
  minute: (date) => date.getUTCMinutes(),
  hour: (date) => date.getUTCHours(),
  day_of_week: (date) => date.getUTCDay(),
  day_of_month: (date) => date.getUTCDate(),
  day_of_year: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY) + 1,
  days_in_month: (date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate(),
  month: (date) => date.getUTCMonth() + 1,
  year: (date) => date.getUTCFullYear(),
};

/** Fields of a timestamp in seconds, UTC; of the evaluation time where no vector is given. */
export function calendar(name: string): PromFunction | undefined {
  if (!Object.hasOwn(FIELDS, name)) return undefined;
  const field = FIELDS[name] as (date: Date) => number;
  return define({
    parameters: ['vector'],
    optional: 1,
    evaluate([value], { time }) {
      const samples = value === undefined ? [{ labels: {}, value: time / 1000 }] : vectorOf(value);
      return vector(
        samples.map((sample) => ({ labels: withoutName(sample.labels), value: field(new Date(sample.value * 1000)) })),
      );
    },
  });
}
