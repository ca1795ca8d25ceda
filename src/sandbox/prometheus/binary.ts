import { COMPARISONS, type Matching } from './syntax.ts';
import { type Labels, labelsText, omit, pick, QueryError, type Sample, signature, withoutName } from './values.ts';

const ARITHMETIC: Record<string, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
  atan2: Math.atan2,
};

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
};

const EXACT: Matching = { on: false, labels: [], include: [] };

export interface Operation {
  operator: string;
  bool: boolean;
  matching?: Matching;
}

export function scalarOperation({ operator }: Operation, left: number, right: number): number {
  return COMPARISONS.includes(operator) ? Number(COMPARE[operator]?.(left, right)) : calculate(operator, left, right);
}

function calculate(operator: string, left: number, right: number): number {
  return ARITHMETIC[operator]?.(left, right) ?? Number.NaN;
}

/** A vector with a scalar on one side; comparisons filter, unless `bool`. */
export function vectorScalar(operation: Operation, samples: Sample[], scalar: number, scalarLeft: boolean): Sample[] {
  return samples.flatMap((sample) => {
    const [left, right] = scalarLeft ? [scalar, sample.value] : [sample.value, scalar];
    const value = combine(operation, left, right, sample.value);
    return value === undefined ? [] : [{ labels: resultName(operation, sample.labels), value }];
  });
}

/** The result's value; undefined where a comparison filters it out. `kept` is the value that a comparison lets through. */
function combine({ operator, bool }: Operation, left: number, right: number, kept: number): number | undefined {
  if (!COMPARISONS.includes(operator)) return calculate(operator, left, right);
  const holds = COMPARE[operator]?.(left, right) ?? false;
  if (bool) return Number(holds);
  return holds ? kept : undefined;
}

function resultName({ operator, bool }: Operation, labels: Labels): Labels {
  return COMPARISONS.includes(operator) && !bool ? labels : withoutName(labels);
}

function matchKey({ on, labels: names }: Matching, labels: Labels): Labels {
  return on ? pick(labels, names) : omit(withoutName(labels), names);
}

export function setOperation({ operator, matching = EXACT }: Operation, left: Sample[], right: Sample[]): Sample[] {
  const keys = (samples: Sample[]) => new Set(samples.map(({ labels }) => signature(matchKey(matching, labels))));
  const within = (set: Set<string>) => (sample: Sample) => set.has(signature(matchKey(matching, sample.labels)));
  if (operator === 'or') {
    const present = within(keys(left));
    return [...left, ...right.filter((sample) => !present(sample))];
  }
  const present = within(keys(right));
  return left.filter((sample) => present(sample) === (operator === 'and'));
}

/** Element by element: each of the many (or one) side with the one element of the other side that has the same key. */
export function vectorVector(operation: Operation, left: Sample[], right: Sample[]): Sample[] {
  const matching = operation.matching ?? EXACT;
  const swapped = matching.many === 'right';
  const [many, one] = swapped ? [right, left] : [left, right];
  const partners = uniqueByKey(one, matching, swapped ? 'left' : 'right');
  const results = new Map<string, Sample>();
  const matched = new Set<string>();
  for (const sample of many) {
    const key = signature(matchKey(matching, sample.labels));
    const partner = partners.get(key);
    if (!partner) continue;
    const [a, b] = swapped ? [partner.value, sample.value] : [sample.value, partner.value];
    const value = combine(operation, a, b, a);
    if (value === undefined) continue;
    if (!matching.many && matched.has(key)) {
      throw new QueryError(
        'execution',
        'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
      );
    }
    matched.add(key);
    addResult(results, { labels: resultLabels(operation, matching, sample.labels, partner.labels), value });
  }
  return [...results.values()];
}

function uniqueByKey(samples: Sample[], matching: Matching, side: string): Map<string, Sample> {
  const found = new Map<string, Sample>();
  for (const sample of samples) {
    const group = matchKey(matching, sample.labels);
    const key = signature(group);
    const other = found.get(key);
    if (other) {
      const pair = `[${labelsText(sample.labels)}, ${labelsText(other.labels)}]`;
      throw new QueryError(
        'execution',
        `found duplicate series for the match group ${labelsText(group)} on the ${side} hand-side of the operation: ${pair};many-to-many matching not allowed: matching labels must be unique on one side`,
      );
    }
    found.set(key, sample);
  }
  return found;
}

function addResult(results: Map<string, Sample>, sample: Sample): void {
  const key = signature(sample.labels);
  if (results.has(key)) {
    throw new QueryError('execution', 'multiple matches for labels: grouping labels must ensure unique matches');
  }
  results.set(key, sample);
}

function resultLabels(operation: Operation, matching: Matching, many: Labels, one: Labels): Labels {
  const labels = { ...resultName(operation, many) };
  if (!matching.many) return matching.on ? pick(labels, matching.labels) : omit(labels, matching.labels);
  for (const name of matching.include) {
    const value = one[name];
    if (value) labels[name] = value;
    else delete labels[name];
  }
  return labels;
}
