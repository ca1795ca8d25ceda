export function sum(numbers: number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

export function mean(numbers: number[]): number {
  return sum(numbers) / numbers.length;
}

/** Of the whole population. */
export function variance(numbers: number[]): number {
  const middle = mean(numbers);
  return mean(numbers.map((number) => (number - middle) ** 2));
}

/** NaN gives way to any number. */
export function lesser(a: number, b: number): number {
  return Number.isNaN(a) || b < a ? b : a;
}

/** NaN gives way to any number. */
export function greater(a: number, b: number): number {
  return Number.isNaN(a) || b > a ? b : a;
}

/** Interpolated between neighbours; infinite outside 0..1. */
export function quantile(rank: number, numbers: number[]): number {
  if (numbers.length === 0 || Number.isNaN(rank)) return Number.NaN;
  if (rank < 0) return Number.NEGATIVE_INFINITY;
  if (rank > 1) return Number.POSITIVE_INFINITY;
  const ordered = [...numbers].sort((a, b) => (Number.isNaN(a) ? -1 : Number.isNaN(b) ? 1 : a - b));
  const position = rank * (ordered.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, ordered.length - 1);
  const weight = position - below;
  return (ordered[below] as number) * (1 - weight) + (ordered[above] as number) * weight;
}
