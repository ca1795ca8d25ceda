import { RE2JS } from 're2js';
import { type Labels, type Matcher, QueryError } from './values.ts';

/** Regular expressions match the whole value, and `.` matches every character. */
export function wholeValue(expression: string): RE2JS {
  try {
    return RE2JS.compile(`^(?s:${expression})$`);
  } catch (error) {
    throw new QueryError('bad_data', error instanceof Error ? error.message : String(error));
  }
}

export function createMatcher(label: string, operator: Matcher['operator'], value: string): Matcher {
  return { label, operator, value, matches: test(operator, value) };
}

function test(operator: Matcher['operator'], value: string): (candidate: string) => boolean {
  if (operator === '=') return (candidate) => candidate === value;
  if (operator === '!=') return (candidate) => candidate !== value;
  const pattern = wholeValue(value);
  const negated = operator === '!~';
  return (candidate) => pattern.matcher(candidate).find() !== negated;
}

/** A label that is missing equals the empty string. */
export function matchesAll(matchers: Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels[matcher.label] ?? ''));
}
