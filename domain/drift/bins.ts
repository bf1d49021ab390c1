import type { ColumnProfile } from '../profile.ts';

/** The counts of a column side by side with those of another in the same frame: values in bins, levels, and the rest of them. */
export interface Paired {
  readonly reference: number[];
  readonly window: number[];
}

/**
 * Bins that are empty on both sides are left out: they say nothing. Levels that training never had count with the rare
 * ones; as often as not that is what they are, and a share of their own is looked at beside.
 */
export function pairedBins(reference: ColumnProfile, window: ColumnProfile): Paired {
  const [a, b] = [binsOf(reference), binsOf(window)];
  const used = a.flatMap((count, bin) => (count > 0 || (b[bin] ?? 0) > 0 ? [bin] : []));
  return { reference: used.map((bin) => a[bin] ?? 0), window: used.map((bin) => b[bin] ?? 0) };
}

export const binsOf = (column: ColumnProfile): number[] =>
  column.kind === 'numeric' ? column.counts : [...column.counts, column.other + column.unseen];

/** Rows without a usable value. */
export const missingOf = (column: ColumnProfile): number =>
  column.missing + (column.kind === 'numeric' ? column.nan : 0);

/** Values that a column's histogram needs before it is judged: 200, and ten a bin. */
export const valuesNeeded = (reference: ColumnProfile): number => Math.max(200, 10 * binsOf(reference).length);
