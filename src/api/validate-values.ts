/** Rules for single numbers. */
import { intOrPercent } from './durations.ts';
import { inside, type Problem, problem, setFields, show } from './problems.ts';

/** Negative numbers among the named fields. */
export function negatives(path: string, value: object, fields: readonly string[]): Problem[] {
  return setFields(value, fields).flatMap((field) => {
    const number = (value as Record<string, unknown>)[field];
    if (typeof number !== 'number' || number >= 0) return [];
    return [problem(inside(path, field), `${number} is negative: must be greater than or equal to 0`)];
  });
}

/** Amounts of pods that are none. */
export function amountProblems(path: string, value: object, fields: readonly string[]): Problem[] {
  return setFields(value, fields).flatMap((field) => {
    const amount = (value as Record<string, number | string>)[field];
    const parsed = amount === undefined ? undefined : intOrPercent(amount);
    if (parsed !== undefined && parsed.value >= 0) return [];
    return [
      problem(
        inside(path, field),
        `${show(amount)} is no amount: use a number of pods such as 2, or a percentage such as "25%"`,
      ),
    ];
  });
}

export function isZero(value: number | string | undefined): boolean {
  return value !== undefined && intOrPercent(value)?.value === 0;
}
