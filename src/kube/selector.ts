/** Decides whether labels match. */
export type LabelMatcher = (labels: Record<string, string> | undefined) => boolean;

/**
 * Reads a label selector of equality and existence: `a=b`, `a==b`, `a!=b`, `a`, `!a`, joined by commas. Throws for
 * anything else: a cache that cannot judge its own objects would show what it must not.
 */
export function parseLabelSelector(selector: string): LabelMatcher {
  const terms = selector.split(',').map((term) => parseTerm(term.trim(), selector));
  return (labels = {}) => terms.every((matches) => matches(labels));
}

const TERM = /^(?:(?<absent>!)?(?<key>[\w./-]+))(?:\s*(?<operator>==?|!=)\s*(?<value>[\w.-]*))?$/;

function parseTerm(term: string, selector: string): (labels: Record<string, string>) => boolean {
  const { absent, key, operator, value } = TERM.exec(term)?.groups ?? {};
  if (key === undefined || (absent !== undefined && operator !== undefined)) {
    throw new Error(`the label selector "${selector}" has a part that is none of a=b, a!=b, a, !a: "${term}"`);
  }
  if (operator === '!=') return (labels) => labels[key] !== value;
  if (operator !== undefined) return (labels) => labels[key] === value;
  return (labels) => (labels[key] === undefined) === (absent !== undefined);
}
