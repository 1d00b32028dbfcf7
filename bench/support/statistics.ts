export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The least value that a share of all is not above; null when there is none. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
