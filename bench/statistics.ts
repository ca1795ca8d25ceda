/** The value below which that share (0..1) of the values lies, by nearest rank; NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

/** To so many digits after the point: what is beyond them is noise. */
export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
